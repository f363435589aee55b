"""`/analyze`: ask for a video by its path, by its URL, or send it; and what has become of what was asked for."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated

from anyio import CancelScope, CapacityLimiter, to_thread
from anyio.lowlevel import RunVar
from fastapi import APIRouter, Path, Query, Request, Response
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field, ValidationError
from python_multipart.multipart import parse_options_header
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect

from service.ledger.cursor import INT4, encode
from service.ledger.errors import UnknownRequest
from service.ledger.request_values import Request as Asked
from service.ledger.request_values import RequestState
from service.received.refusal import Refusal as NotReceived
from service.web import paging
from service.web.api.asked import ACCEPTED, BODY, BY_NAME, REFUSED, ByPath
from service.web.api.entries import entry as job_entry
from service.web.api.forms import FormUpload, refused
from service.web.api.request_entries import RequestEntry, request_entry
from service.web.outlook import look
from service.web.problems import Refusal, problems
from service.web.site import GivenSite

if TYPE_CHECKING:
    from service.web.site import Site

router = APIRouter(prefix="/analyze", tags=["analyze"])

STALLED_S = 60.0
"""How long nothing may come of a body before its sender counts as gone."""
MOST_JSON_BYTES = 64 * 1024
PATHS_AT_ONCE = 4
"""A path is looked up in the folders of requests; one on a share that hangs must not hold every thread of the pages."""
_LIMITER: RunVar[CapacityLimiter] = RunVar("requests by path")
RequestId = Annotated[int, Path(ge=1, le=2**31 - 1, examples=[3], description="the request's number")]
Force = Annotated[bool, Query(description="describe it anew, though it has a document")]


class RequestPage(BaseModel):
    """A page of requests, the newest first."""

    requests: list[RequestEntry]
    next: str | None = Field(description="the cursor of the next page; null at the end", examples=[None])


# Not a plain function, unlike the other endpoints: a sender that is slow would hold one of the threads all the while.
@router.post("", status_code=202, responses=problems(*REFUSED) | {202: ACCEPTED}, openapi_extra=BODY)
async def analyze(request: Request, response: Response, site: GivenSite, *, force: Force = False) -> RequestEntry:
    """Ask for a video: JSON with its path or URL, or a form with the file itself.

    The answer comes before it is described: follow it at its `Location`. An upload is answered once it lies whole.
    """
    kind, options = parse_options_header(request.headers.get("content-type"))
    if kind == b"application/json":
        body = await _whole(request)
        asked = await to_thread.run_sync(partial(_asked, site, body, force=force), limiter=_few_at_a_time())
    elif kind == b"multipart/form-data":
        asked = await _received(request, site, options.get(b"boundary", b""), force=force)
    else:
        detail = "send application/json, or multipart/form-data with a file."
        raise Refusal(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "media_type", detail)
    response.headers["location"] = f"/analyze/{asked.request_id}"
    return await run_in_threadpool(entry, site, asked)


@router.get("", responses=problems("bad_cursor"))
def requests(
    site: GivenSite,
    state: Annotated[list[RequestState] | None, Query(description="only in these states; default: all")] = None,
    limit: paging.Limit = 50,
    cursor: paging.Cursor = None,
) -> RequestPage:
    """List what was asked for; what ended more than thirty days ago is forgotten."""
    before = None if cursor is None else paging.decode(cursor, paging.REQUESTS, (INT4,))[0]
    found = site.ledger.requests(state or tuple(RequestState), before=before, limit=limit + 1)
    page = found[:limit]
    more = encode(paging.REQUESTS, page[-1].request_id) if len(found) > limit else None
    return RequestPage(requests=[entry(site, asked) for asked in page], next=more)


@router.get("/{request_id}", responses=problems("unknown_request"))
def request(site: GivenSite, request_id: RequestId) -> RequestEntry:
    """Return what has become of one request."""
    try:
        return entry(site, site.ledger.request(request_id))
    except UnknownRequest:
        raise Refusal(
            HTTPStatus.NOT_FOUND, "unknown_request", f"there is no request {request_id} (any more)."
        ) from None


def entry(site: Site, asked: Asked) -> RequestEntry:
    """Return what the API says of a request."""
    job = None if asked.job_id is None else job_entry(site.ledger.job(asked.job_id), look(site).situation)
    return request_entry(asked, job)


def _asked(site: Site, body: bytes, *, force: bool) -> Asked:
    try:
        given = BY_NAME.validate_json(body)
    except ValidationError as exc:
        raise RequestValidationError([{**error, "loc": ("body", *error["loc"][1:])} for error in exc.errors()]) from exc
    if isinstance(given, ByPath):
        answer = site.reception.ask_path(given.path.encode(), force=force)
    else:
        answer = site.reception.ask_url(given.url, force=force)
    if isinstance(answer, NotReceived):
        raise refused(answer)
    return answer


def _few_at_a_time() -> CapacityLimiter:
    """Return the limiter of this event loop."""
    try:
        return _LIMITER.get()
    except LookupError:
        _LIMITER.set(CapacityLimiter(PATHS_AT_ONCE))
        return _LIMITER.get()


async def _received(request: Request, site: Site, boundary: bytes, *, force: bool) -> Asked:
    length = request.headers.get("content-length", "")
    known = int(length) if length.isascii() and length.isdecimal() else None
    form = await run_in_threadpool(FormUpload, site.reception, boundary, length=known, force=force)
    try:
        async for chunk in _chunks(request):
            await run_in_threadpool(form.feed, chunk)
        return await run_in_threadpool(form.finish)
    finally:
        with CancelScope(shield=True):  # also when the server ends: nothing half received stays
            await run_in_threadpool(form.close)


async def _whole(request: Request) -> bytes:
    body = b""
    async for chunk in _chunks(request):
        body += chunk
        if len(body) > MOST_JSON_BYTES:
            detail = f"it is larger than {MOST_JSON_BYTES} bytes. Send a file as multipart/form-data."
            raise Refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_large", detail)
    return body


async def _chunks(request: Request) -> AsyncIterator[bytes]:
    stream = request.stream()
    try:
        while True:
            async with asyncio.timeout(STALLED_S):
                chunk = await anext(stream, None)
            if chunk is None:
                return
            yield chunk
    except TimeoutError:
        detail = f"nothing has come for {STALLED_S:g} s. Send it once more."
        raise Refusal(HTTPStatus.REQUEST_TIMEOUT, "stalled", detail) from None
    except ClientDisconnect:  # nobody reads the answer
        raise Refusal(HTTPStatus.BAD_REQUEST, "aborted", "the connection ended before the request did.") from None
