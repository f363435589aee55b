"""PostgreSQL: a server, asked through psycopg. Only it and its two neighbours know `psycopg`, and SQLSTATEs."""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

import psycopg
from sqlalchemy import Connection, Engine, RootTransaction, Table, create_engine, event
from sqlalchemy.exc import DBAPIError, StatementError
from sqlalchemy.pool import QueuePool

from service.clock import Clock
from service.errors import ReelwatchError, StateLocked
from service.ledger.dialects import postgresql_errors, postgresql_session
from service.ledger.dialects.base import Access, Dialect, writes
from service.ledger.dialects.postgresql_outcome import was_committed
from service.ledger.dialects.postgresql_session import SERVICE, WRITE, Session
from service.ledger.errors import LedgerBusy, LedgerCorrupt, LedgerError
from service.ledger.place import ServerPlace
from service.ledger.tables import metadata

_SIZE = """SELECT sum(pg_total_relation_size(c.oid))::bigint FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
    WHERE nspname = current_schema() AND relname = ANY(%s)"""


class PostgresqlDialect(Dialect):
    """A ledger in the schema that comes first in the search path of a database.

    Who writes holds an advisory lock from the start to the end of the transaction. An exclusive one holds another, of
    its session, on the very connection it writes on: once that lock is lost, nothing can be written any more.
    """

    scrubs_alone = False  # VACUUM lets others write, and takes its time
    errors = (StatementError, psycopg.Error)

    def __init__(self, place: ServerPlace, access: Access) -> None:
        super().__init__(place, access)
        self._server = place
        self._schema = 0
        self._was_ours = False
        self._reading = _engine(self._connect, _begin_reading, size=4, overflow=16)
        self._writing = _engine(self._connect_to_write, self._begin_writing, size=1, overflow=0)

    @property
    def reading(self) -> Engine:
        """Transactions of REPEATABLE READ, READ ONLY."""
        return self._reading

    @property
    def writing(self) -> Engine:
        """One connection; transactions of READ COMMITTED that begin with the write lock: they see all there is."""
        return self._writing

    def there(self) -> bool:
        """Say whether a ledger's tables are there."""
        return bool(self._asked("SELECT to_regclass('alembic_version') IS NOT NULL"))

    def prepare(self) -> None:
        """Do nothing: a database is its administrator's to make."""

    def require_whole(self, connection: Connection) -> None:
        """Read through the tables of jobs and names; damage that is met is the server's to tell (`translated`)."""
        for table in ("jobs", "document_names"):
            if connection.exec_driver_sql(f"SELECT to_regclass('{table}')").scalar() is not None:
                connection.exec_driver_sql(f"SELECT count({table}::text) FROM {table}")  # noqa: S608 - names of ours

    def put_aside(self, *, now: float, damage: str) -> Path:
        """Refuse: what lies on a server is its administrator's, who has backups."""
        del now
        self.close()
        raise LedgerCorrupt(
            f"{damage} Restore it with PostgreSQL's own means, or drop its tables: `reelwatch run` makes them anew and "
            "takes up the documents that lie in the output."
        )

    def data_version(self) -> int:
        """Return the server's snapshot, spelled as a number: two that are the same see the same commits.

        What others write on the same server changes it too.
        """
        return int.from_bytes(str(self._asked("SELECT pg_current_snapshot()::text")).encode())

    def scrub(self, tables: Collection[Table]) -> None:
        """Give deleted rows' room free (VACUUM); what remains in it, in the server's log and backups is not ours."""
        self._asked(f"VACUUM {', '.join(table.name for table in tables)}")

    def size_bytes(self) -> int | None:
        """Return the size of the tables with their indices."""
        found = self._asked(_SIZE, ([*metadata.tables, "alembic_version"],))
        return None if found is None else int(found)

    def is_busy(self, error: DBAPIError) -> bool:
        """Say whether a lock could not be had in time."""
        return postgresql_errors.sqlstate(error) in postgresql_errors.BUSY

    def translated(self, error: Exception) -> ReelwatchError | None:
        """Go by SQLSTATE, and by what libpq says where connecting fails."""
        cause = error.orig if isinstance(error, StatementError) else error
        if isinstance(cause, ReelwatchError):
            return cause  # ours already: SQLAlchemy wraps what is met while it connects anew
        return postgresql_errors.translated(error, self._server)

    def commit(self, transaction: RootTransaction, *, clock: Clock, alive: Callable[[], None]) -> None:
        """Commit; where the server is lost in the middle of that, find out what became of it.

        Raises `LedgerUncertain` where that cannot be found out in time. What is expendable is not asked about.
        """
        if not self.access.durable:
            transaction.commit()
            return
        number = transaction.connection.exec_driver_sql("SELECT pg_current_xact_id_if_assigned()::text").scalar()
        try:
            transaction.commit()
        except DBAPIError as exc:
            lost = number is not None and exc.connection_invalidated
            if not (lost and was_committed(str(number), self._server, self.access, clock=clock, alive=alive)):
                raise

    def close(self) -> None:
        """Close every connection, the service's lock let go before."""
        if self.access.exclusive and cast("QueuePool", self._writing.pool).checkedin():
            with suppress(psycopg.Error, DBAPIError, LedgerError):  # it is lost, and the lock with it
                pooled = self._writing.raw_connection()
                postgresql_session.unlock_all(cast("Session", pooled.driver_connection))
                pooled.close()
        self._writing.dispose()
        self._reading.dispose()

    def _connect(self) -> Session:
        session, self._schema = postgresql_session.connected(self._server, self.access)
        return session

    def _connect_to_write(self) -> Session:
        session = self._connect()
        if self.access.exclusive:
            try:
                self._make_ours(session)
            except BaseException:
                session.close()
                raise
        return session

    def _make_ours(self, session: Session) -> None:
        try:
            postgresql_session.lock(session, SERVICE, self._schema)
        except psycopg.errors.LockNotAvailable:
            name, host = postgresql_session.holder(session, SERVICE, self._schema)
            word = (
                f"{self.place}: the ledger is in use by {name} at {host}. Stop it, or give this one a ledger of its "
                "own: another database, or another schema (?options=-csearch_path%3Dname)."
            )
            # Later it may be our own connection before, of which the server does not know yet that it was cut off.
            raise (LedgerBusy(word) if self._was_ours else StateLocked(word)) from None
        self._was_ours = True

    def _begin_writing(self, connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN ISOLATION LEVEL READ COMMITTED")
        if writes(connection):
            number = postgresql_session.key(WRITE, self._schema)
            connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({number})")

    def _asked(self, question: str, values: tuple[Any, ...] | None = None) -> Any:
        """Ask one thing outside any transaction; connections that were cut off meanwhile are replaced once."""
        try:
            return self._ask(question, values)
        except psycopg.OperationalError:
            self._reading.dispose()
            return self._ask(question, values)

    def _ask(self, question: str, values: tuple[Any, ...] | None) -> Any:
        pooled = self._reading.raw_connection()
        try:
            cursor = cast("Session", pooled.driver_connection).execute(question.encode(), values)
            row = cursor.fetchone() if cursor.description else None
        except BaseException:
            pooled.invalidate()
            raise
        pooled.close()
        return None if row is None else row[0]


def _engine(connect: Callable[[], Session], begin: Callable[[Connection], None], *, size: int, overflow: int) -> Engine:
    """Return an engine; nothing is opened yet. `begin` begins every transaction."""
    engine = create_engine(
        "postgresql+psycopg://",
        creator=connect,
        poolclass=QueuePool,
        pool_size=size,
        max_overflow=overflow,
        use_native_hstore=False,
    )
    event.listen(engine, "begin", begin)
    return engine


def _begin_reading(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY")
