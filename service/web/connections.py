"""HTTP/1.1 with bounds on how long the head of a request may take, and on how many connect at once."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from service.web.problems import problem
from service.web.security.policy import HEADERS

if TYPE_CHECKING:
    from starlette.responses import Response
    from starlette.types import Receive, Scope, Send

HEAD_S = 20.0
"""From the first moment of a connection, or the first byte after an answer, to the end of a request's head.

uvicorn has a bound between requests only: who opened connections and said nothing, or a byte now and then, would take
the place of everybody else for ever.
"""


MOST_CONNECTIONS = 256
"""At once; whoever comes on top gets 503. A page keeps one open for its events."""


class BoundedProtocol(H11Protocol):
    """uvicorn's own, with those bounds; a connection that takes too long is closed without a word.

    uvicorn has a bound on connections too (`limit_concurrency`), but its answer has none of our headers.
    """

    head_s = HEAD_S
    most = MOST_CONNECTIONS
    _timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # as uvicorn has it
        """Begin to wait for a request."""
        super().connection_made(transport)
        self._inside, self.app = self.app, self._answer
        self._look()

    def data_received(self, data: bytes) -> None:
        """Take what came; a byte does not begin the wait anew."""
        super().data_received(data)
        self._look()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no longer."""
        self._stop()
        super().connection_lost(exc)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        full = scope["type"] == "http" and len(self.connections) > self.most
        await (_overloaded() if full else self._inside)(scope, receive, send)

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


def bounded(head_s: float, most: int = MOST_CONNECTIONS) -> type[Any]:
    """Return the protocol with other bounds."""
    return type("BoundedProtocol", (BoundedProtocol,), {"head_s": head_s, "most": most})


def _overloaded() -> Response:
    detail = "too many are connected at present. Try again in a while."
    told = problem(HTTPStatus.SERVICE_UNAVAILABLE, "overloaded", detail)
    told.headers.update({**HEADERS, "cache-control": "no-store", "connection": "close"})
    return told
