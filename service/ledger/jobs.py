"""The ledger's side towards the driver: claims and their ends. One transaction per change of state."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from itertools import takewhile
from typing import Any

from sqlalchemy import ColumnElement, Connection, exists, func, or_, select

from service.ledger import rows
from service.ledger.announcements import announce
from service.ledger.contents import ContentSide
from service.ledger.moves import FUSION_ONLY, given_back, moved, reopened, superseded
from service.ledger.side import change, claimed, others_at, release_content
from service.ledger.states import State
from service.ledger.tables import jobs
from service.ledger.values import Job
from service.ledger.worker import is_alive

CRASHES_TO_SUSPECT = 2
"""The first death of the service with a video in work is held against nobody: most are kills, reboots, updates."""
DEATHS_TO_PARK = 2
"""After one the video runs alone, so that the second can only be its own (DESIGN 6)."""

RECOVERED = "recovered"

CLOCK_STEP_S = 60.0
"""A row that changed later than so long after now was written before the clock was set back."""

_QUEUED = jobs.c.state == State.QUEUED
_running = jobs.alias("running")
_BUSY_PATH = exists().where(
    _running.c.root == jobs.c.root,
    _running.c.path == jobs.c.path,
    or_(_running.c.state == State.RUNNING, _running.c.chore.is_not(None)),
)


@dataclass(frozen=True)
class DriverSide(ContentSide):
    """What the driver tells the ledger and asks of it.

    Every method that changes a job returns its row as it is afterwards, which need not be what was asked: a job whose
    path has newer content by now is superseded instead of going back to the queue. Raises `IllegalTransition` and
    `UnknownJob` for bugs, `LedgerBusy` or `LedgerUnavailable` with nothing changed.
    """

    def recover(self, now: float) -> list[Job]:
        """Put what a dead service left running back into the queue, its attempts kept; return those rows.

        A death of the service counts as a crash of what it was working on (identified, so that actors had seen it), and
        new results wipe the count. From the second on the video is suspect: it runs alone, and is parked after that.
        """
        with self.database.write() as connection:
            left = rows.fetch(connection, jobs.c.state == State.RUNNING)
            orphans = [job for job in left if job.worker in {None, self.worker} or not is_alive(job.worker or "")]
            recovered = [change(connection, job, _recovered(job, now=now), now=now) for job in orphans]
            for job in recovered:
                announce(connection, job, kinds=self.announces, now=now)
            return recovered

    def claim(
        self,
        *,
        limit: int,
        now: float,
        only: Collection[int] | None = None,
        idle: bool = True,
        without: Collection[bytes] = (),
    ) -> list[Job]:
        """Take up to `limit` jobs that are due, those settled first first; each claim counts as an attempt.

        A job waits while another of the same path runs, or while its files are moved or purged. A suspect runs alone:
        when its turn has come, nothing behind it is taken, and it is taken only when the claimer is `idle`. `only`
        restricts the choice to these job numbers, `without` leaves out what lies under these roots.
        """
        due = [_QUEUED, _due(now), jobs.c.root.not_in(list(without)), ~_BUSY_PATH]
        if only is not None:
            due.append(jobs.c.job_id.in_(list(only)))
        with self.database.write() as connection:
            found = rows.fetch(connection, *due, order=(jobs.c.queued_at, jobs.c.job_id), limit=limit)
            taken = [self._claimed(job, now=now) for job in _together(found, idle=idle)]
            rows.save(connection, taken)
        return taken

    def next_due(self, now: float, *, without: Collection[bytes] = ()) -> float | None:
        """Return when the next queued job is due, `now` when one is, None when none is queued. without: as `claim`."""
        queued = (_QUEUED, jobs.c.root.not_in(list(without)))
        with self.database.read() as connection:
            if connection.execute(select(jobs.c.job_id).where(*queued, _due(now)).limit(1)).first() is not None:
                return now
            earliest = connection.execute(select(func.min(jobs.c.not_before)).where(*queued)).scalar()
        return None if earliest is None else float(earliest)

    def finish(
        self,
        job_id: int,
        *,
        document: str,
        settings_key: str,
        parked_because: str | None = None,
        status: str | None = None,
    ) -> Job:
        """Note that the document is on disk: the job is done, or parked where a stage had to be given up.

        What the document replaced is superseded. Where fusion's input changed meanwhile, the job comes back queued.
        status: the document's, for whoever is told.
        """
        now = self.clock.wall()
        with self.database.write() as connection:
            before = claimed(connection, job_id, State.DONE)
            after = _finished(before, now=now, parked_because=parked_because)
            after = replace(after, document=document, settings_key=settings_key, is_primary=True)
            _replace(connection, after, now=now)
            if before.fusion_due and after.state is State.DONE and not others_at(connection, before, State.QUEUED):
                after = reopened(after, now=now, reason="fusion_due", stages=FUSION_ONLY)
            after = change(connection, before, after, now=now)
            announce(connection, after, kinds=self.announces, now=now, status=status)
            return after

    def reject(self, job_id: int, *, reason: str, detail: str | None = None) -> Job:
        """End a job whose bytes are at fault."""
        return self._end(job_id, State.REJECTED, reason=reason, detail=detail)

    def fail(self, job_id: int, *, reason: str, detail: str | None = None) -> Job:
        """End a job that cannot succeed by itself."""
        return self._end(job_id, State.FAILED, reason=reason, detail=detail)

    def park(self, job_id: int, *, reason: str, detail: str | None = None) -> Job:
        """End a job that took actors down; the death that led here is counted."""
        return self._end(job_id, State.PARKED, reason=reason, detail=detail, death=True)

    def gone(self, job_id: int, *, reason: str = "vanished") -> Job:
        """End a job whose file is no longer there."""
        return self._end(job_id, State.GONE, reason=reason, source_missing=True)

    def block(self, job_id: int, *, reason: str, detail: str | None = None) -> Job:
        """Hand a job back to intake: its file cannot be opened for now. The attempt is refunded."""
        return self._end(job_id, State.BLOCKED, reason=reason, detail=detail, refund=True)

    def supersede(self, job_id: int, *, reason: str, detail: str | None = None) -> Job:
        """End a job whose file has other content now; one that was to renew a document that stands is done again."""
        now = self.clock.wall()
        with self.database.write() as connection:
            before = claimed(connection, job_id, State.SUPERSEDED)
            return change(connection, before, superseded(before, now=now, reason=reason, detail=detail), now=now)

    def retry_later(self, job_id: int, *, not_before: float, reason: str, detail: str | None = None) -> Job:
        """Put a job back that failed in a way that may pass; the attempt counts. not_before: wall-clock seconds."""
        return self._give_back(job_id, not_before=not_before, reason=reason, detail=detail)

    def release(self, job_id: int, *, refund: bool, reason: str | None = None) -> Job:
        """Put a job back unfinished; `refund` gives the attempt back (a stop, a fault of the host)."""
        return self._give_back(job_id, refund=refund, reason=reason)

    def suspect(self, job_id: int, *, reason: str | None = None) -> Job:
        """Put a job back on which an actor died or hung: that counts, and it runs alone from now on."""
        return self._give_back(job_id, death=True, solo=True, reason=reason)

    def _claimed(self, job: Job, *, now: float) -> Job:
        counted: dict[str, Any] = {"attempts": job.attempts + 1, "worker": self.worker, "not_before": None}
        # A recovered run may turn out to have published its document already, of what was there before the note.
        due = job.fusion_due and job.reason == RECOVERED
        return moved(job, State.RUNNING, now=now, claimed_at=now, identified_at=None, fusion_due=due, **counted)

    def _give_back(self, job_id: int, **values: Any) -> Job:
        now = self.clock.wall()
        with self.database.write() as connection:
            before = claimed(connection, job_id, State.QUEUED)
            return change(connection, before, given_back(before, now=now, **_counts(before, values)), now=now)

    def _end(self, job_id: int, to: State, **values: Any) -> Job:
        now = self.clock.wall()
        with self.database.write() as connection:
            before = claimed(connection, job_id, to)
            after = change(connection, before, moved(before, to, now=now, **_counts(before, values)), now=now)
            announce(connection, after, kinds=self.announces, now=now)
            return after


def _due(now: float) -> ColumnElement[bool]:
    """Whether a queued job may be claimed now.

    `not_before` outlives a boot, so it is wall time; a clock that was set back by a day must not postpone a retry by
    one, so a job that was put back in what is the future by now is due at once.
    """
    return or_(jobs.c.not_before.is_(None), jobs.c.not_before <= now, jobs.c.changed_at > now + CLOCK_STEP_S)


def _together(due: list[Job], *, idle: bool) -> list[Job]:
    """Return the jobs from the front of the line that may run beside each other."""
    if due and due[0].solo:
        return due[:1] if idle else []
    return list(takewhile(lambda job: not job.solo, due))


def _counts(job: Job, values: dict[str, Any]) -> dict[str, Any]:
    deaths = job.deaths + bool(values.pop("death", False))
    attempts = job.attempts - bool(values.pop("refund", False))
    return {**values, "deaths": deaths, "attempts": max(0, attempts)}


def _finished(job: Job, *, now: float, parked_because: str | None) -> Job:
    job = replace(job, described_at=_described_at(job, now=now), purged=())
    if parked_because is None:
        return moved(job, State.DONE, now=now, stage_request=None)
    return moved(job, State.PARKED, now=now, reason=parked_because, stage_request=None, deaths=job.deaths + 1)


def _described_at(job: Job, *, now: float) -> float:
    """Return since when the document says what it says: fusing it again, or at an heir's path, finds nothing out."""
    if job.described_at is None or (job.published and (job.purged or job.stage_request != FUSION_ONLY)):
        return now
    return job.described_at


def _recovered(job: Job, *, now: float) -> Job:
    if job.identified_at is None:
        return given_back(job, now=now, reason=RECOVERED)
    crashes = job.crashes + 1
    suspect = crashes >= CRASHES_TO_SUSPECT
    deaths = job.deaths + suspect
    if deaths >= DEATHS_TO_PARK:
        detail = f"the service died {crashes} times while this video was in work"
        return moved(job, State.PARKED, now=now, reason="crash_suspect", detail=detail, crashes=crashes, deaths=deaths)
    return given_back(job, now=now, reason=RECOVERED, crashes=crashes, deaths=deaths, solo=job.solo or suspect)


def _replace(connection: Connection, published: Job, *, now: float) -> None:
    """Supersede the jobs whose document was overwritten; their contents pass to where they still lie."""
    for old in rows.fetch(
        connection,
        jobs.c.output_root == published.output_root,
        jobs.c.document == published.document,
        jobs.c.job_id != published.job_id,
        jobs.c.state.not_in([State.SUPERSEDED, State.RUNNING]),
    ):
        rows.save(connection, [moved(old, State.SUPERSEDED, now=now, reason="newer_content")])
        if old.is_primary:
            release_content(connection, old, now=now)
