"""What differs between the databases a ledger can be kept in; nothing outside knows which one it is.

Statements are SQLAlchemy Core and run on both. One that only one database understands is written twice, and `chosen`
takes the one that the connection's database runs:

    chosen(connection, sqlite=text("... MATCH :query"), postgresql=text("... @@ to_tsquery('simple', :query)"))

A migration does the same with `chosen(op.get_bind(), ...)`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection

from service.errors import ConfigError
from service.ledger.dialects.base import Access, Dialect
from service.ledger.place import Place

REMEDY = "Install it: pip install -c constraints.txt 'reelwatch[postgresql]'."
_T = TypeVar("_T")


def dialect_of(place: Place, access: Access) -> Dialect:
    """Return the dialect of the database at a place, not opened yet; raises `ConfigError` without its driver."""
    if isinstance(place, Path):
        from service.ledger.dialects.sqlite import SqliteDialect  # noqa: PLC0415 - one of the two is enough

        return SqliteDialect(place, access)
    try:
        from service.ledger.dialects.postgresql import PostgresqlDialect  # noqa: PLC0415 - psycopg takes 0.2 s to load
    except ModuleNotFoundError as exc:
        raise ConfigError(f"state.ledger = {place}: needs a package that is not here ({exc.name}). {REMEDY}") from exc
    return PostgresqlDialect(place, access)


def chosen(connection: Connection, *, sqlite: _T, postgresql: _T) -> _T:
    """Return what is for the database that this connection leads to."""
    return {"sqlite": sqlite, "postgresql": postgresql}[connection.dialect.name]
