"""Changes of state, as pure functions on rows. No other module writes a job's `state`."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from service.ledger.errors import IllegalTransition
from service.ledger.states import TERMINAL, TRANSITIONS, State
from service.ledger.values import Job

FUSION_ONLY = ("fusion",)
_KEEP_CONTENT = frozenset({State.DONE, State.QUEUED, State.RUNNING})


def moved(
    job: Job, to: State, *, now: float, reason: str | None = None, detail: str | None = None, **values: Any
) -> Job:
    """Return the row in its new state; raises `IllegalTransition` where `TRANSITIONS` has no such change.

    A row that ends, or waits, without having published a document no longer owns its content: the next path with the
    same bytes gets its chance. One whose document lies in the output keeps it, whatever became of a later run.
    """
    if to not in TRANSITIONS[job.state]:
        raise IllegalTransition(job.job_id, job.state, to)
    owns = job.is_primary and to is not State.SUPERSEDED and (to in _KEEP_CONTENT or job.published)
    common: dict[str, Any] = {
        "state": to,
        "reason": reason,
        "detail": detail,
        "is_primary": owns,
        "changed_at": now,
        "updated_at": now,
        "worker": job.worker if to is State.RUNNING else None,
    }
    if to in TERMINAL:
        common |= {"not_before": None, "solo": False}
    return replace(job, **(common | values))


def queued(job: Job, *, now: float, reason: str | None = None, **values: Any) -> Job:
    """Return a row that has not run yet in the queue, without attempts."""
    fresh: dict[str, Any] = {"queued_at": now, "attempts": 0, "deaths": 0, "crashes": 0, "not_before": None}
    return moved(job, State.QUEUED, now=now, reason=reason, **(fresh | values))


def reopened(job: Job, *, now: float, reason: str, stages: tuple[str, ...] | None) -> Job:
    """Return an ended row in the queue again, as a new run that is asked for `stages` (None: everything)."""
    return queued(
        job, now=now, reason=reason, run=job.run + 1, stage_request=stages, fusion_due=False, duplicate_of=None
    )


def given_back(job: Job, *, now: float, reason: str | None = None, **values: Any) -> Job:
    """Return a running row in the queue, at its old place."""
    return moved(job, State.QUEUED, now=now, reason=reason, **values)


def superseded(job: Job, *, now: float, reason: str, detail: str | None = None) -> Job:
    """Return a job whose file has other content now.

    A run that was to renew a published document ends where it began: that document still stands, until the new
    content's replaces it.
    """
    if job.state is State.RUNNING and job.published and job.is_primary:
        return moved(job, State.DONE, now=now, reason=reason, detail=detail)
    return moved(job, State.SUPERSEDED, now=now, reason=reason, detail=detail)
