"""Ledgers to begin a test with, in each database that a ledger can be kept in."""

from __future__ import annotations

import shutil
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from service.ledger.ledger import open_ledger
from service.ledger.schema import REVISION

if TYPE_CHECKING:
    from postgresql_cluster import Cluster

    from service.ledger.place import Place

LEDGER_FILE = "ledger.sqlite3"
_EMPTY = """DO $$ DECLARE name text; BEGIN
    SET LOCAL search_path = {schema};
    SET LOCAL session_replication_role = replica;
    FOR name IN SELECT tablename FROM pg_tables WHERE schemaname = '{schema}' LOOP
        EXECUTE format('DELETE FROM %I', name);
    END LOOP;
    FOR name IN SELECT sequencename FROM pg_sequences WHERE schemaname = '{schema}' AND last_value IS NOT NULL LOOP
        PERFORM setval(name, 1, false);
    END LOOP;
    INSERT INTO alembic_version VALUES ('{revision}');
END $$"""
"""TRUNCATE makes every file of a table anew, which takes many times as long."""


class Stock(Protocol):
    """Where a test gets ledgers from; `name` is the database's, as `Connection.dialect.name` is."""

    name: str

    def again(self) -> Stock:
        """The same, with whatever it gave before free to be given again."""

    def ledger(self) -> Place:
        """A place with a migrated ledger without rows: migrating takes longer than most tests."""

    def nothing(self) -> Place:
        """A place where no ledger has been."""


class SqliteStock:
    """Files in a test's folder, copied from one that was migrated."""

    name = "sqlite"

    def __init__(self, folder: Path, template: Path) -> None:
        self._folder = folder
        self._template = template
        self._numbers = count()

    def again(self) -> SqliteStock:
        return self

    def ledger(self) -> Path:
        path = self.nothing()
        shutil.copy(self._template, path)
        return path

    def nothing(self) -> Path:
        path = self._folder / str(next(self._numbers)) / LEDGER_FILE
        path.parent.mkdir()
        return path


class PostgresqlStock:
    """Schemas of one database; those with a ledger are emptied when they are given again."""

    name = "postgresql"

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self._migrated = 0
        self._used = 0
        self._numbers = count()

    def again(self) -> PostgresqlStock:
        self._used = 0
        return self

    def ledger(self) -> Place:
        schema, self._used = f"ledger{self._used}", self._used + 1
        place = self.cluster.place(schema=schema)
        if self._used > self._migrated:
            self.cluster.do(f"CREATE SCHEMA {schema}")
            open_ledger(place).close()
            self._migrated = self._used
        else:
            self.cluster.do(_EMPTY.format(schema=schema, revision=REVISION))
        return place

    def nothing(self) -> Place:
        schema = f"nothing{next(self._numbers)}"
        self.cluster.do(f"CREATE SCHEMA {schema}")
        return self.cluster.place(schema=schema)
