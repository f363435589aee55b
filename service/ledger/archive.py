"""Sources that leave their inbox: what may be moved, what is being moved, where it lies now."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import astuple, dataclass, fields, replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, exists, func, or_, select

from service.ledger import documents, rows
from service.ledger.afterwork_values import KEPT, MOVE, MOVED, MOVING, Archived
from service.ledger.queries import locations_of
from service.ledger.side import Side, others_at
from service.ledger.states import State
from service.ledger.tables import archive, jobs
from service.ledger.values import Job

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Connection

    from service.intake.ports import Location

_FIELDS = tuple(field.name for field in fields(Archived))
_SELECT = select(*(archive.c[name] for name in _FIELDS))
_ENDED = frozenset({State.DONE, State.DUPLICATE})
_owner = jobs.alias("owner")
_OWNER_IS_DONE = exists().where(_owner.c.job_id == jobs.c.duplicate_of, _owner.c.state == State.DONE)
_DEALT_WITH = or_(
    and_(jobs.c.state == State.DONE, jobs.c.document.is_not(None)),
    and_(jobs.c.state == State.DUPLICATE, _OWNER_IS_DONE),
)
"""The document is on disk, or that of the same content."""


@dataclass(frozen=True)
class ArchiveSide(Side):
    """Moves in three steps: begun here, done by whoever asked, ended here; a crash between is seen by `moves`."""

    def archivable(self, roots: Collection[bytes], *, now: float, before: float, limit: int) -> list[Job]:
        """Return jobs whose source still lies in one of these inboxes though it is dealt with, the oldest first.

        before: dealt with before this time, in wall-clock seconds, as `now` is.
        """
        with self.database.read() as connection:
            where = (*_here(roots, now=now), jobs.c.changed_at <= before)
            return rows.fetch(connection, *where, order=(jobs.c.changed_at, jobs.c.job_id), limit=limit)

    def next_archivable_at(self, roots: Collection[bytes], *, now: float, linger_s: float) -> float | None:
        """Return when a source is due next, `linger_s` after it was dealt with, or when it is tried again."""
        dealt_with = select(func.min(jobs.c.changed_at)).where(*_here(roots, now=now))
        put_off = select(func.min(archive.c.not_before)).where(archive.c.state == KEPT, archive.c.not_before > now)
        with self.database.read() as connection:
            since, again = connection.scalar(dealt_with), connection.scalar(put_off)
        due = [at for at in (None if since is None else since + linger_s, again) if at is not None]
        return min(due, default=None)

    def begin_move(self, job: Job, target: Location, *, sidecars: Sequence[bytes]) -> Archived | None:
        """Note that a source is about to be moved; None when it is not to be moved any more.

        Until the move has ended nothing at its path is claimed, so that no actor looks for a file that has just left.
        """
        with self.database.write() as connection:
            present = rows.get(connection, job.job_id)
            stays = present.state not in _ENDED or present.location != job.location or present.chore is not None
            if stays or others_at(connection, present, State.RUNNING):
                return None
            begun = Archived(job.job_id, *job.location, *target, tuple(sidecars), at=self.clock.wall())
            _put(connection, begun)
            rows.save(connection, [replace(present, chore=(MOVE,))])
            return begun

    def moves(self) -> list[Archived]:
        """Return what was begun and has not ended."""
        return self._archived(archive.c.state == MOVING)

    def end_move(self, move: Archived) -> None:
        """Note that the file lies at its target: its job and the name of its document follow it."""
        now, target = self.clock.wall(), (move.target_root, move.target_path)
        with self.database.write() as connection:
            job = rows.get(connection, move.job_id)
            if job.published:
                documents.relocate_name(connection, job.location, target)
            root, path = target
            there = replace(job, root=root, path=path, source_missing=False, chore=None, updated_at=now)
            rows.save(connection, [there])
            _put(connection, replace(move, state=MOVED, reason=None, detail=None, at=now, not_before=None))

    def give_up_move(self, move: Archived, *, reason: str, detail: str, not_before: float) -> None:
        """Note that the file stays where it is, and when the move is tried again, in wall-clock seconds."""
        with self.database.write() as connection:
            job = rows.get(connection, move.job_id)
            if job.chore == (MOVE,):
                rows.save(connection, [replace(job, chore=None)])
            kept = replace(move, state=KEPT, reason=reason, detail=detail, at=self.clock.wall(), not_before=not_before)
            _put(connection, kept)

    def archived_from(self, path: bytes) -> Archived | None:
        """Return what became last of a source that lay at an absolute path."""
        here = [
            and_(archive.c.source_root == root, archive.c.source_path == below) for root, below in locations_of(path)
        ]
        found = self._archived(or_(*here))
        return max(found, key=lambda one: one.at, default=None)

    def archived(self, job_id: int) -> Archived | None:
        """Return what is noted about a job's source, None when it was never to be moved."""
        return next(iter(self._archived(archive.c.job_id == job_id)), None)

    def kept_sources(self) -> list[Archived]:
        """Return the sources that could not be moved and are still there."""
        there = (jobs.c.source_missing.is_(False), jobs.c.state.in_(_ENDED))
        return self._archived(and_(archive.c.state == KEPT, exists().where(jobs.c.job_id == archive.c.job_id, *there)))

    def _archived(self, where: ColumnElement[bool]) -> list[Archived]:
        with self.database.read() as connection:
            return [Archived(*row) for row in connection.execute(_SELECT.where(where).order_by(archive.c.job_id))]


def _here(roots: Collection[bytes], *, now: float) -> tuple[ColumnElement[bool], ...]:
    put_off = exists().where(archive.c.job_id == jobs.c.job_id, archive.c.not_before > now)
    there = (jobs.c.source_missing.is_(False), jobs.c.device.is_not(None), jobs.c.chore.is_(None))
    return (jobs.c.root.in_(list(roots)), _DEALT_WITH, *there, ~put_off)


def _put(connection: Connection, row: Archived) -> None:
    values: dict[str, Any] = dict(zip(_FIELDS, astuple(row), strict=True))
    connection.execute(archive.delete().where(archive.c.job_id == row.job_id))
    connection.execute(archive.insert(), values)
