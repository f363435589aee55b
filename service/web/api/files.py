"""How the description tells of files that are served with ranges and validators (`service.web.files`)."""

from __future__ import annotations

from typing import Any

_ETAG = '"2a-24d625-187d1f0c3e8a0000"'


def _header(name: str, description: str, example: str) -> dict[str, Any]:
    schema = {"type": "string", "examples": [example]}
    return {"name": name, "in": "header", "required": False, "description": description, "schema": schema}


def _told(description: str, example: str) -> dict[str, Any]:
    return {"description": description, "schema": {"type": "string", "examples": [example]}}


ASKED: dict[str, Any] = {
    "parameters": [
        _header("range", "the part that is wanted; of several at once the whole comes", "bytes=0-65535"),
        _header("if-none-match", "the ETag of what one has: 304 where it is still right", _ETAG),
        _header("if-range", "the part only where the ETag is still this one, else the whole", _ETAG),
    ]
}
"""`openapi_extra=` of an endpoint that serves a file: what may be asked of it besides its parameters."""
_KEPT = {
    "etag": _told("names this content", _ETAG),
    "last-modified": _told("when it was written", "Wed, 26 Nov 2025 10:00:17 GMT"),
}
_RANGES = {"accept-ranges": _told("that parts can be asked for", "bytes")}


def described(what: str, media_type: str, refused: dict[int | str, dict[str, Any]]) -> dict[int | str, dict[str, Any]]:
    """Return `responses=` of such an endpoint. refused: its problems, 416 among them."""
    content = {media_type: {"schema": {"type": "string", "format": "binary"}}}
    beyond = {"content-range": _told("how long it is", "bytes */2414117")}
    part = {"content-range": _told("which part, of how much", "bytes 0-65535/2414117")}
    return refused | {
        200: {"description": what, "content": content, "headers": _KEPT | _RANGES},
        206: {"description": "A part of it", "content": content, "headers": _KEPT | _RANGES | part},
        304: {"description": "What one has is still right", "headers": _KEPT},
        416: refused[416] | {"headers": beyond},
    }
