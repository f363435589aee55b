"""The guard before every request: name, origin, token; and the headers on every answer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING
from urllib.parse import quote

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import RedirectResponse, Response

from service.clock import Clock
from service.web.problems import problem
from service.web.security.hosts import host_name, is_same_origin
from service.web.security.policy import HEADERS, STATIC, cache_control
from service.web.security.token import Token

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

OPEN_PATHS = frozenset({"/login", "/health/live"})
"""And `STATIC`: what the login page needs, and what tells a service manager that the process answers."""


@dataclass(frozen=True)
class Guard:
    """ASGI middleware; `token` None lets everybody in (which `make_site` allows on loopback only)."""

    app: ASGIApp
    hosts: frozenset[str]
    token: Token | None
    clock: Clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request that is refused, hand on any other."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                kept = cache_control(scope["path"], headers.get("content-type", ""), guarded=self.token is not None)
                headers.setdefault("cache-control", kept)
            await send(message)

        refusal = self._refusal(scope)
        await (refusal or self.app)(scope, receive, with_headers)

    def _refusal(self, scope: Scope) -> Response | None:
        headers = Headers(scope=scope)
        name = host_name(headers.get("host", ""))
        if name not in self.hosts:
            return problem(
                HTTPStatus.MISDIRECTED_REQUEST,
                "unknown_host",
                "this server does not answer under that name. Ask for localhost, or add the name to web.hosts.",
            )
        if not is_same_origin(scope["method"], headers):
            return problem(
                HTTPStatus.FORBIDDEN, "cross_site", "requests from pages of other sites change nothing here."
            )
        if self.token is None or _is_open(scope["path"]) or self._is_known(self.token, headers):
            return None
        return _please_log_in(scope, headers)

    def _is_known(self, token: Token, headers: Headers) -> bool:
        scheme, _, given = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            return token.matches(given.strip())
        now_s = self.clock.wall()
        return any(token.knows(session, now_s) for session in _cookies(headers, token.cookie))


def _is_open(path: str) -> bool:
    return path in OPEN_PATHS or path.startswith(STATIC)


def _cookies(headers: Headers, name: str) -> Iterator[str]:
    """Yield the values of a cookie; `http.cookies` reads none behind one of another app's that it dislikes."""
    for cookie in ";".join(headers.getlist("cookie")).split(";"):
        key, _, value = cookie.partition("=")
        if key.strip() == name:
            yield value.strip()


def _please_log_in(scope: Scope, headers: Headers) -> Response:
    if scope["method"] in {"GET", "HEAD"} and "text/html" in headers.get("accept", ""):
        query = scope["query_string"].decode("latin-1")
        asked = scope["path"] + (f"?{query}" if query else "")
        return RedirectResponse(f"/login?next={quote(asked, safe='/')}", HTTPStatus.SEE_OTHER)
    refused = problem(
        HTTPStatus.UNAUTHORIZED,
        "token_needed",
        "a token is needed: send `Authorization: Bearer TOKEN`, or log in on the page /login.",
    )
    refused.headers["www-authenticate"] = 'Bearer realm="reelwatch"'
    return refused
