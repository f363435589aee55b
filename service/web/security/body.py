"""How much a request may bring and how long it may take: forms and JSON are small, and are read into memory."""

from __future__ import annotations

import asyncio
from collections.abc import Container
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING

from starlette.datastructures import Headers

from service.web.problems import problem

if TYPE_CHECKING:
    from starlette.responses import Response
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

MOST_BYTES = 256 * 1024
"""Of a body: many times what the longest form of ours takes."""
STALLED_S = 30.0
"""How long the next part of a body may take to come."""


class _Overstepped(Exception):  # noqa: N818 - an answer
    """Ends the reading of a body. Whoever reads may make another error of it, so what is told is kept beside."""


@dataclass(frozen=True)
class BodyLimit:
    """ASGI middleware. limitless: the paths that bound what they take themselves, because it is a file."""

    app: ASGIApp
    limitless: Container[str]
    most_bytes: int = MOST_BYTES
    stalled_s: float = STALLED_S

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer 413 or 408 for a body that oversteps, and hand on any other."""
        if scope["type"] != "http" or scope["path"] in self.limitless:
            await self.app(scope, receive, send)
            return
        taking = _Taking(self, receive, send)
        try:
            if taking.is_small(Headers(scope=scope).get("content-length", "")):
                await self.app(scope, taking.receive, taking.send)
        except _Overstepped:
            pass
        if taking.refusal is not None and not taking.is_answered:
            await taking.refusal(scope, receive, send)


class _Taking:
    """One body as it is taken."""

    def __init__(self, limit: BodyLimit, receive: Receive, send: Send) -> None:
        self._limit, self._receive, self._send = limit, receive, send
        self._taken_bytes, self._is_whole = 0, False
        self.refusal: Response | None = None
        self.is_answered = False

    async def receive(self) -> Message:
        """Return the next part; raises `_Overstepped`."""
        if self._is_whole:  # what comes now is that the client leaves, whenever that is
            return await self._receive()
        try:
            async with asyncio.timeout(self._limit.stalled_s):
                message = await self._receive()
        except TimeoutError:
            detail = f"nothing has come for {self._limit.stalled_s:g} s. Send it once more."
            self._refuse(HTTPStatus.REQUEST_TIMEOUT, "stalled", detail)
            raise _Overstepped from None
        self._taken_bytes += len(message.get("body", b""))
        self._is_whole = not message.get("more_body", False)
        if not self.is_small(str(self._taken_bytes)):
            raise _Overstepped
        return message

    async def send(self, message: Message) -> None:
        """Hand an answer on, but for one that was made of an overstepped bound."""
        if self.refusal is None or self.is_answered:
            self.is_answered = True
            await self._send(message)

    def is_small(self, length: str) -> bool:
        """Say whether a body of that length is taken, and refuse it where it is not."""
        if length.isascii() and length.isdecimal() and int(length) > self._limit.most_bytes:
            detail = f"the body is larger than {self._limit.most_bytes} bytes. Videos are sent to /analyze."
            self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_large", detail)
        return self.refusal is None

    def _refuse(self, status: HTTPStatus, code: str, detail: str) -> None:
        self.refusal = problem(status, code, detail)
        self.refusal.headers["connection"] = "close"
