"""What the ledger keeps for whoever looks on: the service's live note, and what has changed since the last look."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from service.ledger import listing, rows
from service.ledger.live_table import live_note
from service.ledger.side import Side
from service.ledger.states import State
from service.ledger.tables import jobs

if TYPE_CHECKING:
    from service.ledger.values import Job

_THE_ROW = 1
_STATES = select(jobs.c.state, func.count().label("number")).group_by(jobs.c.state)
_NOTE = select(live_note.c.pid, live_note.c.at, live_note.c.note)


@dataclass(frozen=True, slots=True)
class LiveText:
    """A live note as it stands in the ledger. pid: who wrote it. at: wall-clock seconds. note: JSON."""

    pid: int
    at: float
    note: str


@dataclass(frozen=True)
class LiveSide(Side):
    """Cheap questions, to be asked every second; and the one thing that is written for their sake."""

    def note_live(self, text: LiveText) -> None:
        """Keep a live note in place of the one before."""
        with self.database.write() as connection:
            connection.execute(live_note.delete())
            connection.execute(live_note.insert(), {"row": _THE_ROW, "pid": text.pid, "at": text.at, "note": text.note})

    def live_note(self) -> LiveText | None:
        """Return the last live note, None before the first; whether its writer is alive is for the caller to see."""
        with self.database.read() as connection:
            row = connection.execute(_NOTE).one_or_none()
        return None if row is None else LiveText(*row)

    def state_counts(self) -> dict[State, int]:
        """Count jobs by state, and nothing else: from an index alone."""
        with self.database.read() as connection:
            return {row.state: row.number for row in connection.execute(_STATES)}

    def updated_since(self, at: float, *, limit: int) -> list[Job]:
        """Return the jobs that were written to at this wall-clock time or later, the latest first."""
        latest = (jobs.c.updated_at.desc(), jobs.c.job_id.desc())
        with self.database.read() as connection:
            return rows.fetch(connection, jobs.c.updated_at >= at, order=latest, limit=limit)

    def latest_update(self) -> float:
        """Return when any job was written to last, by the wall clock; 0 where there is none."""
        with self.database.read() as connection:
            return connection.scalar(select(func.max(jobs.c.updated_at))) or 0.0

    def described_times(self, since: float) -> list[float]:
        """Return when each document was described that was described since then, in wall-clock seconds, unordered."""
        # Described is before done: the index leaves only those to be read that can be among them.
        recent = (jobs.c.state == State.DONE, jobs.c.changed_at >= since)
        found = select(jobs.c.described_at).where(*recent, jobs.c.described_at >= since)
        with self.database.read() as connection:
            return [float(at) for at in connection.scalars(found).all()]

    def jobs_named(
        self, words: str, states: Collection[State] | None = None, *, limit: int, after: tuple[float, int] | None = None
    ) -> list[Job]:
        """Return what `jobs` does, of those whose path below their inbox has every one of the words, in any case."""
        with self.database.read() as connection:
            return listing.named(connection, words, states, after=after, limit=limit)
