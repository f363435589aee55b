"""Transactions: one way to write, one way to read, with waiting and error translation in one place."""

from __future__ import annotations

import random
import threading
from collections.abc import Collection, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass

from sqlalchemy import Connection, RootTransaction, Table
from sqlalchemy.exc import DBAPIError

from service.clock import Clock, SystemClock
from service.ledger.dialects import dialect_of
from service.ledger.dialects.base import BUSY_TIMEOUT_S, Access
from service.ledger.place import Place
from service.pulse import WRITE_LIMIT_S, Pulse

LEDGER_FILE = "ledger.sqlite3"


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a writer waits for the lock: `tries` times `busy_timeout_s`, with a random pause between."""

    busy_timeout_s: float = BUSY_TIMEOUT_S
    tries: int = 3
    pause_s: float = 0.2


class Database:
    """The ledger's database, shared by the threads of one process; nothing is opened before it is used."""

    def __init__(
        self,
        place: Place,
        *,
        read_only: bool = False,
        exclusive: bool = False,
        durable: bool = True,
        patience: Patience | None = None,
        clock: Clock | None = None,
    ) -> None:
        self.place = place
        self._patience = patience or Patience()
        self._clock = clock or SystemClock()
        timeout_s = self._patience.busy_timeout_s
        access = Access(read_only=read_only, exclusive=exclusive, busy_timeout_s=timeout_s, durable=durable)
        self.dialect = dialect_of(place, access)
        self._writer = threading.Lock()
        self.writing = Pulse("ledger", limit_s=WRITE_LIMIT_S, clock=self._clock)
        """At work while a transaction that writes is open or waits for the lock: it ticks as it begins."""

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """Run one transaction that holds the write lock from its start; committed at the end, or rolled back whole.

        Raises `LedgerBusy`, `LedgerUnavailable` or `LedgerCorrupt`; then nothing has been changed. Threads of this
        process take turns on a lock of their own, because a database's own is unfair, or sleeps.
        """
        with (
            self._writer,
            self.writing.at_work(),
            self._errors(),
            self.dialect.writing.connect() as connection,
            self._begun(self.dialect.for_writing(connection)) as transaction,
        ):
            yield connection
            self.dialect.commit(transaction, clock=self._clock, alive=self.writing.tick)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """Run one transaction that sees one state of the ledger throughout and blocks nobody."""
        with self._errors(), self.dialect.reading.connect() as connection, self._begun(connection):
            yield connection

    def there(self) -> bool:
        """Say whether there is a ledger; raises `ConfigError` when that, or the ledger, may not be read."""
        with self._errors():
            return self.dialect.there()

    def data_version(self) -> int:
        """Return a number that changes whenever any other connection, of any process, has committed."""
        with self._errors():
            return self.dialect.data_version()

    def size_bytes(self) -> int | None:
        """Return how much room the ledger takes; None where that is not known."""
        with self._errors():
            return self.dialect.size_bytes()

    def scrub(self, tables: Collection[Table]) -> None:
        """Have no copy kept of what was deleted from these; readers of other processes can put that off."""
        with self._writer if self.dialect.scrubs_alone else nullcontext(), self._errors():
            self.dialect.scrub(tables)

    def close(self) -> None:
        """Close every connection."""
        self.dialect.close()

    def _begun(self, connection: Connection) -> RootTransaction:
        for attempt in range(1, self._patience.tries + 1):
            try:
                return connection.begin()
            except DBAPIError as exc:
                busy, stale = self.dialect.is_busy(exc), exc.connection_invalidated
                if attempt == self._patience.tries or not (busy or stale):
                    raise
                connection.rollback()
                if busy:
                    self._clock.sleep(random.uniform(0.5, 1.5) * self._patience.pause_s)  # noqa: S311 - jitter, no secret
        raise AssertionError("the loop returns or raises")

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except self.dialect.errors as exc:
            word = self.dialect.translated(exc)
            if word is None:
                raise
            raise word from exc
