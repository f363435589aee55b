"""A table as CSV (RFC 4180): UTF-8, CRLF, an empty cell where something is unknown or empty."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from datetime import date, datetime
from typing import BinaryIO

from actors.fusion.published import Published
from service.exports.columns import Cell, Type
from service.exports.tables import AnyTable

SEPARATOR = " | "
"""Stands between several texts in one cell."""
_FORMULA_STARTS = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def csv_chunks(table: AnyTable, documents: Iterable[Published]) -> Iterator[bytes]:
    """Yield the table piece by piece: the heading, then the rows of each document.

    A text that a spreadsheet would run as a formula is led by an apostrophe, as OWASP advises against CSV injection. A
    path that begins like one is led by `./` instead, so that it names the same file still.
    """
    yield _lines([[column.name for column in table.columns]])
    types = [column.type for column in table.columns]
    for published in documents:
        rows = ([_text(cell, type_) for cell, type_ in zip(row, types, strict=True)] for row in table.rows(published))
        yield _lines(rows)


def holds(table: AnyTable, file: BinaryIO) -> bool:
    """Say whether a file begins as every version's table of this kind does; later columns may be others."""
    heading = (",".join(column.name for column in table.columns[:3]) + ",").encode()
    return file.read(len(heading)) == heading


def _lines(rows: Iterable[list[Cell]]) -> bytes:
    buffer = io.StringIO()
    csv.writer(buffer).writerows(rows)
    return buffer.getvalue().encode()


def _text(cell: Cell, type_: Type) -> Cell:
    """Spell a cell; the numbers are left to `csv`, which writes their shortest exact form."""
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, datetime):
        return cell.isoformat().replace("+00:00", "Z")
    if isinstance(cell, date):
        return cell.isoformat()
    text = SEPARATOR.join(cell) if isinstance(cell, tuple) else cell
    if isinstance(text, str) and text.lstrip().startswith(_FORMULA_STARTS):
        return f"./{text}" if type_ is Type.PATH else f"'{text}"
    return text
