"""Reads the scheduler's board for the live note: which stage of which video is where. Pure, and cheap."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from actors.backend import StageStatus
from actors.plan import IDENTIFY, PlannedStage
from service.live.note import PENDING, RUNNING, ActorNote, JobProgress, StageProgress, StageSetting
from service.metrics.counters import Counted
from service.scheduler.board import Board, Condition, Run, Slot, Work

Begun = Mapping[tuple[int, str], float]
"""When each operation under way began, by job and operation; wall-clock seconds."""


@dataclass(frozen=True, slots=True)
class Moment:
    """One moment by both clocks."""

    now_s: float
    wall: float

    def at(self, since_s: float) -> float:
        """Return the wall-clock time of a monotonic one."""
        return round(self.wall - (self.now_s - since_s), 3)


def jobs_of(board: Board, moment: Moment) -> tuple[JobProgress, ...]:
    """Return every video on the board with its stages."""
    begun = _begun(board, moment)
    return tuple(JobProgress(job=run.job_id, stages=tuple(_stages(board, run, begun))) for run in board.runs.values())


def stages_of(board: Board) -> tuple[StageSetting, ...]:
    """Return every stage as it runs here: its backend, or why there is none."""
    return tuple(_setting(stage, board.unavailable.get(stage.name)) for stage in board.plan.stages)


def actors_of(board: Board, counted: Counted, memory_bytes: Mapping[str, int]) -> tuple[ActorNote, ...]:
    """Return every actor. counted: since the start. memory_bytes: by actor, where it is known."""
    return tuple(_actor(board, name, counted, memory_bytes) for name in board.slots)


def _begun(board: Board, moment: Moment) -> Begun:
    heads = ((slot, work) for slot in board.slots.values() if (work := _head(slot)) is not None)
    return {(job, work.operation): moment.at(slot.head_since_s) for slot, work in heads for job in work.jobs}


def _head(slot: Slot) -> Work | None:
    """Return the call an actor is at: the oldest in its line."""
    return slot.line[0] if slot.line and slot.condition is Condition.READY else None


def _stages(board: Board, run: Run, begun: Begun) -> Iterator[StageProgress]:
    at = begun.get((run.job_id, IDENTIFY))
    known = StageStatus.DONE if run.sha256 is not None else RUNNING if at is not None else PENDING
    yield StageProgress(stage=IDENTIFY, status=known, started_at=at)
    for stage in board.plan.stages:
        if stage.status is not StageStatus.DISABLED:
            yield _stage(board, run, stage, begun.get((run.job_id, stage.name)))


def _stage(board: Board, run: Run, stage: PlannedStage, begun_at: float | None) -> StageProgress:
    outcome = run.outcomes.get(stage.name)
    if begun_at is not None:
        return StageProgress(stage=stage.name, status=RUNNING, backend=stage.backend, started_at=begun_at)
    if outcome is None:
        off = None if stage.runs else stage.reason
        reason = board.unavailable.get(stage.name, off)
        status = PENDING if reason is None else StageStatus.UNAVAILABLE
        return StageProgress(stage=stage.name, status=status, backend=stage.backend, reason=reason)
    return StageProgress(
        stage=stage.name,
        status=outcome.status,
        backend=outcome.backend or stage.backend,
        seconds=round(outcome.seconds, 3),
        reason=outcome.reason,
    )


def _setting(stage: PlannedStage, broken: str | None) -> StageSetting:
    available = stage.runs and broken is None
    return StageSetting(
        stage=stage.name,
        available=available,
        status=StageStatus.UNAVAILABLE if stage.runs and broken is not None else stage.status,
        backend=stage.backend,
        model=stage.model or None,
        reason=broken or stage.reason,
    )


def _actor(board: Board, name: str, counted: Counted, memory_bytes: Mapping[str, int]) -> ActorNote:
    slot, head = board.slots[name], _head(board.slots[name])
    held = [board.plan.by_name[backend.stage] for backend in slot.spec.backends]
    up = slot.condition in {Condition.STARTING, Condition.READY}
    return ActorNote(
        name=name,
        state=slot.condition.value,
        stages=tuple(stage.name for stage in held),
        backends=tuple(stage.backend for stage in held if stage.backend),
        models=tuple(dict.fromkeys(stage.model for stage in held if stage.model)),
        pid=counted.actors.get(name) if up else None,
        memory_bytes=memory_bytes.get(name) if up else None,
        starts=_count(counted, "actor_starts", name),
        deaths=_count(counted, "actor_deaths", name),
        doing=None if head is None else head.operation,
        reason=slot.retiring or slot.reason or None,
    )


def _count(counted: Counted, metric: str, actor: str) -> int:
    return int(counted.counts.get(metric, {}).get((actor,), 0))
