"""The tables: every column documented, every cell of its type, and the same values in CSV and in Parquet."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from varied import any_published

from actors.fusion.published import Published
from service.exports import TABLES, AnyTable, csv_chunks, parquet_chunks
from service.exports.columns import Type

PYTHON_TYPES = {
    Type.TEXT: str,
    Type.PATH: str,
    Type.NUMBER: float,
    Type.INTEGER: int,
    Type.BOOLEAN: bool,
    Type.TIME: datetime,
    Type.DATE: date,
    Type.TEXTS: list,
}


@pytest.mark.parametrize("table", TABLES.values(), ids=TABLES.keys())
def test_every_column_is_documented_once(table: AnyTable) -> None:
    names = [column.name for column in table.columns]
    assert len(set(names)) == len(names)
    assert all(column.description for column in table.columns)
    assert {column.unit for column in table.columns if column.name.endswith("_s")} <= {"s"}
    units = {column.unit for column in table.columns if column.type not in {Type.NUMBER, Type.INTEGER}}
    assert units == {None}


def test_three_columns_tell_tables_apart() -> None:
    """What `service.exports.csv_table.holds` relies on."""
    assert len({tuple(column.name for column in table.columns[:3]) for table in TABLES.values()}) == len(TABLES)


def spelled(value: Any, type_: Type) -> str:
    """A value of Parquet as CSV writes it."""
    if value is None:
        return ""
    if type_ is Type.TIME:
        return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    if type_ is Type.BOOLEAN:
        return "true" if value else "false"
    return " | ".join(value) if type_ is Type.TEXTS else str(value)


def unprotected(cell: str, type_: Type) -> str:
    """What a cell of CSV held before it was made safe for spreadsheets."""
    lead = {Type.PATH: "./", Type.TEXT: "'", Type.TEXTS: "'"}.get(type_)
    if lead and cell.startswith(lead) and cell[len(lead) :].lstrip().startswith(("=", "+", "-", "@")):
        return cell[len(lead) :]
    return cell


@settings(deadline=None, max_examples=40)  # a busy machine is no failure
@given(documents=st.lists(any_published(), max_size=3))
def test_csv_and_parquet_hold_the_same(documents: list[Published]) -> None:
    for table in TABLES.values():
        heading, *lines = csv.reader(io.StringIO(b"".join(csv_chunks(table, documents)).decode(), newline=""))
        assert heading == [column.name for column in table.columns]
        rows = in_parquet(table, documents)
        assert len(lines) == len(rows)
        for line, row in zip(lines, rows, strict=True):
            for cell, column in zip(line, table.columns, strict=True):
                value = row[column.name]
                assert value is None or isinstance(value, PYTHON_TYPES[column.type])
                assert unprotected(cell, column.type) == unprotected(spelled(value, column.type), column.type)


def in_parquet(table: AnyTable, documents: list[Published]) -> list[dict[str, Any]]:
    import pyarrow.parquet

    return list(pyarrow.parquet.read_table(io.BytesIO(b"".join(parquet_chunks(table, documents)))).to_pylist())
