"""What the ledger keeps about the service itself, so that other processes need not guess its flags."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

from sqlalchemy import select

from service.ledger.side import Side
from service.ledger.tables import service_start, work_pause
from service.ledger.values import ServiceStart, WorkPause

if TYPE_CHECKING:
    from sqlalchemy import Connection, Table

_RowT = TypeVar("_RowT", ServiceStart, WorkPause)
_THE_ROW = 1


@dataclass(frozen=True)
class ServiceSide(Side):
    """Notes of the running service, which it replaces, and which outlive it."""

    def note_start(self, start: ServiceStart) -> None:
        """Keep what the service was started with, at this moment unless it says when, in place of the one before."""
        with self.database.write() as connection:
            _keep(connection, service_start, asdict(replace(start, started_at=start.started_at or self.clock.wall())))

    def note_pause(self, pause: WorkPause | None) -> None:
        """Keep that work is paused, since now, or with None that it is not; costs no write when nothing changes."""
        if pause is None and self.work_pause() is None:
            return
        with self.database.write() as connection:
            if pause is None:
                connection.execute(work_pause.delete())
            else:
                _keep(connection, work_pause, asdict(replace(pause, since=self.clock.wall())))

    def service_start(self) -> ServiceStart | None:
        """Return what the service that runs, or ran last, was started with; None before the first."""
        with self.database.read() as connection:
            return _kept(connection, service_start, ServiceStart)

    def work_pause(self) -> WorkPause | None:
        """Return why work is paused, None when it is not; a note of a process that has ended since says nothing."""
        with self.database.read() as connection:
            return _kept(connection, work_pause, WorkPause)


def _keep(connection: Connection, table: Table, values: dict[str, Any]) -> None:
    connection.execute(table.delete())
    connection.execute(table.insert(), {"row": _THE_ROW, **values})


def _kept(connection: Connection, table: Table, kind: type[_RowT]) -> _RowT | None:
    row = connection.execute(select(*(column for column in table.c if column.name != "row"))).one_or_none()
    return None if row is None else kind(*row)
