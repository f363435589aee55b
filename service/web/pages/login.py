"""`/login`: trades the token for a cookie that scripts cannot read and other sites do not send."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Form, Query, Request
from starlette.responses import RedirectResponse, Response

from service.web.pages.templates import page
from service.web.security.token import SESSION_S
from service.web.site import GivenSite

if TYPE_CHECKING:
    from starlette.responses import HTMLResponse

router = APIRouter()

Next = Annotated[str, Query(max_length=2000)]


@router.get("/login", response_model=None)
def login(site: GivenSite, next: Next = "/") -> HTMLResponse:  # noqa: A002 - what such a parameter is called everywhere
    """Ask for the token."""
    return page(site, "login.html", here="/login", next=local(next), wrong=False)


@router.post("/login", response_model=None)
def enter(
    site: GivenSite,
    request: Request,
    token: Annotated[str, Form(max_length=1000)] = "",
    next: Annotated[str, Form(max_length=2000)] = "/",  # noqa: A002 - as above
) -> Response:
    """Give a browser that knows the token a session, and send it where it wanted to go."""
    if site.token is None:
        return RedirectResponse(local(next), HTTPStatus.SEE_OTHER)
    if not site.token.matches(token.strip()):
        return page(site, "login.html", here="/login", status=HTTPStatus.FORBIDDEN, next=local(next), wrong=True)
    answer = RedirectResponse(local(next), HTTPStatus.SEE_OTHER)
    answer.set_cookie(
        site.token.cookie,
        site.token.session(site.clock.wall()),
        max_age=SESSION_S,
        httponly=True,
        samesite="strict",
        secure=request.headers.get("origin", "").startswith("https://"),  # ours is http behind a proxy that speaks TLS
    )
    return answer


@router.post("/logout", response_model=None)
def leave(site: GivenSite) -> Response:
    """Have the browser forget its session, and the pictures it kept (over TLS and on this host it does)."""
    answer = RedirectResponse("/login", HTTPStatus.SEE_OTHER, {"clear-site-data": '"cache"'})
    if site.token is not None:
        answer.delete_cookie(site.token.cookie, httponly=True, samesite="strict")
    return answer


def local(address: str) -> str:
    """Return an address on this site; the front page for one that browsers would take elsewhere, like `//host`."""
    inside = address.startswith("/") and not address.startswith(("//", "/\\")) and address.isprintable()
    return address if inside else "/"
