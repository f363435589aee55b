"""Transactions: one way to write, one way to read, with waiting and error translation in one place."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from sqlalchemy import Connection, RootTransaction
from sqlalchemy.exc import DBAPIError

from service.clock import Clock, SystemClock
from service.ledger import dialect
from service.pulse import WRITE_LIMIT_S, Pulse

LEDGER_FILE = "ledger.sqlite3"

_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a writer waits for the lock: `tries` times `busy_timeout_s`, with a random pause between."""

    busy_timeout_s: float = dialect.BUSY_TIMEOUT_S
    tries: int = 3
    pause_s: float = 0.2


class Database:
    """The ledger's file, shared by the threads of one process."""

    def __init__(
        self, path: Path, *, read_only: bool = False, patience: Patience | None = None, clock: Clock | None = None
    ) -> None:
        self.path = path
        self.read_only = read_only
        self._patience = patience or Patience()
        self._clock = clock or SystemClock()
        self._engine = dialect.connect_engine(path, read_only=read_only, busy_timeout_s=self._patience.busy_timeout_s)
        self._writer = threading.Lock()
        self.writing = Pulse("ledger", limit_s=WRITE_LIMIT_S, clock=self._clock)
        """At work while a transaction that writes is open or waits for the lock: it ticks as it begins."""
        self._pulse_lock = threading.Lock()
        self._pulse = None if read_only else self._translating(self._engine.raw_connection)

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Run one transaction that holds the write lock from its start; committed at the end, or rolled back whole.

        Raises `LedgerBusy`, `LedgerUnavailable` or `LedgerCorrupt`; then nothing has been changed. Threads of this
        process take turns on a lock of their own, because SQLite's busy handler is unfair and sleeps.
        """
        with (
            self._writer,
            self.writing.at_work(),
            self._errors(),
            self._engine.connect() as connection,
            self._begun(dialect.for_writing(connection)),
        ):
            yield connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Run one transaction that sees one state of the ledger throughout and blocks nobody."""
        with self._errors(), self._engine.connect() as connection, connection.begin():
            yield connection

    def data_version(self) -> int:
        """Return a number that changes whenever any other connection, of any process, has committed."""
        connection = self._pulse.driver_connection if self._pulse is not None else None
        if connection is None:
            raise RuntimeError("a ledger that is closed, or open to be read only, has no data_version")
        with self._pulse_lock, self._errors():
            return dialect.data_version(connection)

    def scrub(self) -> None:
        """Fold the log into the file and cut it to nothing, so that it keeps no copy of what was deleted.

        Readers of other processes can hinder that; then the log keeps it until the next time.
        """
        with self._writer, self._errors(), self._engine.connect() as connection:
            dialect.scrub(connection)

    def close(self) -> None:
        """Close every connection; the log is folded into the file when this was the last one."""
        if self._pulse is not None:
            self._pulse.close()
        self._engine.dispose()

    def _begun(self, connection: Connection) -> RootTransaction:
        for attempt in range(1, self._patience.tries + 1):
            try:
                return connection.begin()
            except DBAPIError as exc:
                if attempt == self._patience.tries or not dialect.is_busy(exc):
                    raise
                connection.rollback()
                self._clock.sleep(random.uniform(0.5, 1.5) * self._patience.pause_s)  # noqa: S311 - jitter, no secret
        raise AssertionError("the loop returns or raises")

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except dialect.DatabaseError as exc:
            word = dialect.translated(exc, self.path)
            if word is None:
                raise
            raise word from exc

    def _translating(self, action: Callable[[], _T]) -> _T:
        with self._errors():
            return action()
