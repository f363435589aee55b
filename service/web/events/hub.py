"""Hands what one watcher sees to all who follow. Everything here happens in the event loop; looks run in a thread."""

from __future__ import annotations

import asyncio
import traceback
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from service.web.events.messages import Event
    from service.web.events.watcher import Watcher
    from service.web.site import Site

LOOK_S = 0.5
"""Between two looks, while anybody follows; the service leaves a note once a second at most."""
MOST_CLIENTS = 64
"""Who comes on top is told to come again; each follows over a connection of its own."""
MOST_WAITING = 32
"""Events that may wait for one client; one that reads more slowly is dropped, and is right again when it is back."""


class Client:
    """One who follows: what waits for it, and whether it is over."""

    def __init__(self, events: Iterable[Event]) -> None:
        self.waiting: asyncio.Queue[bytes] = asyncio.Queue(MOST_WAITING)
        self.over = asyncio.Event()
        self.slow = False
        for event in events:
            self.offer(event.encoded())

    def offer(self, encoded: bytes) -> None:
        """Have an event wait for it; end it where too many wait already."""
        try:
            self.waiting.put_nowait(encoded)
        except asyncio.QueueFull:
            self.slow = True
            self.over.set()


class Hub:
    """The clients and the one task that looks for them; without clients nothing looks."""

    def __init__(self, watcher: Watcher, site: Site) -> None:
        self._watcher = watcher
        self._site = site
        self._clients: set[Client] = set()
        # One look after the other, and nobody joins in between: a client begins with a whole state and misses nothing.
        self._looking = asyncio.Lock()
        self._task: asyncio.Task[None] | None = None
        self._closed = False

    @property
    def clients(self) -> int:
        """How many follow."""
        return len(self._clients)

    async def join(self, last_id: str | None) -> Client | None:
        """Let one follow, beginning with the whole state; None where there are too many, or it is closed.

        last_id: the id of the last event it saw, None or any text where it saw none.
        """
        async with self._looking:
            if self._closed or len(self._clients) >= MOST_CLIENTS:
                return None
            self._tell(await asyncio.to_thread(self._watcher.changes))
            client = Client(await asyncio.to_thread(self._watcher.all_of_it, last_id))
            self._clients.add(client)
        if self._task is None or self._task.done():
            self._task = asyncio.create_task(self._run())
        return client

    def leave(self, client: Client) -> None:
        """Forget one who followed."""
        self._clients.discard(client)

    def close(self) -> None:
        """End all; nobody joins any more."""
        self._closed = True
        self._end_all()

    async def _run(self) -> None:
        try:
            while self._clients:
                await asyncio.sleep(LOOK_S)
                async with self._looking:
                    self._tell(await asyncio.to_thread(self._watcher.changes))
        except Exception as exc:  # noqa: BLE001 - the one place: a bug in a look ends the streams, not the web face
            self._failed(exc)

    def _tell(self, events: list[Event]) -> None:
        for event in events:
            encoded = event.encoded()
            for client in self._clients:
                client.offer(encoded)

    def _end_all(self) -> None:
        for client in self._clients:
            client.over.set()

    def _failed(self, exc: Exception) -> None:
        """Log a bug; who followed comes back by itself."""
        if self._site.emit is not None:
            self._site.emit(
                "web.failed",
                method="GET",
                path="/events",
                cause=f"{type(exc).__name__}: {exc}",
                traceback="".join(traceback.format_exception(exc)),
            )
        self._end_all()
