"""SQLite: a file, its log, and one writer at a time. No other module imports `sqlite3` or knows a PRAGMA."""

from __future__ import annotations

import errno
import os
import sqlite3
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, Engine, Table, create_engine, event
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import QueuePool

from service.ledger.dialects.base import Access, Dialect, writes
from service.ledger.errors import (
    LedgerBusy,
    LedgerCorrupt,
    LedgerError,
    LedgerUnavailable,
    missing,
    unreadable,
)
from service.ledger.library.spoken import NAME, words_between

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy.pool import PoolProxiedConnection

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
# In WAL mode nothing is torn by it, and what others commit with FULL is as safe as before.
_EXPENDABLE_SETTINGS = ("synchronous = NORMAL",)
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


class SqliteDialect(Dialect):
    """A ledger in a file; who holds the state directory has it for itself, so `Access.exclusive` asks for nothing."""

    scrubs_alone = True  # a writer would keep the log from being emptied
    errors = (DBAPIError, sqlite3.Error)

    def __init__(self, path: Path, access: Access) -> None:
        super().__init__(path, access)
        self.path = path
        self._engine = _engine(path, access)
        self._pulse: PoolProxiedConnection | None = None
        self._pulse_lock = threading.Lock()
        self._closed = False

    @property
    def reading(self) -> Engine:
        """The one engine: in WAL mode readers and a writer do not meet."""
        return self._engine

    @property
    def writing(self) -> Engine:
        """As `reading`."""
        return self._engine

    def there(self) -> bool:
        """Say whether the file is there; raises `ConfigError` when that, or the file, may not be read."""
        try:
            self.path.stat()
            readable = os.access(self.path, os.R_OK)
        except (FileNotFoundError, NotADirectoryError):
            return False
        except OSError as exc:
            raise unreadable(self.path, exc.strerror) from exc
        if not readable:
            raise unreadable(self.path, os.strerror(errno.EACCES))
        return True

    def prepare(self) -> None:
        """Make the folder and the file, readable for nobody else."""
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with suppress(OSError):  # which the first transaction translates
            # Before SQLite makes it readable for whom the umask lets in; its log takes over the file's mode.
            os.close(os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))

    def require_whole(self, connection: Connection) -> None:
        """Read through the tables of jobs and names; the (large) table of results while the file is small."""
        small = self.path.stat().st_size <= QUICK_CHECK_MIB << 20
        present = connection.exec_driver_sql("SELECT name FROM sqlite_schema WHERE type = 'table'").scalars().all()
        tables = [None] if small else [name for name in present if name in {"jobs", "document_names"}]
        for table in tables:
            question = "PRAGMA quick_check(1)" if table is None else f"PRAGMA quick_check('{table}')"
            verdict = str(connection.exec_driver_sql(question).scalar())
            if verdict != "ok":
                raise LedgerCorrupt(f"{self.path}: the ledger is damaged: {verdict}")

    def put_aside(self, *, now: float, damage: str) -> Path:
        """Move the database, with its log, to `ledger.corrupt-<UTC time>` beside it."""
        del damage
        self.close()
        stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(now))
        name, number = f"ledger.corrupt-{stamp}", 1
        while (aside := self.path.with_name(name)).exists():
            number += 1
            name = f"ledger.corrupt-{stamp}-{number}"
        for source, target in zip(_files_of(self.path), _files_of(aside), strict=True):
            if source.exists():
                source.rename(target)
        return aside

    def data_version(self) -> int:
        """Return `PRAGMA data_version` of a connection that is asked nothing else."""
        with self._pulse_lock:
            if self._closed or self.access.read_only:
                raise RuntimeError("a ledger that is closed, or open to be read only, has no data_version")
            if self._pulse is None:
                self._pulse = self._engine.raw_connection()
            cursor = self._pulse.cursor()
            try:
                cursor.execute("PRAGMA data_version")
                row = cursor.fetchone()
            finally:
                cursor.close()
        assert row is not None, "PRAGMA data_version always answers"  # noqa: S101 - for the type checker
        return int(row[0])

    def scrub(self, tables: Collection[Table]) -> None:
        """Empty the write-ahead log (`PRAGMA wal_checkpoint(TRUNCATE)`); a busy reader leaves it as it is."""
        del tables  # one log has all
        with self._engine.connect() as connection:
            raw = connection.connection.driver_connection
            if raw is not None:
                raw.execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def size_bytes(self) -> int | None:
        """Return the size of the file with its log and index."""
        total, found = 0, False
        for file in _files_of(self.path):
            with suppress(OSError):  # all but the first are there only while somebody has the ledger open
                total, found = total + file.stat().st_size, True
        return total if found else None

    def is_busy(self, error: DBAPIError) -> bool:
        """Say whether somebody else holds the file's lock."""
        return _code(error) in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}

    def translated(self, error: Exception) -> LedgerError | None:
        """Go by SQLite's result code."""
        path, cause = self.path, error.orig if isinstance(error, DBAPIError) else error
        code = _code(error)
        if code in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}:
            return LedgerBusy(
                f"{path}: another process is writing to the ledger and does not finish. Try again shortly."
            )
        if code in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}:
            return LedgerCorrupt(
                f"{path}: the ledger is damaged ({cause}). `reelwatch run` puts it aside and rebuilds."
            )
        if code == sqlite3.SQLITE_CANTOPEN and not path.exists():
            return missing(path)
        if code in _UNAVAILABLE:
            reason, why = _UNAVAILABLE[code]
            return LedgerUnavailable(f"{path}: the ledger cannot be used: {why} ({cause}).", reason=reason)
        return None

    def close(self) -> None:
        """Close every connection; the log is folded into the file when this was the last one."""
        with self._pulse_lock:
            self._closed = True
            if self._pulse is not None:
                self._pulse.close()
                self._pulse = None
        self._engine.dispose()


def _engine(path: Path, access: Access) -> Engine:
    """Return an engine on the file; nothing is opened yet.

    sqlite3 starts no transaction of its own (`isolation_level=None`): with its default it begins deferred ones before
    DML and none before DDL. `_begin` starts every one.
    """
    uri = f"{path.absolute().as_uri()}?mode={'ro' if access.read_only else 'rwc'}"

    def connect() -> sqlite3.Connection:
        connection = sqlite3.connect(
            uri,
            uri=True,
            timeout=access.busy_timeout_s,
            isolation_level=None,
            check_same_thread=False,
            cached_statements=256,
        )
        try:
            for setting in _settings(access):
                connection.execute(f"PRAGMA {setting}")
            connection.create_function(NAME, 4, words_between, deterministic=True)
        except sqlite3.Error:
            connection.close()
            raise
        return connection

    engine = create_engine("sqlite://", creator=connect, poolclass=QueuePool, pool_size=4)
    event.listen(engine, "begin", _begin)
    return engine


def _settings(access: Access) -> tuple[str, ...]:
    if access.read_only:
        return _READER_SETTINGS
    return _SETTINGS if access.durable else (*_SETTINGS, *_EXPENDABLE_SETTINGS)


def _begin(connection: Connection) -> None:
    # A transaction that reads first and writes later fails at once with SQLITE_BUSY_SNAPSHOT when somebody else wrote
    # in between; no busy timeout helps there.
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes(connection) else "BEGIN")


def _files_of(path: Path) -> list[Path]:
    """Return the database's file and the two that belong to it."""
    return [path, path.with_name(path.name + "-wal"), path.with_name(path.name + "-shm")]


def _code(error: Exception) -> int | None:
    code = getattr(error.orig if isinstance(error, DBAPIError) else error, "sqlite_errorcode", None)
    return None if code is None else code & _PRIMARY
