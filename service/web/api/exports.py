"""`/exports`: all documents as tables, streamed as they are read."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, suppress
from enum import Enum
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Path
from starlette.requests import ClientDisconnect
from starlette.responses import Response, StreamingResponse

from actors.fusion.published import documents, published
from service.exports import TABLE_FORMATS, TABLES, ParquetUnavailable, csv_chunks
from service.ledger.library.asking import MOST_ROWS, Listing, Sort
from service.web.api.choice import Chosen, GivenChoice
from service.web.api.library import good_page
from service.web.problems import Refusal, problems
from service.web.site import EXPORTS_AT_ONCE, GivenSite

if TYPE_CHECKING:
    from starlette.types import Message, Receive, Scope, Send

    from actors.fusion.published import Published
    from service.ledger.library.values import DocumentRow, Page
    from service.web.site import Site

router = APIRouter(prefix="/exports", tags=["exports"])

PATIENCE_S = 60.0
"""How long whoever asked may take nothing; each table that is being written keeps another from being asked for."""
TableName = Enum("TableName", {name: name for name in TABLES}, type=str)  # type: ignore[misc] # the tables there are
GivenTable = Annotated[TableName, Path(description="what a row is: a video, a shot or a spoken word")]
_BINARY = {"schema": {"type": "string", "format": "binary"}}


def _answers(form: str, content: dict[str, Any]) -> dict[int | str, dict[str, Any]]:
    headers = {
        "content-disposition": {
            "description": "the name of the file",
            "schema": {"type": "string", "examples": [f'attachment; filename="{_filename("words", form)}"']},
        }
    }
    told = {"description": "The table", "content": content, "headers": headers}
    refused = ("bad_filter", "bad_query", "busy", "output_unreadable")
    return problems(*refused, *(("parquet_unavailable",) if form == "parquet" else ())) | {200: told}


def _filename(table: str, form: str) -> str:
    return TABLE_FORMATS[form].filename(TABLES[table])


_HEADINGS = {name: {"value": b"".join(csv_chunks(table, [])).decode()} for name, table in TABLES.items()}
_CSV = {"text/csv": {"schema": {"type": "string"}, "examples": _HEADINGS}}
_PARQUET = {TABLE_FORMATS["parquet"].media_type: _BINARY}


@router.get("/{table}.csv", response_model=None, response_class=Response, responses=_answers("csv", _CSV))
def csv(site: GivenSite, table: GivenTable, chosen: GivenChoice) -> Response:
    """Return a table of all documents, or of those chosen, as CSV (RFC 4180, UTF-8); an empty cell is unknown or empty.

    A text that a spreadsheet would run as a formula is led by an apostrophe, such a path by `./`.
    """
    return _table(site, table.value, "csv", chosen)


@router.get("/{table}.parquet", response_model=None, response_class=Response, responses=_answers("parquet", _PARQUET))
def parquet(site: GivenSite, table: GivenTable, chosen: GivenChoice) -> Response:
    """Return a table of all documents, or of those chosen, as Parquet, where null is unknown."""
    return _table(site, table.value, "parquet", chosen)


def _table(site: Site, table: str, form: str, chosen: Chosen) -> Response:
    if not site.exports.acquire(blocking=False):
        detail = f"{EXPORTS_AT_ONCE} tables are being written, each read from all documents. Ask again in a moment."
        raise Refusal(HTTPStatus.SERVICE_UNAVAILABLE, "busy", detail)
    with ExitStack() as stack:
        stack.callback(site.exports.release)
        return _Table(_chunks(site, table, form, chosen), _filename(table, form), form, ended=stack.pop_all().close)


class _Table(StreamingResponse):
    """A table as it is written, to whoever takes some of it now and then.

    ended: called once nobody reads it any more, whether it was read or not.
    """

    def __init__(self, chunks: Iterable[bytes], filename: str, form: str, *, ended: Callable[[], None]) -> None:
        told = {"content-disposition": f'attachment; filename="{filename}"', "cache-control": "private, no-cache"}
        super().__init__(chunks, headers=told, media_type=TABLE_FORMATS[form].media_type)
        self._ended = ended

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def patiently(message: Message) -> None:
            async with asyncio.timeout(PATIENCE_S):
                await send(message)

        try:
            with suppress(TimeoutError, ClientDisconnect):  # the connection is closed, the file cut short
                await super().__call__(scope, receive, patiently)
        finally:
            self._ended()


def _chunks(site: Site, table: str, form: str, chosen: Chosen) -> Iterable[bytes]:
    found = _on_disk(site.output_root) if chosen == Chosen() else _in_library(site, chosen)
    try:
        return TABLE_FORMATS[form].chunks(TABLES[table], found)
    except ParquetUnavailable as exc:
        raise Refusal(HTTPStatus.NOT_IMPLEMENTED, "parquet_unavailable", str(exc)) from exc


def _on_disk(output_root: bytes) -> Iterable[Published]:
    """Return all documents, as on the command line; none where no output has been made yet."""
    try:
        os.scandir(output_root).close()
    except FileNotFoundError:
        return ()
    except OSError as exc:
        detail = f"the folder of the documents cannot be read: {exc.strerror}."
        raise Refusal(HTTPStatus.SERVICE_UNAVAILABLE, "output_unreadable", detail) from exc
    return documents(output_root)


def _in_library(site: Site, chosen: Chosen) -> Iterable[Published]:
    """Return the documents that are chosen, by name; the first page is asked for at once, while it can still fail."""
    listing = Listing(chosen.filters, chosen.text, Sort.NAME, descending=False, limit=MOST_ROWS)
    return _read(site.output_root, _rows(site, listing, good_page(site.ledger.library.page(listing))))


def _rows(site: Site, listing: Listing, page: Page) -> Iterator[DocumentRow]:
    yield from page.rows
    while page.next_cursor is not None:
        page = good_page(site.ledger.library.page(listing, cursor=page.next_cursor))
        yield from page.rows


def _read(output_root: bytes, rows: Iterable[DocumentRow]) -> Iterator[Published]:
    """Yield the documents from disk; what has gone since it was indexed, or cannot be read, is passed over."""
    for row in rows:
        with suppress(OSError):
            found = published(output_root, row.document)
            if found is not None:
                yield found
