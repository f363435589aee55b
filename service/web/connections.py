"""HTTP/1.1 with a bound on how long the head of a request may take."""

from __future__ import annotations

import asyncio
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

HEAD_S = 20.0
"""From the first moment of a connection, or the first byte after an answer, to the end of a request's head.

uvicorn has a bound between requests only: who opened connections and said nothing, or a byte now and then, would take
the place of everybody else for ever.
"""


class BoundedProtocol(H11Protocol):
    """uvicorn's own, with that bound; a connection that oversteps it is closed without a word."""

    head_s = HEAD_S
    _timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn has it
        """Begin to wait for a request."""
        super().connection_made(transport)
        self._look()

    def data_received(self, data: bytes) -> None:
        """Take what came; a byte does not begin the wait anew."""
        super().data_received(data)
        self._look()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no longer."""
        self._stop()
        super().connection_lost(exc)

    def _look(self) -> None:
        if not self._is_awaited():
            self._stop()
        elif self._timer is None:
            self._timer = self.loop.call_later(self.head_s, self._too_long)

    def _too_long(self) -> None:
        self._timer = None
        if self._is_awaited():
            self.transport.close()

    def _is_awaited(self) -> bool:
        """Say whether it is the client's turn: with a request, or with the rest of a body that was answered already."""
        return self.conn.their_state is h11.IDLE or self.conn.our_state is h11.DONE

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


def bounded(head_s: float) -> type[Any]:
    """Return the protocol with another bound."""
    return type("BoundedProtocol", (BoundedProtocol,), {"head_s": head_s})
