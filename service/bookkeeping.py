"""Carries out in ledger and log what the scheduler decides about videos, and answers it where an answer is due."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Any

from actors.backend import Outcome, SourceRef
from actors.plan import Plan
from service import results
from service.clock import Clock
from service.fusion_request import Imprint, fusion_request
from service.ledger.ledger import Ledger
from service.ledger.states import State
from service.ledger.values import Job
from service.lost_roots import LostRoots
from service.scheduler import events as ask
from service.scheduler.board import Ticket

Emit = Callable[..., None]
StageWatcher = Callable[[Job, str, Outcome], None]
Recheck = Callable[[bytes, bytes], None]
"""Tells intake to take up a file again, whose job has ended because it changed: at (root, path) of its row by now."""


_ABOUT_THE_FILE = (ask.Vanish, ask.Block, ask.Supersede, ask.RetryLater, ask.Fail)
"""Consequences of a file that could not be read, or was not what was claimed."""


class Bookkeeper:
    """The driver's hands in the ledger. Knows the claimed jobs; each action ends in one transaction."""

    def __init__(
        self,
        *,
        ledger: Ledger,
        plan: Plan,
        imprint: Imprint,
        clock: Clock,
        emit: Emit,
        watcher: StageWatcher | None = None,
        recheck: Recheck | None = None,
    ) -> None:
        self._ledger = ledger
        self._plan = plan
        self._imprint = imprint
        self._clock = clock
        self._emit = emit
        self._watcher = watcher
        self._recheck = recheck
        # Only the service waits for an inbox; who waits for `process` is told that the file is gone.
        self._roots = LostRoots(clock) if recheck is not None else None
        self._jobs: dict[int, Job] = {}
        self._claimed_s: dict[int, float] = {}
        self._handlers: dict[type, Callable[[Any], list[ask.Event]]] = {
            ask.RecordIdentity: self._identity,
            ask.RequestFusion: self._fusion_request,
            ask.StoreResult: self._store,
            ask.ReportStage: self._report,
            ask.Finish: self._finish,
            ask.Reject: self._reject,
            ask.Fail: self._fail,
            ask.Supersede: self._supersede,
            ask.Block: self._block,
            ask.Vanish: self._vanish,
            ask.RetryLater: self._retry,
            ask.Suspect: self._suspect,
            ask.Park: self._park,
            ask.Release: self._release,
        }

    def claim(self, *, limit: int, idle: bool, only: Collection[int] | None) -> list[Ticket]:
        """Claim up to `limit` queued jobs; a suspect is claimed only when `idle`, and then alone."""
        tickets = []
        now, without = self._clock.wall(), self.lost_roots()
        for job in self._ledger.claim(limit=limit, now=now, only=only, idle=idle, without=without):
            if self._roots is not None:
                self._roots.remember(job.root, device=job.device)
            self._jobs[job.job_id] = job
            self._claimed_s[job.job_id] = self._clock.monotonic()
            queued_s = max(0.0, self._clock.wall() - job.queued_at) if job.queued_at is not None else None
            self._emit("job.claimed", **self._about(job), attempt=job.attempts, **_given(queued_s=queued_s))
            tickets.append(_ticket(job))
        return tickets

    def lost_roots(self) -> frozenset[bytes]:
        """Return the inboxes of which nothing is claimed, because they are not there."""
        return self._roots.all() if self._roots is not None else frozenset()

    def carry_out(self, action: ask.Action) -> list[ask.Event]:
        """Carry one action out; return the answers the scheduler waits for. Actions of the pool are not for here.

        Whatever a file was found to be in an inbox that is not there says nothing about the file: it is given back.
        """
        if self._roots is not None and isinstance(action, _ABOUT_THE_FILE):
            lost = self._roots.is_lost(self._jobs[action.job_id].root)
            if lost is not None:
                return self._release(ask.Release(action.job_id, pause="root_lost"))
        return self._handlers[type(action)](action)

    def handles(self, action: ask.Action) -> bool:
        """Whether the action is one of the ledger's."""
        return type(action) in self._handlers

    def _identity(self, action: ask.RecordIdentity) -> list[ask.Event]:
        answer = self._ledger.identified(action.job_id, action.sha256)
        self._jobs[action.job_id] = answer.job
        if answer.goes_on:
            known = results.outcomes(self._ledger.results_of(action.sha256).values())
            return [ask.Identified(action.job_id, action.sha256, known)]
        job = self._forget(action.job_id)
        self._emit("file.duplicate", **self._about(job), duplicate_of=answer.owner.absolute_path, sha256=action.sha256)
        return [ask.Dropped(action.job_id)]

    def _fusion_request(self, action: ask.RequestFusion) -> list[ask.Event]:
        job = self._jobs[action.job_id]
        request = fusion_request(job, self._ledger, self._imprint, plan=self._plan, timings=self._timings(job))
        return [ask.Requested(job.job_id, request)]

    def _store(self, action: ask.StoreResult) -> list[ask.Event]:
        planned = self._plan.by_name[action.stage]
        result = results.stored(action.outcome, planned, sha256=action.sha256, key=action.key)
        self._ledger.store_results([result], job_id=action.job_id)
        return []

    def _report(self, action: ask.ReportStage) -> list[ask.Event]:
        job, outcome = self._jobs[action.job_id], action.outcome
        about = {**self._about(job), "stage": action.stage, "backend": outcome.backend}
        if action.cached:
            self._emit("stage.cached", **about)
        elif outcome.status.makes_partial:
            said = {"reason": outcome.reason or "", "status": str(outcome.status), "seconds": outcome.seconds}
            self._emit("stage.failed", **about, **said, **_given(traceback=outcome.detail))
        else:
            said = {"status": str(outcome.status), "seconds": outcome.seconds, "model": outcome.model}
            self._emit("stage.done", **about, **said, **_given(reason=outcome.reason))
        if self._watcher is not None:
            self._watcher(job, action.stage, outcome)
        return []

    def _finish(self, action: ask.Finish) -> list[ask.Event]:
        job, receipt = self._jobs[action.job_id], action.receipt
        name = receipt.document.removesuffix(".json")
        key, parked = self._plan.settings_key, action.parked_because
        self._ledger.finish(job.job_id, document=name, settings_key=key, parked_because=parked, status=receipt.status)
        if parked is not None:
            self._emit("job.parked", **self._about(job), reason="died_twice", detail=parked)
        took_s = self._clock.monotonic() - self._claimed_s[job.job_id]
        self._forget(job.job_id)
        said = {"document": receipt.document, "status": receipt.status, "seconds": round(took_s, 3)}
        self._emit("job.done", **self._about(job), **said)
        return []

    def _reject(self, action: ask.Reject) -> list[ask.Event]:
        job = self._jobs[action.job_id]
        self._ledger.reject(job.job_id, reason=action.reason, detail=action.detail)
        self._forget(job.job_id)
        self._emit("job.rejected", **self._about(job), reason=action.reason, **_given(detail=action.detail))
        return []

    def _fail(self, action: ask.Fail) -> list[ask.Event]:
        job = self._jobs[action.job_id]
        self._ledger.fail(job.job_id, reason=action.reason, detail=action.detail)
        self._forget(job.job_id)
        self._emit("job.failed", **self._about(job), reason=action.reason, **_given(traceback=action.detail))
        return []

    def _supersede(self, action: ask.Supersede) -> list[ask.Event]:
        job = self._jobs[action.job_id]
        after = self._ledger.supersede(job.job_id, reason=action.reason)
        self._forget(job.job_id)
        # A run that was to renew a document ends as it began: that document stands until the new content's replaces it.
        detail = "its document stands" if after.state is State.DONE else None
        self._emit("job.superseded", **self._about(job), reason=action.reason, **_given(detail=detail))
        return self._to_intake(after)

    def _block(self, action: ask.Block) -> list[ask.Event]:
        job = self._jobs[action.job_id]
        after = self._ledger.block(job.job_id, reason=action.reason)
        self._forget(job.job_id)
        self._emit("file.blocked", **self._about(job), reason=action.reason)
        return self._to_intake(after)

    def _vanish(self, action: ask.Vanish) -> list[ask.Event]:
        job = self._jobs[action.job_id]
        after = self._ledger.gone(job.job_id)
        self._forget(job.job_id)
        self._emit("file.gone", **self._about(job), from_state="running")
        return self._to_intake(after)

    def _retry(self, action: ask.RetryLater) -> list[ask.Event]:
        job = self._jobs[action.job_id]
        not_before = self._clock.wall() + action.after_s
        self._ledger.retry_later(job.job_id, not_before=not_before, reason=action.reason)
        self._forget(job.job_id)
        self._emit("job.retry", **self._about(job), reason=action.reason, retry_in_s=action.after_s)
        return []

    def _suspect(self, action: ask.Suspect) -> list[ask.Event]:
        job = self._jobs[action.job_id]
        self._ledger.suspect(job.job_id, reason=action.reason)
        self._forget(job.job_id)
        self._emit("job.retry", **self._about(job), reason="suspect", detail=action.reason, retry_in_s=0)
        return []

    def _park(self, action: ask.Park) -> list[ask.Event]:
        job = self._jobs[action.job_id]
        self._ledger.park(job.job_id, reason="died_twice", detail=action.reason)
        self._forget(job.job_id)
        self._emit("job.parked", **self._about(job), reason="died_twice", detail=action.reason)
        return []

    def _release(self, action: ask.Release) -> list[ask.Event]:
        job = self._jobs[action.job_id]
        self._ledger.release(job.job_id, refund=True)
        self._forget(job.job_id)
        self._emit("job.released", **self._about(job), **_given(reason=action.pause))
        return []

    def _to_intake(self, job: Job) -> list[ask.Event]:
        if self._recheck is not None:
            self._recheck(job.root, job.path)
        return []

    def _forget(self, job_id: int) -> Job:
        """Let go of a job; only once the ledger has taken its end, or the driver could not tell it again."""
        self._claimed_s.pop(job_id, None)
        return self._jobs.pop(job_id)

    def _timings(self, job: Job) -> dict[str, float]:
        """How long the video waited in the queue and how long it has been worked on, in seconds."""
        worked_s = self._clock.monotonic() - self._claimed_s[job.job_id]
        queued_s = max(0.0, (job.claimed_at or 0.0) - (job.queued_at or job.claimed_at or 0.0))
        return {"queued_s": round(queued_s, 3), "worked_s": round(worked_s, 3)}

    @staticmethod
    def _about(job: Job) -> dict[str, Any]:
        about: dict[str, Any] = {"job": job.job_id, "root": job.root, "path": job.path}
        return about | ({"video_id": job.sha256[:16]} if job.sha256 else {})


def _given(**fields: Any) -> dict[str, Any]:
    """Return the fields that are known; an empty text says nothing."""
    return {name: value for name, value in fields.items() if value not in {None, ""}}


def _ticket(job: Job) -> Ticket:
    numbers = (job.device or 0, job.inode or 0, job.size or 0, job.mtime_ns or 0)
    source = SourceRef(job.absolute_path, *numbers, head_tail=job.head_tail or "")
    return Ticket(job.job_id, source, job.attempts, job.deaths, job.solo, job.truncated)
