"""What a database must be able to do to hold a ledger."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from sqlalchemy import Connection, Engine, RootTransaction, Table
from sqlalchemy.exc import DBAPIError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from pathlib import Path

    from service.clock import Clock
    from service.errors import ReelwatchError
    from service.ledger.place import Place

BUSY_TIMEOUT_S = 5.0
WRITES = "ledger_writes"


@dataclass(frozen=True, slots=True)
class Access:
    """How a ledger is opened.

    read_only: writing fails. exclusive: by the one service that works on it; where no file can be locked for that, the
    database sees to it. busy_timeout_s: how long one attempt to begin a transaction that writes waits for its lock.
    durable: a commit is on disk when it returns. Without that, power loss takes the last ones, whole, and no others.
    """

    read_only: bool = False
    exclusive: bool = False
    busy_timeout_s: float = BUSY_TIMEOUT_S
    durable: bool = True


class Dialect(ABC):
    """One database at one place, with the connections of this process to it."""

    scrubs_alone: ClassVar[bool]
    """Whether nobody else of this process may write while it scrubs."""
    errors: ClassVar[tuple[type[Exception], ...]]
    """What a failing database raises: SQLAlchemy wraps what its driver does, but not what fails while connecting."""

    def __init__(self, place: Place, access: Access) -> None:
        self.place = place
        self.access = access

    @property
    @abstractmethod
    def reading(self) -> Engine:
        """Connections whose transactions see one state of the ledger throughout, and block nobody."""

    @property
    @abstractmethod
    def writing(self) -> Engine:
        """Connections that write: to be asked for through `for_writing`."""

    @abstractmethod
    def there(self) -> bool:
        """Say whether a ledger is there; raises `ConfigError` where that may not be known."""

    @abstractmethod
    def prepare(self) -> None:
        """Make what must be there before a ledger can be opened for the first time."""

    @abstractmethod
    def require_whole(self, connection: Connection) -> None:
        """Raise `LedgerCorrupt` where damage is found by a look that a start can afford."""

    @abstractmethod
    def put_aside(self, *, now: float, damage: str) -> Path:
        """Take a damaged ledger out of the way, whole; overwrite nothing; return where it lies now.

        Raises `LedgerCorrupt` where that is not for us to do.
        """

    @abstractmethod
    def data_version(self) -> int:
        """Return a number that differs from the one before whenever another connection has committed in between."""

    @abstractmethod
    def scrub(self, tables: Collection[Table]) -> None:
        """Have nothing of what was deleted from these remain in what the database keeps, as far as that is ours."""

    @abstractmethod
    def size_bytes(self) -> int | None:
        """Return how much room the ledger takes, None where that is not known."""

    @abstractmethod
    def is_busy(self, error: DBAPIError) -> bool:
        """Say whether the error means that somebody else holds the lock."""

    @abstractmethod
    def translated(self, error: Exception) -> ReelwatchError | None:
        """Return the ledger's word for a database error, or None where it is a bug of ours."""

    @abstractmethod
    def close(self) -> None:
        """Close every connection."""

    def for_writing(self, connection: Connection) -> Connection:
        """Make the connection's next transaction take the write lock at its start."""
        return connection.execution_options(**{WRITES: True})

    def commit(self, transaction: RootTransaction, *, clock: Clock, alive: Callable[[], None]) -> None:
        """Commit; when this returns, the changes are on disk, and when it raises, they are not made.

        alive: to be called now and then where it takes longer.
        """
        del clock, alive
        transaction.commit()


def writes(connection: Connection) -> bool:
    """Say whether the transaction that begins is to hold the write lock."""
    return bool(connection.get_execution_options().get(WRITES, False))
