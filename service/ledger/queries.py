"""What people ask the ledger: how much, which, why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import Text, and_, case, func, or_, select, type_coerce

from service.ledger import listing, rows
from service.ledger.afterwork_values import DOCUMENT
from service.ledger.listing import CHANGED_LAST, LISTED
from service.ledger.page import precedence
from service.ledger.side import Side
from service.ledger.states import SETTLING, State
from service.ledger.tables import jobs
from service.ledger.values import Counts, Job

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Connection

    from service.intake.ports import Location


_DOCUMENTED = (
    jobs.c.document.is_not(None),
    jobs.c.state != State.SUPERSEDED,
    type_coerce(jobs.c.purged, Text).not_like(f'%"{DOCUMENT}"%'),
)
"""Has a document; one that retention deleted is none any more."""
# One pass over the table: the heartbeat asks this every minute, whatever the number of jobs.
_COUNTS = select(
    jobs.c.state,
    jobs.c.reason,
    func.count().label("number"),
    func.sum(case((and_(*_DOCUMENTED), 1), else_=0)).label("documents"),
    func.sum(case((jobs.c.source_missing.is_(True), 1), else_=0)).label("source_missing"),
    func.min(jobs.c.created_at).label("created_at"),
    func.min(jobs.c.queued_at).label("queued_at"),
    func.max(jobs.c.changed_at).label("changed_at"),
).group_by(jobs.c.state, jobs.c.reason)


@dataclass(frozen=True)
class QuerySide(Side):
    """Questions; none changes anything, and none waits for a writer."""

    def job(self, job_id: int) -> Job:
        """Return one job; raises `UnknownJob`."""
        with self.database.read() as connection:
            return rows.get(connection, job_id)

    def counts(self) -> Counts:
        """Count jobs per state and reason, and say since when the oldest wait. Superseded ones count as such only."""
        with self.database.read() as connection:
            found = connection.execute(_COUNTS).all()
        settling = [row.created_at for row in found if row.state in SETTLING]
        return Counts(
            states=dict(_summed((row.state, row.number) for row in found)),
            reasons={(row.state, row.reason): row.number for row in found if row.reason is not None},
            documents=sum(row.documents for row in found),
            source_missing=sum(row.source_missing for row in found if row.state not in _NOT_THERE),
            oldest_settling_at=min(settling, default=None),
            oldest_queued_at=min((row.queued_at for row in found if row.state is State.QUEUED), default=None),
            last_done_at=max((row.changed_at for row in found if row.state is State.DONE), default=None),
        )

    def jobs(
        self,
        states: Collection[State] | None = None,
        *,
        limit: int | None = None,
        after: tuple[float, int] | None = None,
    ) -> list[Job]:
        """Return jobs in these states (None: all but the superseded), those changed last first; without a limit, all.

        after: the `changed_at` and number of the job that the page before ended with; for pages, which have a limit.
        """
        with self.database.read() as connection:
            if limit is not None:
                return listing.newest(connection, states, after=after, limit=limit)
            return rows.fetch(
                connection, jobs.c.state.in_(list(LISTED if states is None else states)), order=CHANGED_LAST
            )

    def described(self, video_id: str) -> Job | None:
        """Return the job that made the document of a video, whose name is the first digits of its SHA-256."""
        end = video_id[:-1] + chr(ord(video_id[-1]) + 1)
        of_it = and_(jobs.c.sha256 >= video_id, jobs.c.sha256 < end, jobs.c.output_root == self.output_root)
        with self.database.read() as connection:
            found = rows.fetch(connection, of_it, *_DOCUMENTED, order=(jobs.c.is_primary.desc(),), limit=1)
        return found[0] if found else None

    def documented(self, numbers: Collection[int]) -> set[int]:
        """Return those of these jobs that have a document."""
        with self.database.read() as connection:
            return set(connection.scalars(select(jobs.c.job_id).where(jobs.c.job_id.in_(numbers), *_DOCUMENTED)).all())

    def find(self, path: bytes) -> list[Job]:
        """Return the jobs of an absolute path, the one that speaks for it first; superseded ones left out."""
        with self.database.read() as connection:
            return find(connection, path)

    def stale_documents(self, settings_key: str) -> int:
        """Count documents not known to be made under the settings with this fingerprint."""
        other = or_(jobs.c.settings_key != settings_key, jobs.c.settings_key.is_(None))
        with self.database.read() as connection:
            return _count(connection, *_DOCUMENTED, other)

    def data_version(self) -> int:
        """Return a number that changes whenever the ledger was changed, by whomever; costs a query at most."""
        return self.database.data_version()

    def size_bytes(self) -> int | None:
        """Return how much room the ledger takes, with its log and indices; None where that is not known."""
        return self.database.size_bytes()


_NOT_THERE = frozenset({State.GONE, State.SUPERSEDED})


def find(connection: Connection, path: bytes) -> list[Job]:
    """Return the jobs of an absolute path, in whatever inbox it was seen."""
    return sorted(rows.at(connection, locations_of(path)), key=precedence, reverse=True)


def locations_of(path: bytes) -> list[Location]:
    """Return every way to read an absolute path as root and relative path."""
    parts = path.split(b"/")
    return [(b"/".join(parts[:cut]) or b"/", b"/".join(parts[cut:])) for cut in range(1, len(parts))]


def _count(connection: Connection, *where: ColumnElement[bool]) -> int:
    return connection.scalar(select(func.count()).select_from(jobs).where(*where)) or 0


def _summed(numbers: Iterable[tuple[State, int]]) -> Counter[State]:
    total: Counter[State] = Counter()
    for state, number in numbers:
        total[state] += number
    return total
