"""`/exports`: all documents as tables, streamed as they are read."""

from __future__ import annotations

import os
from collections.abc import Iterable
from enum import Enum
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Path
from starlette.responses import Response, StreamingResponse

from actors.fusion.published import documents
from service.exports import TABLE_FORMATS, TABLES, ParquetUnavailable, csv_chunks
from service.web.problems import Refusal, problems
from service.web.site import GivenSite

if TYPE_CHECKING:
    from actors.fusion.published import Published
    from service.web.site import Site

router = APIRouter(prefix="/exports", tags=["exports"])

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
    return problems(HTTPStatus.NOT_IMPLEMENTED) | {200: told} if form == "parquet" else problems() | {200: told}


def _filename(table: str, form: str) -> str:
    return TABLE_FORMATS[form].filename(TABLES[table])


_HEADINGS = {name: {"value": b"".join(csv_chunks(table, [])).decode()} for name, table in TABLES.items()}
_CSV = {"text/csv": {"schema": {"type": "string"}, "examples": _HEADINGS}}
_PARQUET = {TABLE_FORMATS["parquet"].media_type: _BINARY}


@router.get("/{table}.csv", response_model=None, response_class=Response, responses=_answers("csv", _CSV))
def csv(site: GivenSite, table: GivenTable) -> Response:
    """Return a table of all documents as CSV (RFC 4180, UTF-8); an empty cell is unknown or empty.

    A text that a spreadsheet would run as a formula is led by an apostrophe, such a path by `./`.
    """
    return _table(site, table.value, "csv")


@router.get("/{table}.parquet", response_model=None, response_class=Response, responses=_answers("parquet", _PARQUET))
def parquet(site: GivenSite, table: GivenTable) -> Response:
    """Return a table of all documents as Parquet: null is unknown, and each column's description is in the file."""
    return _table(site, table.value, "parquet")


def _table(site: Site, table: str, form: str) -> Response:
    try:
        chunks = TABLE_FORMATS[form].chunks(TABLES[table], _documents(site.output_root))
    except ParquetUnavailable as exc:
        raise Refusal(HTTPStatus.NOT_IMPLEMENTED, "parquet_unavailable", str(exc)) from exc
    told = {
        "content-disposition": f'attachment; filename="{_filename(table, form)}"',
        "cache-control": "private, no-cache",
    }
    return StreamingResponse(chunks, headers=told, media_type=TABLE_FORMATS[form].media_type)


def _documents(output_root: bytes) -> Iterable[Published]:
    """Return the documents as they lie on disk; none where no output has been made yet."""
    try:
        os.scandir(output_root).close()
    except FileNotFoundError:
        return ()
    except OSError as exc:
        detail = f"the folder of the documents cannot be read: {exc.strerror}."
        raise Refusal(HTTPStatus.SERVICE_UNAVAILABLE, "output_unreadable", detail) from exc
    return documents(output_root)
