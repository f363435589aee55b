"""The answer that does not end: one client's events, as they come, until it leaves, is dropped or the server ends."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from starlette.responses import Response

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

    from service.web.events.hub import Client, Hub

SIGN_OF_LIFE_S = 15.0
"""A comment after so long a silence: proxies keep the connection, and one whose client is gone is noticed."""
RETRY_MS = 2000
"""After how long a browser comes back."""
_SIGN_OF_LIFE = b":\n\n"


class EventStream(Response):
    """Sends what waits for a client of a hub, who leaves the hub with it."""

    media_type = "text/event-stream"

    def __init__(self, hub: Hub, client: Client) -> None:
        super().__init__(headers={"cache-control": "no-store", "x-accel-buffering": "no"})
        del self.headers["content-length"]
        self._hub = hub
        self._client = client

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        del scope
        running = [
            asyncio.create_task(self._pump(send)),
            asyncio.create_task(_gone(receive)),
            asyncio.create_task(self._over()),
        ]
        try:
            await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._hub.leave(self._client)
            for task in running:
                task.cancel()
            await asyncio.gather(*running, return_exceptions=True)
        if not self._client.slow:  # one that does not read would not read this either
            await send({"type": "http.response.body", "body": b"", "more_body": False})

    async def _pump(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        await send({"type": "http.response.body", "body": f"retry: {RETRY_MS}\n\n".encode(), "more_body": True})
        while True:
            try:
                chunk = await asyncio.wait_for(self._client.waiting.get(), SIGN_OF_LIFE_S)
            except TimeoutError:
                chunk = _SIGN_OF_LIFE
            await send({"type": "http.response.body", "body": chunk, "more_body": True})

    async def _over(self) -> None:
        await self._client.over.wait()


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
