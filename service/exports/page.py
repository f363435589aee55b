"""The tables as people read about them: `python -m service.exports.page` prints the tables of `README.md`."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from service.exports.columns import Type
from service.exports.tables import TABLES, AnyTable

FORMS = {
    Type.TEXT: ("string", "as it is; led by `'` where a spreadsheet would run it"),
    Type.PATH: ("string", "as it is; led by `./` where a spreadsheet would run it"),
    Type.NUMBER: ("double", "decimal point, shortest exact form"),
    Type.INTEGER: ("int64", "digits"),
    Type.BOOLEAN: ("bool", "`true` or `false`"),
    Type.TIME: ("timestamp[ms, tz=UTC]", "`2026-01-31T12:00:00Z`"),
    Type.DATE: ("date32[day]", "`2026-01-31`"),
    Type.TEXTS: ("list<string>", "joined by ` \\| `"),
}
"""What a type is in Parquet, and how CSV spells it."""


def markdown() -> str:
    """Return the types and the columns of each table in Markdown."""
    parts = [_types(), *(_columns(table) for table in TABLES.values())]
    return "\n\n".join("\n".join(lines) for lines in parts) + "\n"


def _types() -> Iterator[str]:
    yield "| type | in Parquet | in CSV |"
    yield "|---|---|---|"
    yield from (f"| {type_.value} | `{parquet}` | {csv} |" for type_, (parquet, csv) in FORMS.items())


def _columns(table: AnyTable) -> Iterator[str]:
    yield f"### {table.name}: {table.description}"
    yield ""
    yield "| column | type | unit | what it holds |"
    yield "|---|---|---|---|"
    for column in table.columns:
        yield f"| `{column.name}` | {column.type.value} | {column.unit or ''} | {column.description} |"


if __name__ == "__main__":
    sys.stdout.write(markdown())
