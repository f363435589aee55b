"""Deletes what has grown old from documents and ledger: noted, done, noted again; a crash between is mended."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from actors.errors import ActorError
from actors.fusion.removal import remove
from service.bookkeeping import Emit
from service.clock import Clock
from service.configuration.afterwork import RetentionSettings
from service.housekeeping.errand import Errand, about
from service.ledger.afterwork_values import DOCUMENT, KEYFRAMES, TRANSCRIPT
from service.ledger.ledger import Ledger
from service.ledger.values import Job

DAY_S = 86_400.0
AT_ONCE = 50
RETRY_S = 600.0
LOOK_EVERY_S = 60.0
_TIDY_EVERY_S = 3600.0


def periods_of(settings: RetentionSettings) -> dict[str, float]:
    """Return how long each kind is kept, in seconds; what is kept for ever is left out."""
    days = {
        DOCUMENT: settings.documents_days,
        TRANSCRIPT: settings.transcripts_days,
        KEYFRAMES: settings.keyframes_days,
    }
    return {kind: number * DAY_S for kind, number in days.items() if number}


class Retention:
    """The task. periods: as `periods_of` returns them."""

    name = "retention"

    def __init__(self, periods: Mapping[str, float], *, ledger: Ledger, clock: Clock, emit: Emit) -> None:
        self._periods = periods
        self._ledger = ledger
        self._clock = clock
        self._emit = emit
        self._put_off: dict[int, tuple[float, str]] = {}
        self._scrub_due = False
        self._tidied_s = self._looks_s = -math.inf

    def errands(self) -> list[Errand]:
        """Return the purges that are due; once there are none left, that nothing of them remains in the ledger."""
        if self._clock.monotonic() < self._looks_s:
            return []
        self._forget_orphans()
        found = self._due()
        if found:
            return [Errand(f"purge {job.run_id}", lambda job=job: self._purge(job), about(job)) for job in found]  # type: ignore[misc] # mypy cannot infer a lambda with a default
        if self._scrub_due:
            return [Errand("scrub", self._scrub)]
        # Every change of the ledger brings us here, and to read through all documents takes a while.
        self._looks_s = self._clock.monotonic() + min(LOOK_EVERY_S, self._next_due_s())
        return []

    def wait_s(self) -> float:
        """Return in how many seconds it is looked again for what is due."""
        return max(0.0, self._looks_s - self._clock.monotonic())

    def _due(self) -> list[Job]:
        now = self._clock.wall()
        found: dict[int, Job] = {}
        for kind, period_s in self._periods.items():
            for job in self._ledger.purgeable(kind, before=now - period_s, limit=AT_ONCE + len(self._put_off)):
                if self._put_off.get(job.job_id, (0.0, ""))[0] <= self._clock.monotonic():
                    found.setdefault(job.job_id, job)
        return list(found.values())

    def _next_due_s(self) -> float:
        now, due_s = self._clock.wall(), [LOOK_EVERY_S]
        for kind, period_s in self._periods.items():
            since = self._ledger.first_described_at(kind)
            if since is not None:
                due_s.append(max(0.0, since + period_s - now))
        # What is put off, or in work, is due all the time.
        return min(due_s) or LOOK_EVERY_S

    def _purge(self, job: Job) -> None:
        due = due_kinds(job, self._periods, now=self._clock.wall())
        begun = self._ledger.begin_purge(job, due)
        if begun is None:
            return  # it is in work; once that has ended, the ledger has changed
        fault = carry_out(self._ledger, begun, now=self._clock.wall())
        said = {**about(job), "document": f"{job.document}.json", "what": list(due)}
        if fault is None:
            self._put_off.pop(job.job_id, None)
            self._scrub_due = True
            self._emit("document.purged", **said)
            return
        known = self._put_off.get(job.job_id)
        self._put_off[job.job_id] = (self._clock.monotonic() + RETRY_S, fault.reason)
        if known is None or known[1] != fault.reason:  # said once for each document and reason, not at every try
            self._emit("document.not_purged", **said, reason=fault.reason, detail=str(fault), retry_in_s=RETRY_S)

    def _forget_orphans(self) -> None:
        if self._clock.monotonic() < self._tidied_s + _TIDY_EVERY_S:
            return
        self._tidied_s, now = self._clock.monotonic(), self._clock.wall()
        dropped = [self._ledger.forget_results(kind, before=now - age_s) for kind, age_s in self._periods.items()]
        self._scrub_due |= any(dropped)

    def _scrub(self) -> None:
        self._ledger.scrub()
        self._scrub_due = False


def due_kinds(job: Job, periods: Mapping[str, float], *, now: float) -> tuple[str, ...]:
    """Return what is old enough to be taken from a job's document; the document alone where all of it is."""
    since = now if job.described_at is None else job.described_at
    due = tuple(kind for kind, age_s in periods.items() if since + age_s <= now and kind not in job.purged)
    return (DOCUMENT,) if DOCUMENT in due else due


def carry_out(ledger: Ledger, begun: Job, *, now: float) -> ActorError | None:
    """Do what a begun purge says, and note its end; return what kept it from being done: then it is due again."""
    kinds: Sequence[str] = (begun.chore or ())[1:]
    try:
        if begun.output_root is not None and begun.document is not None and begun.sha256 is not None:
            on = datetime.fromtimestamp(now, UTC).date().isoformat()
            remove(begun.output_root, begun.document, sha256=begun.sha256, kinds=kinds, on=on)
    except ActorError as exc:
        ledger.take_back_purge(begun.job_id, kinds)
        return exc
    ledger.end_purge(begun.job_id)
    return None


def resume(ledger: Ledger, *, now: float) -> None:
    """Bring every purge that a crash interrupted to its end, whatever the settings say (see `archive.resume`)."""
    begun = ledger.purges()
    for job in begun:
        carry_out(ledger, job, now=now)
    if begun:
        ledger.scrub()
