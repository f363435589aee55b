"""Files as answers, read through one descriptor that was opened beneath its root; with ranges, so that a player seeks.

Starlette's FileResponse takes a path and opens it later: between the look and the opening a folder could have become a
link to elsewhere.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from email.utils import formatdate
from http import HTTPStatus
from typing import TYPE_CHECKING

from starlette.responses import Response, StreamingResponse

from service.web.problems import problem

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.types import Receive, Scope, Send

CHUNK_BYTES = 256 * 1024
_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})", re.ASCII)
"""What has more digits is beyond any file, and is not understood."""


class _Pieces(StreamingResponse):
    """A part of an open file, piece by piece; owns the descriptor.

    It is closed here and not where it is read: of a client that leaves before the first piece nothing is read.
    """

    def __init__(self, descriptor: int, part: tuple[int, int], *, code: int, told: Mapping[str, str]) -> None:
        super().__init__(_chunks(descriptor, *part), code, told)
        self._descriptor = descriptor

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            os.close(self._descriptor)


def file_response(descriptor: int, headers: Mapping[str, str], *, media_type: str) -> Response:
    """Answer with an open regular file, whole or the one range that is asked for (RFC 9110, 14); takes the descriptor.

    headers: of the request. Several ranges at once are answered with the whole file, as the standard allows.
    """
    status = os.fstat(descriptor)
    told = {"accept-ranges": "bytes"} | validators(status)
    etag = told["etag"]
    if headers.get("if-none-match") == etag:
        os.close(descriptor)
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=told)
    asked = headers.get("range") if headers.get("if-range", etag) == etag else None
    part = byte_range(asked, status.st_size)
    if part is None:
        os.close(descriptor)
        refused = problem(
            HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, "bad_range", f"the file has {status.st_size} bytes."
        )
        refused.headers["content-range"] = f"bytes */{status.st_size}"
        return refused
    start, end = part
    partial = (start, end) != (0, status.st_size)
    told |= {"content-length": str(end - start), "content-type": media_type}
    if partial:
        told["content-range"] = f"bytes {start}-{end - 1}/{status.st_size}"
    code = HTTPStatus.PARTIAL_CONTENT if partial else HTTPStatus.OK
    return _Pieces(descriptor, part, code=code, told=told)


def validators(status: os.stat_result, of: str = "") -> dict[str, str]:
    """Return the headers by which a browser asks whether what it has is still right. of: which form of the file."""
    return {
        "etag": f'"{status.st_ino:x}-{status.st_size:x}-{status.st_mtime_ns:x}{of}"',
        "last-modified": formatdate(status.st_mtime, usegmt=True),
        "cache-control": "private, no-cache",
    }


def byte_range(asked: str | None, size: int) -> tuple[int, int] | None:
    """Return start and end (exclusive) of what a Range header asks for; None for one that cannot be met.

    Without a header, or with one that is not understood, the whole file.
    """
    found = _RANGE.fullmatch(asked.strip()) if asked else None
    if found is None or found.groups() == ("", ""):
        return 0, size
    first, last = found.groups()
    if not first:
        start, end = max(0, size - int(last)), size
    else:
        start, end = int(first), min(int(last) + 1, size) if last else size
    return (start, end) if start < end else None


def _chunks(descriptor: int, start: int, end: int) -> Iterator[bytes]:
    while start < end:
        chunk = os.pread(descriptor, min(CHUNK_BYTES, end - start), start)
        if not chunk:  # it was cut short meanwhile: the client sees fewer bytes than were promised
            return
        start += len(chunk)
        yield chunk
