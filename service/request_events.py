"""What the log hears of a request, whichever process has to do with it."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from service.bookkeeping import Emit
from service.ledger.request_values import Request, RequestKind


def tell_received(emit: Emit, request: Request) -> None:
    """Say that somebody asks for a video."""
    emit("request.received", **about(request))


def tell_taken(emit: Emit, request: Request, *, job_id: int) -> None:
    """Say that a request has become a job."""
    emit("request.taken", **about(request), job=job_id)


def tell_refused(emit: Emit, request: Request, *, reason: str, detail: str) -> None:
    """Say that a request cannot be."""
    emit("request.refused", **about(request), reason=reason, detail=detail)


def tell_failed(emit: Emit, request: Request, *, reason: str, detail: str) -> None:
    """Say that a request came to nothing."""
    emit("request.failed", **about(request), reason=reason, detail=detail)


def about(request: Request) -> dict[str, Any]:
    """Return the fields that tell which request it is: its number, the way it came, and what it is for."""
    said: dict[str, Any] = {"request": request.request_id, "way": request.kind.value}
    if request.root is not None and request.path is not None:
        return said | {"root": request.root, "path": request.path}
    if request.kind is RequestKind.URL:
        return said | {"url": shown_url(request.asked.decode())}
    return said | {"path": request.asked}


def shown_url(url: str) -> str:
    """Return a URL as the log may show it: without its query and fragment, which may hold a key."""
    return urlsplit(url)._replace(query="", fragment="").geturl()
