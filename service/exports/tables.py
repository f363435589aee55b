"""The tables there are, by name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Generic

from actors.fusion.published import Published
from service.exports import shots, videos, words
from service.exports.columns import Cell, Column, RecordT


@dataclass(frozen=True, slots=True)
class Table(Generic[RecordT]):
    """A table: what a row is, its columns, and the rows of a document."""

    name: str
    description: str
    columns: tuple[Column[RecordT], ...]
    records: Callable[[Published], Iterable[RecordT]]

    def rows(self, published: Published) -> Iterator[list[Cell]]:
        """Yield the document's rows, a cell per column."""
        for record in self.records(published):
            yield [column.cell(record) for column in self.columns]


VIDEOS = Table("videos", "one row per document", videos.COLUMNS, videos.rows)
SHOTS = Table("shots", "one row per shot", shots.COLUMNS, shots.rows)
WORDS = Table("words", "one row per spoken word", words.COLUMNS, words.rows)

AnyTable = Table[Published] | Table[shots.ShotRecord] | Table[words.WordRecord]
TABLES: Mapping[str, AnyTable] = MappingProxyType({table.name: table for table in (VIDEOS, SHOTS, WORDS)})
