"""`reelwatch process`: the service's own path for files that the user says are complete, without the waiting gates."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from actors.backend import Outcome
from actors.fusion.published import published
from actors.pool.base import Pool
from service.assembly import Assembly, assemble, make_pool
from service.bookkeeping import Emit
from service.clock import Clock, SystemClock
from service.configuration import Configuration
from service.disk import free_mib, remedy
from service.housekeeping.assembly import make_messenger
from service.housekeeping.housekeeping import Housekeeping
from service.intake.enlist import Refused, enlist
from service.intake.ports import Settled
from service.ledger.ledger import Ledger, open_ledger
from service.ledger.lock import state_lock
from service.ledger.states import State
from service.ledger.values import Job, WorkPause
from service.ledger_trouble import PASSING
from service.patience import OnPause, Patience
from service.recovery import recover
from service.state import ledger_place, make_output_root, require_local_state
from service.submission import document_of, submit

POLL_S = 0.2
PAUSED_AT_MOST_S = 30.0
"""How long it is waited for a disk to take documents again; the service, which nobody waits for, waits for ever."""
TOLD_WITHIN_S = 10.0
"""How long the webhook is told things at the end; what is left is told by the next service or command."""
UNFINISHED = frozenset({State.QUEUED, State.RUNNING})


@dataclass(frozen=True, slots=True)
class Processed:
    """What became of one file: its document, or the reason why there is none.

    status: `complete` or `partial` with a document; else the job's state, or `refused` for what was never a job.
    """

    path: Path
    document: Path | None
    status: str
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class ProgressEvent:
    """A stage of one of `videos` videos has ended: `done` of `total` steps, the last of which is the document."""

    path: Path
    stage: str
    done: int
    total: int
    videos: int


Progress = Callable[[ProgressEvent], None]


def process(
    configuration: Configuration,
    paths: Sequence[Path],
    *,
    force: bool,
    emit: Emit,
    progress: Progress,
    on_pause: OnPause = lambda _pause: None,
    pool_factory: Callable[[Configuration], Pool] = make_pool,
    clock: Clock | None = None,
) -> list[Processed]:
    """Describe files, and all videos in folders, now; return one answer per file, in the order of the paths.

    Files that cannot be taken (not there, empty, unreadable) come last. A file that has a document gets that one,
    unless `force`. Where the output's disk takes no documents, `on_pause` is told, and after `PAUSED_AT_MOST_S` what is
    not done stays queued. Raises `StateLocked` while a service runs on the same state directory, and `ConfigError`.
    """
    clock = clock or SystemClock()
    require_local_state(configuration)
    with state_lock(configuration.state.dir):
        root = make_output_root(configuration)
        ledger = _open(configuration, root=root, clock=clock)
        try:
            messenger = make_messenger(configuration, ledger=ledger, clock=clock, emit=emit)
            recover(ledger, output_root=root, inboxes=[], now=clock.wall(), emit=emit)
            found, refused = _enlisted(configuration, paths, root=root)
            tracker = _Tracker(progress, videos=len(found))
            watcher = tracker.stage_ended
            assembly = assemble(
                configuration, ledger=ledger, emit=emit, watcher=watcher, pool_factory=pool_factory, clock=clock
            )
            tracker.total = len(assembly.plan.expected) + 1
            answers = _describe(assembly, submit(ledger, found, force=force), tracker, on_pause)
            _log_refusals(refused, emit)
            _tell(messenger)
            return [*answers, *map(_refusal, refused)]
        finally:
            ledger.close()


def _open(configuration: Configuration, *, root: bytes, clock: Clock) -> Ledger:
    announces = configuration.webhook.announces
    return open_ledger(ledger_place(configuration), output_root=root, clock=clock, announces=announces)


def _enlisted(
    configuration: Configuration, paths: Sequence[Path], *, root: bytes
) -> tuple[list[Settled], list[Refused]]:
    excluded = (root, os.fsencode(configuration.state.dir.absolute()))
    return enlist(map(os.fsencode, paths), extensions=configuration.intake.extensions, excluded=excluded)


def _tell(messenger: Housekeeping) -> None:
    with suppress(*PASSING):  # what is not told now stays in the outbox
        messenger.work_off(within_s=TOLD_WITHIN_S)


class _Tracker:
    """Counts the stages that have ended, per video."""

    def __init__(self, progress: Progress, *, videos: int) -> None:
        self._progress = progress
        self._videos = videos
        self._ended: dict[int, set[str]] = {}
        self.total = 0

    def stage_ended(self, job: Job, stage: str, _outcome: Outcome) -> None:
        ended = self._ended.setdefault(job.job_id, set())
        ended.add(stage)
        self._progress(ProgressEvent(_path(job), stage, len(ended), self.total, self._videos))

    def video_ended(self, job: Job) -> None:
        self._progress(ProgressEvent(_path(job), str(job.state), self.total, self.total, self._videos))


def _describe(assembly: Assembly, jobs: Sequence[int], tracker: _Tracker, on_pause: OnPause) -> list[Processed]:
    patience = Patience(assembly.driver, assembly.clock, on_pause, at_most_s=PAUSED_AT_MOST_S)
    left = _work(assembly, jobs, tracker, patience)
    return [_left(assembly.ledger, job, left[job]) if job in left else _answer(assembly.ledger, job) for job in jobs]


def _work(assembly: Assembly, jobs: Iterable[int], tracker: _Tracker, patience: Patience) -> dict[int, WorkPause]:
    """Drive until none of the jobs is queued or running; return those that a pause leaves so, with the pause."""
    driver, ledger = assembly.driver, assembly.ledger
    driver.restrict(list(jobs))
    left = set(jobs)
    try:
        while left:
            claimed = driver.step(timeout_s=POLL_S)
            ended = [job for job in map(ledger.job, left) if job.state not in UNFINISHED]
            for job in ended:
                left.discard(job.job_id)
                tracker.video_ended(job)
                patience.video_ended()
            lost = patience.lost_because()
            if lost is not None and not driver.busy:
                return dict.fromkeys(left, lost)
            if left and not claimed and not driver.busy:
                assembly.clock.sleep(POLL_S)
    finally:
        driver.close()
    return {}


def _left(ledger: Ledger, job_id: int, pause: WorkPause) -> Processed:
    """Answer for a video that was not finished; it stays queued."""
    job, free = ledger.job(job_id), free_mib(pause.output_root)
    where = os.fsdecode(pause.output_root) + ("" if free is None else f", {free} MiB free")
    return Processed(_path(job), None, str(job.state), f"{pause.reason}: {where}: {remedy(pause)}")


def _answer(ledger: Ledger, job_id: int) -> Processed:
    job = ledger.job(job_id)
    owner = ledger.job(job.duplicate_of) if job.duplicate_of is not None else job
    document = document_of(owner) if owner.state in {State.DONE, State.PARKED} else None
    if document is None or owner.output_root is None or owner.document is None:
        return Processed(_path(job), None, str(job.state), job.detail or job.reason)
    found = published(owner.output_root, owner.document)
    return Processed(_path(job), document, found.status if found else "partial", owner.detail or owner.reason)


def _log_refusals(refused: Iterable[Refused], emit: Emit) -> None:
    for file in refused:
        event = "file.blocked" if file.reason == "unreadable" else "file.rejected"
        emit(event, path=file.path, reason=file.reason, detail=file.detail)


def _refusal(refused: Refused) -> Processed:
    return Processed(Path(os.fsdecode(refused.path)), None, "refused", refused.detail)


def _path(job: Job) -> Path:
    return Path(os.fsdecode(job.absolute_path))
