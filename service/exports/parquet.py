"""A table as Parquet: real types, null where something is unknown, and a description of each column."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from importlib import import_module
from typing import Any, BinaryIO

from actors.fusion.published import Published
from service.errors import ReelwatchError
from service.exports.columns import Cell, Type
from service.exports.tables import AnyTable

REMEDY = "pip install -c constraints.txt 'reelwatch[parquet]'"
MAX_GROUP_ROWS = 20_000
MAX_GROUP_CHARS = 8_000_000
"""A row group, which is what is held in memory, ends at whichever comes first; one document may go over it."""
_TABLE_KEY = b"reelwatch.table"


class ParquetUnavailable(ReelwatchError):  # noqa: N818 - reads as what it is
    """The extra that writes Parquet is not installed."""


def parquet_chunks(table: AnyTable, documents: Iterable[Published]) -> Iterator[bytes]:
    """Yield the table piece by piece; only the last makes a file of it that can be read.

    Raises `ParquetUnavailable` before the first piece where pyarrow is not installed.
    """
    pyarrow, parquet = _pyarrow()
    return _written(pyarrow, parquet, table, documents)


def schema(table: AnyTable) -> Any:
    """Return the Arrow schema of a table: its fields' metadata hold `description` and, of numbers, `unit`."""
    pyarrow, _ = _pyarrow()
    fields = [
        pyarrow.field(
            column.name,
            _arrow_type(pyarrow, column.type),
            metadata={"description": column.description} | ({"unit": column.unit} if column.unit else {}),
        )
        for column in table.columns
    ]
    return pyarrow.schema(fields, metadata={_TABLE_KEY: table.name, b"description": table.description})


def holds(table: AnyTable, file: BinaryIO) -> bool:
    """Say whether a file is Parquet and names this table in its metadata."""
    pyarrow, parquet = _pyarrow()
    try:
        metadata = parquet.read_schema(file).metadata or {}
    except (pyarrow.ArrowException, ValueError, OSError):
        return False
    return metadata.get(_TABLE_KEY) == table.name.encode()


def _pyarrow() -> tuple[Any, Any]:
    try:
        return import_module("pyarrow"), import_module("pyarrow.parquet")  # heavy, and an extra
    except ImportError as exc:
        raise ParquetUnavailable(f"Parquet is written by pyarrow, which is not installed: {REMEDY}") from exc


def _arrow_type(pyarrow: Any, type_: Type) -> Any:
    return {
        Type.TEXT: pyarrow.string(),
        Type.PATH: pyarrow.string(),
        Type.NUMBER: pyarrow.float64(),
        Type.INTEGER: pyarrow.int64(),
        Type.BOOLEAN: pyarrow.bool_(),
        Type.TIME: pyarrow.timestamp("ms", tz="UTC"),
        Type.DATE: pyarrow.date32(),
        Type.TEXTS: pyarrow.list_(pyarrow.string()),
    }[type_]


class _Sink:
    """A file for pyarrow that gives away what was written to it."""

    closed = False

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def write(self, piece: Any) -> int:
        self._pieces.append(bytes(piece))
        return len(self._pieces[-1])

    def flush(self) -> None:
        """Nothing waits."""

    def close(self) -> None:
        """Nothing is held."""

    def taken(self) -> bytes:
        pieces, self._pieces = self._pieces, []
        return b"".join(pieces)


def _written(pyarrow: Any, parquet: Any, table: AnyTable, documents: Iterable[Published]) -> Iterator[bytes]:
    arrow_schema, sink = schema(table), _Sink()
    with parquet.ParquetWriter(pyarrow.PythonFile(sink, mode="w"), arrow_schema) as writer:
        for group in _groups(table, documents):
            columns = [
                pyarrow.array(cells, field.type)
                for cells, field in zip(zip(*group, strict=True), arrow_schema, strict=True)
            ]
            writer.write_table(pyarrow.Table.from_arrays(columns, schema=arrow_schema))
            yield sink.taken()
    yield sink.taken()


def _groups(table: AnyTable, documents: Iterable[Published]) -> Iterator[list[list[Cell]]]:
    """Gather rows into groups that are worth reading alone, and small enough to hold."""
    group: list[list[Cell]] = []
    chars = 0
    for published in documents:
        for row in table.rows(published):
            group.append(row)
            chars += sum(
                len(cell) if isinstance(cell, str) else sum(map(len, cell))
                for cell in row
                if isinstance(cell, str | tuple)
            )
            if len(group) >= MAX_GROUP_ROWS or chars >= MAX_GROUP_CHARS:
                yield group
                group, chars = [], 0
    if group:
        yield group
