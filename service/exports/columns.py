"""A column: its heading, type, unit, description and value, written once for every form of a table."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import Enum
from typing import Generic, TypeVar

from actors.fusion.published import Published

RecordT = TypeVar("RecordT")
Cell = str | int | float | bool | datetime | date | tuple[str, ...] | None
"""What a row holds in one column; None is unknown."""

_INT64 = range(-(2**63), 2**63)


class Type(Enum):
    """What the cells of a column are; the value is the type's name for people."""

    TEXT = "text"
    PATH = "path"
    NUMBER = "number"
    INTEGER = "integer"
    BOOLEAN = "boolean"
    TIME = "time"
    DATE = "date"
    TEXTS = "texts"


@dataclass(frozen=True, slots=True)
class Column(Generic[RecordT]):
    """One column of a table. unit: of its numbers; None where they have none."""

    name: str
    type: Type
    description: str
    value: Callable[[RecordT], Cell]
    unit: str | None = None

    def cell(self, record: RecordT) -> Cell:
        """Return the cell of this column; None where unknown, and for a whole number that 64 bits do not hold."""
        value = self.value(record)
        if isinstance(value, int) and value not in _INT64:
            return None
        return float(value) if self.type is Type.NUMBER and isinstance(value, int) else value


def from_document(column: Column[Published], open_record: Callable[[RecordT], Published]) -> Column[RecordT]:
    """Return a column of videos as one of another table, whose records know their document."""
    return Column(
        column.name, column.type, column.description, lambda record: column.value(open_record(record)), column.unit
    )


def moment(text: str | None) -> datetime | None:
    """Return a document's UTC time; None where there is none, a day alone, or no time that the calendar knows."""
    try:
        return None if text is None else datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError:
        return None


def day(text: str | None) -> date | None:
    """Return the day of a document's UTC time, or day alone; None where there is none that the calendar knows."""
    try:
        return None if text is None else date.fromisoformat(text[:10])
    except ValueError:
        return None


def each_once(texts: Iterable[str] | None) -> tuple[str, ...] | None:
    """Return the texts in order, repetitions left out; None stays unknown."""
    return None if texts is None else tuple(dict.fromkeys(texts))
