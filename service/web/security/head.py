"""HEAD, which every server has to answer (RFC 9110, 9.1): as GET, without the content."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from anyio import CancelScope

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send


@dataclass(frozen=True)
class Heads:
    """ASGI middleware: has HEAD answered as GET, and ends whoever makes the content once the head is sent."""

    app: ASGIApp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer HEAD, hand on any other request."""
        if scope["type"] != "http" or scope["method"] != "HEAD":
            await self.app(scope, receive, send)
            return
        asked = dict(scope, method="GET")

        async def send_head(message: Message) -> None:
            if message["type"] == "http.response.start":
                scope["route"] = asked.get("route")  # by which it is counted
                await send(message)
                await send({"type": "http.response.body", "body": b""})
                making.cancel()  # a video is not read for it, and events have no end

        with CancelScope() as making:
            await self.app(asked, receive, send_head)
