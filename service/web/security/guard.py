"""The guard before every request: name, origin, token; and the headers on every answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from http.cookies import CookieError, SimpleCookie
from typing import TYPE_CHECKING
from urllib.parse import quote

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import RedirectResponse, Response

from service.clock import Clock
from service.web.problems import problem
from service.web.security.hosts import host_name, is_same_origin
from service.web.security.policy import HEADERS
from service.web.security.token import COOKIE, Token

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

OPEN_PATHS = frozenset({"/login", "/health/live"})
OPEN_PREFIX = "/static/"
"""What the login page needs, and what tells a service manager that the process answers."""


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
                headers.setdefault("cache-control", "no-store")
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

    def _is_known(self, token: Token, headers: Mapping[str, str]) -> bool:
        scheme, _, given = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            return token.matches(given.strip())
        session = _cookie(headers.get("cookie", ""))
        return session is not None and token.knows(session, self.clock.wall())


def _is_open(path: str) -> bool:
    return path in OPEN_PATHS or path.startswith(OPEN_PREFIX)


def _cookie(header: str) -> str | None:
    try:
        found = SimpleCookie(header).get(COOKIE)
    except CookieError:
        return None
    return None if found is None else found.value


def _please_log_in(scope: Scope, headers: Mapping[str, str]) -> Response:
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
