"""What every side of the ledger stands on: the database, the clock, and the rules that several sides apply."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from service.ledger import rows
from service.ledger.afterwork_values import DOCUMENT
from service.ledger.errors import IllegalTransition
from service.ledger.moves import FUSION_ONLY, reopened, superseded
from service.ledger.states import SETTLING, State
from service.ledger.tables import OWNS_CONTENT, jobs
from service.ledger.values import Job

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from service.clock import Clock
    from service.ledger.engine import Database


_AT_WORK = frozenset({State.QUEUED, State.RUNNING})


@dataclass(frozen=True)
class Side:
    """A part of the ledger.

    output_root: where documents made from now on go, in the file system's own bytes; None for who makes none.
    worker: the process that claims, as `worker.this_process` spells it.
    announces: the states of jobs that the webhook is told of, by value.
    """

    database: Database
    clock: Clock
    output_root: bytes | None = None
    worker: str = ""
    announces: frozenset[str] = frozenset()


def claimed(connection: Connection, job_id: int, to: State) -> Job:
    """Return a job that is being worked on.

    Raises `IllegalTransition` for any other: a late word about a run must not reopen what has ended since, though the
    table has a way from `done` to `queued`.
    """
    job = rows.get(connection, job_id)
    if job.state is not State.RUNNING:
        raise IllegalTransition(job_id, job.state, to)
    return job


def release_content(connection: Connection, before: Job, *, now: float) -> Job | None:
    """Let the oldest duplicate of a content that lost its owner take over; return it, or None.

    Without this, `a` and `b` with the same bytes, of which `a` is overwritten before its document exists, would leave
    `b` a duplicate of nothing. What retention took away does not come back that way: the heir's document is as old as
    the one before, and one that was deleted has no heir.
    """
    if DOCUMENT in before.purged:
        return None
    heirs = rows.fetch(
        connection,
        jobs.c.sha256 == before.sha256,
        jobs.c.output_root == before.output_root,
        jobs.c.state == State.DUPLICATE,
        jobs.c.source_missing.is_(False),
        jobs.c.job_id != before.job_id,
    )
    for heir in heirs:
        if not others_at(connection, heir, State.QUEUED):
            again = reopened(heir, now=now, reason="owner_gone", stages=None)
            taken = replace(again, described_at=before.described_at)
            rows.save(connection, [taken])
            return taken
    return None


def settle_ownership(connection: Connection, before: Job, after: Job, *, now: float) -> None:
    """Pass a content on when its job has ceased to own it, or was to own it and ended before it did.

    A content that took actors down is not tried elsewhere.
    """
    lost = before.is_primary and (not after.is_primary or after.sha256 != before.sha256)
    heir = before.sha256 is not None and before.state in _AT_WORK and after.state not in {*_AT_WORK, State.DUPLICATE}
    if after.state is State.PARKED or not (lost or (heir and not after.is_primary)):
        return
    owned = (jobs.c.sha256 == before.sha256, jobs.c.output_root == before.output_root, OWNS_CONTENT)
    if not rows.fetch(connection, *owned):
        release_content(connection, before, now=now)


def reclaim_content(connection: Connection, back: Job, *, now: float) -> Job | None:
    """Let a duplicate whose file has come back take over its content, if nobody owns it; return it, or None.

    Renamed while the service was down, a copy is missing for a moment: whoever lost the content then had no heir. What
    took actors down, and what retention took away, does not come back that way.
    """
    same = rows.fetch(connection, jobs.c.sha256 == back.sha256, jobs.c.output_root == back.output_root)
    if any(job.is_primary or job.state is State.PARKED or DOCUMENT in job.purged for job in same):
        return None
    if others_at(connection, back, State.QUEUED):
        return None
    taken = reopened(back, now=now, reason="owner_gone", stages=None)
    rows.save(connection, [taken])
    return taken


def change(connection: Connection, before: Job, after: Job, *, now: float) -> Job:
    """Write one changed job with everything that follows from it; return it as written."""
    after = _unless_succeeded(connection, before, after, now=now)
    rows.save(connection, [after])
    settle_ownership(connection, before, after, now=now)
    return after


def reopen_for_fusion(connection: Connection, job: Job, *, reason: str, now: float) -> Job | None:
    """See that a job's document is fused again: at once when it is done, after its run when it is running.

    Returns the job when it was reopened now. One that is queued will be fused anyway. One that retention has taken
    something from is left as it is: fusing it would find that out once more.
    """
    if job.purged:
        return None
    if job.state is State.RUNNING:
        rows.save(connection, [replace(job, fusion_due=True, updated_at=now)])
    elif job.state is State.DONE and not others_at(connection, job, State.QUEUED):
        again = reopened(job, now=now, reason=reason, stages=FUSION_ONLY)
        rows.save(connection, [again])
        return again
    return None


def others_at(connection: Connection, job: Job, *states: State) -> list[Job]:
    """Return the other jobs at this job's path in one of the states."""
    return [
        other for other in rows.at(connection, [job.location]) if other.state in states and other.job_id != job.job_id
    ]


def _unless_succeeded(connection: Connection, before: Job, after: Job, *, now: float) -> Job:
    """Supersede what would go back to where its path's newer content already stands."""
    if before.state is not State.RUNNING:
        return after
    rivals: tuple[State, ...] = ()
    if after.state is State.QUEUED:
        rivals = (State.QUEUED,)
    elif after.state in SETTLING:
        rivals = (State.QUEUED, *SETTLING)
    if rivals and others_at(connection, before, *rivals):
        return superseded(before, now=now, reason="newer_content")
    return after
