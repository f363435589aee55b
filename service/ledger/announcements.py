"""Words to the webhook: written in the transaction that ends a job, kept until they are delivered."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Collection
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from sqlalchemy import exists, func, select, update

from service.ledger import rows
from service.ledger.afterwork_values import DELIVERED, FAILED, PENDING, Announcement, OutboxCounts
from service.ledger.side import Side
from service.ledger.tables import announcements

if TYPE_CHECKING:
    from sqlalchemy import Connection, Select

    from service.ledger.values import Job

GONE = "410"
"""The answer of a receiver that wants nothing more."""
_FIELDS = tuple(field.name for field in fields(Announcement))
_SELECT = select(*(announcements.c[name] for name in _FIELDS))
_earlier = announcements.alias("earlier")
_FIRST_OF_ITS_SUBJECT = ~exists().where(
    _earlier.c.state == PENDING,
    _earlier.c.subject == announcements.c.subject,
    _earlier.c.announcement_id < announcements.c.announcement_id,
)
_PENDING = announcements.c.state == PENDING
_REFUSED = exists().where(announcements.c.state == FAILED, announcements.c.answer == GONE)


def announce(
    connection: Connection, job: Job, *, kinds: Collection[str], now: float, status: str | None = None
) -> None:
    """Note that the webhook is to hear of this job's new state, if it is of those it wants to hear of."""
    if job.state.value not in kinds:
        return
    owner = rows.get(connection, job.duplicate_of) if job.duplicate_of is not None else None
    described = owner or job
    said = Announcement(
        announcement_id=0,
        message_id=f"msg_{uuid.uuid4().hex}",
        subject=job.sha256 or hashlib.sha256(job.absolute_path).hexdigest(),
        kind=job.state.value,
        at=now,
        job_id=job.job_id,
        sha256=job.sha256,
        path=job.absolute_path,
        output_root=described.output_root if described.document is not None else None,
        document=described.document,
        status=status,
        reason=job.reason,
        duplicate_of=owner.absolute_path if owner is not None else None,
        not_before=now,
    )
    values = {name: getattr(said, name) for name in _FIELDS if name != "announcement_id"}
    connection.execute(announcements.insert(), values)


@dataclass(frozen=True)
class AnnouncementSide(Side):
    """What whoever delivers asks of the outbox and tells it, and what people see of it."""

    def due_announcements(self, now: float, *, limit: int) -> list[Announcement]:
        """Return what is to be delivered now: of each subject only the oldest, so that order is kept."""
        return self._announcements(
            _SELECT.where(_PENDING, announcements.c.not_before <= now, _FIRST_OF_ITS_SUBJECT).limit(limit)
        )

    def next_announcement_at(self) -> float | None:
        """Return when the next delivery is due, in wall-clock seconds; None when nothing waits."""
        with self.database.read() as connection:
            earliest = select(func.min(announcements.c.not_before)).where(_PENDING, _FIRST_OF_ITS_SUBJECT)
            found: float | None = connection.scalar(earliest)
        return found

    def delivered(self, announcement_id: int, *, answer: str) -> None:
        """Note that the receiver has it."""
        self._end_announcement(announcement_id, DELIVERED, answer=answer)

    def give_up_announcement(self, announcement_id: int, *, answer: str) -> None:
        """Note that it is not tried again by itself."""
        self._end_announcement(announcement_id, FAILED, answer=answer)

    def announce_later(self, announcement_id: int, *, not_before: float, answer: str) -> None:
        """Note a failed attempt and when the next is due, in wall-clock seconds."""
        now = self.clock.wall()
        tried = {"attempts": announcements.c.attempts + 1, "not_before": not_before, "answer": answer}
        tried["first_try_at"] = func.coalesce(announcements.c.first_try_at, now)
        with self.database.write() as connection:
            connection.execute(_of(announcement_id).values(tried))

    def retry_announcements(self) -> int:
        """Have everything that failed tried again, and a receiver that wanted no more told again; return how much."""
        fresh: dict[str, Any] = {"state": PENDING, "attempts": 0, "first_try_at": None, "answer": None}
        fresh |= {"ended_at": None, "not_before": self.clock.wall()}
        with self.database.write() as connection:
            failed = update(announcements).where(announcements.c.state == FAILED)
            return connection.execute(failed.values(fresh)).rowcount

    def outbox(self) -> OutboxCounts:
        """Count what waits and what has failed."""
        number, oldest, state = func.count(), func.min(announcements.c.at), announcements.c.state
        with self.database.read() as connection:
            found = connection.execute(select(state, number, oldest).group_by(state)).all()
            refused = bool(connection.scalar(select(_REFUSED)))
        counts = {name: (count, since) for name, count, since in found}
        pending, since = counts.get(PENDING, (0, None))
        return OutboxCounts(pending, counts.get(FAILED, (0, None))[0], since, refused)

    def webhook_refused(self) -> bool:
        """Whether the receiver has said that it wants nothing more, and nobody had it tried again since."""
        with self.database.read() as connection:
            return bool(connection.scalar(select(_REFUSED)))

    def announcements(self, states: Collection[str], *, limit: int | None = None) -> list[Announcement]:
        """Return what is in these states of delivery, the newest first."""
        newest = announcements.c.announcement_id.desc()
        return self._announcements(_SELECT.where(announcements.c.state.in_(list(states))).order_by(newest).limit(limit))

    def forget_announcements(self, state: str, *, before: float) -> int:
        """Drop what ended in this state before a time in wall-clock seconds; return how many."""
        old = (announcements.c.state == state, announcements.c.ended_at < before)
        with self.database.read() as connection:
            if connection.scalar(select(func.count()).select_from(announcements).where(*old)) == 0:
                return 0
        with self.database.write() as connection:
            return connection.execute(announcements.delete().where(*old)).rowcount

    def _announcements(self, query: Select[Any]) -> list[Announcement]:
        with self.database.read() as connection:
            return [Announcement(*row) for row in connection.execute(query)]

    def _end_announcement(self, announcement_id: int, state: str, *, answer: str) -> None:
        now = self.clock.wall()
        ended = {"state": state, "answer": answer, "ended_at": now, "attempts": announcements.c.attempts + 1}
        with self.database.write() as connection:
            connection.execute(_of(announcement_id).values(ended))


def _of(announcement_id: int) -> Any:
    return update(announcements).where(announcements.c.announcement_id == announcement_id)
