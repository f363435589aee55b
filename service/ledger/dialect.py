"""Everything that is SQLite's own: connecting, locking, error codes, checks. No other module knows which database."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import QueuePool

from service.ledger.errors import (
    LedgerBusy,
    LedgerCorrupt,
    LedgerError,
    LedgerMissing,
    LedgerUnavailable,
)

if TYPE_CHECKING:
    from sqlalchemy.engine.interfaces import DBAPIConnection

BUSY_TIMEOUT_S = 5.0
QUICK_CHECK_MIB = 128
"""Above this the results are not read through at every start: from cache, 113 MiB took 0.07 s of CPU."""
_WAL_KEPT_MIB = 64
_SETTINGS = (
    "journal_mode = WAL",
    # FULL: a commit survives power loss, not only a kill; in WAL it costs one fsync of the log.
    "synchronous = FULL",
    "foreign_keys = ON",
    # Retention and redaction promise that what was deleted is gone; by default it lies on in free pages.
    "secure_delete = ON",
    f"journal_size_limit = {_WAL_KEPT_MIB << 20}",
)
_READER_SETTINGS = ("query_only = ON",)
_WRITES = "ledger_writes"
_PRIMARY = 0xFF
_UNAVAILABLE = {
    sqlite3.SQLITE_FULL: ("disk_full", "the disk is full"),
    sqlite3.SQLITE_READONLY: ("read_only", "it may not be written to"),
    sqlite3.SQLITE_IOERR: ("io_error", "the disk reports an I/O error"),
    sqlite3.SQLITE_PERM: ("not_writable", "it may not be opened"),
    sqlite3.SQLITE_CANTOPEN: ("not_writable", "it cannot be opened"),
    sqlite3.SQLITE_NOMEM: ("out_of_memory", "memory is short"),
}
"""Primary result code to a reason and a sentence."""


def connect_engine(path: Path, *, read_only: bool, busy_timeout_s: float = BUSY_TIMEOUT_S) -> Engine:
    """Return an engine on the file; nothing is opened yet.

    sqlite3 starts no transaction of its own (`isolation_level=None`): with its default it begins deferred ones before
    DML and none before DDL. `_begin` starts every one.
    """
    uri = f"{path.absolute().as_uri()}?mode={'ro' if read_only else 'rwc'}"

    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect(
            uri, uri=True, timeout=busy_timeout_s, isolation_level=None, check_same_thread=False, cached_statements=256
        )
        try:
            for setting in _READER_SETTINGS if read_only else _SETTINGS:
                connection.execute(f"PRAGMA {setting}")
        except sqlite3.Error:
            connection.close()
            raise
        return connection

    engine = create_engine("sqlite://", creator=connect, poolclass=QueuePool, pool_size=4)
    event.listen(engine, "begin", _begin)
    return engine


def for_writing(connection: Connection) -> Connection:
    """Make the connection's next transaction take the write lock at its start.

    A transaction that reads first and writes later fails at once with SQLITE_BUSY_SNAPSHOT when somebody else wrote in
    between; no busy timeout helps there.
    """
    return connection.execution_options(**{_WRITES: True})


def data_version(connection: DBAPIConnection) -> int:
    """Return a number that differs from the one before whenever another connection has committed in between."""
    cursor = connection.cursor()
    try:
        cursor.execute("PRAGMA data_version")
        row = cursor.fetchone()
    finally:
        cursor.close()
    assert row is not None, "PRAGMA data_version always answers"  # noqa: S101 - for the type checker
    return int(row[0])


def require_whole(connection: Connection, path: Path) -> None:
    """Raise `LedgerCorrupt` where damage is found.

    The tables of jobs and names are always read through; the (large) table of results while the file is small.
    """
    small = path.stat().st_size <= QUICK_CHECK_MIB << 20
    present = connection.exec_driver_sql("SELECT name FROM sqlite_schema WHERE type = 'table'").scalars().all()
    tables = [None] if small else [name for name in present if name in {"jobs", "document_names"}]
    for table in tables:
        question = "PRAGMA quick_check(1)" if table is None else f"PRAGMA quick_check('{table}')"
        verdict = str(connection.exec_driver_sql(question).scalar())
        if verdict != "ok":
            raise LedgerCorrupt(f"{path}: the ledger is damaged: {verdict}")


def scrub(connection: Connection) -> None:
    """Empty the write-ahead log (`PRAGMA wal_checkpoint(TRUNCATE)`); a busy reader leaves it as it is."""
    raw = connection.connection.driver_connection
    if raw is not None:
        raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")


DatabaseError = (DBAPIError, sqlite3.Error)
"""What a failing database raises: SQLAlchemy wraps it, but for what fails while connecting."""


def is_busy(error: DBAPIError) -> bool:
    """Say whether the error means that somebody else holds the lock."""
    return _code(error) in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}


def translated(error: DBAPIError | sqlite3.Error, path: Path) -> LedgerError | None:
    """Return the ledger's word for a database error, or None where it is a bug of ours."""
    cause = error.orig if isinstance(error, DBAPIError) else error
    code = _code(error)
    if code in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
        return LedgerBusy(f"{path}: another process is writing to the ledger and does not finish. Try again shortly.")
    if code in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}:
        return LedgerCorrupt(f"{path}: the ledger is damaged ({cause}). `reelwatch run` puts it aside and rebuilds.")
    if code == sqlite3.SQLITE_CANTOPEN and not path.exists():
        return LedgerMissing(f"{path}: there is no ledger here yet. `reelwatch run` or `process` makes it.")
    if code in _UNAVAILABLE:
        reason, why = _UNAVAILABLE[code]
        return LedgerUnavailable(f"{path}: the ledger cannot be used: {why} ({cause}).", reason=reason)
    return None


def files_of(path: Path) -> list[Path]:
    """Return the database's file and the two that belong to it."""
    return [path, path.with_name(path.name + "-wal"), path.with_name(path.name + "-shm")]


def _code(error: DBAPIError | sqlite3.Error) -> int | None:
    code = getattr(error.orig if isinstance(error, DBAPIError) else error, "sqlite_errorcode", None)
    return None if code is None else code & _PRIMARY


def _begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get(_WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
