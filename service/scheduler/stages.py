"""What can be said about a video's stages without asking anyone: what is known, what may run, what it needs."""

from __future__ import annotations

from dataclasses import replace

from actors.backend import Outcome, StageItem, StageStatus
from actors.plan import DECODE, FUSION, IDENTIFY, Plan, PlannedStage
from actors.pool.base import CallItem, PayloadRefs
from actors.results import Media
from service.scheduler.board import Run
from service.scheduler.events import ReportStage, RequestFusion
from service.scheduler.turn import Turn

REQUEST, IDENTITY = "request", "identity"
"""Operations of the ledger, not of an actor: they too are waited for."""


def settle(turn: Turn, run: Run) -> Run:
    """Write down every stage whose outcome is already known: disabled, unavailable, stored, or nothing to look at."""
    if run.sha256 is None:
        return run
    for stage in turn.plan.stages:
        if stage.name != FUSION and stage.name not in run.outcomes and stage.name not in run.busy:
            run = _settle_one(turn, run, stage)
    return _released(turn.plan, run)


def with_outcome(run: Run, plan: Plan, stage: str, outcome: Outcome) -> Run:
    """Write down how a stage ended, with the key that stages downstream will see."""
    key = result_key(run, plan, stage) if outcome.status.durable else str(outcome.status)
    return replace(run, outcomes={**run.outcomes, stage: outcome}, keys={**run.keys, stage: key})


def result_key(run: Run, plan: Plan, stage: str) -> str:
    """Return the key under which this run's result of the stage is kept."""
    return plan.key(stage, sha256=run.sha256 or "", upstream=run.keys)


def operations(plan: Plan, run: Run) -> tuple[str, ...]:
    """Return what may be submitted for the run now, in the order of the plan; what is in flight is left out."""
    if run.sha256 is None:
        wanted: list[str] = [] if IDENTITY in run.busy else [IDENTIFY]
    else:
        wanted = _analysis(plan, run)
    return tuple(name for name in wanted if name not in run.busy)


def item(plan: Plan, run: Run, operation: str) -> CallItem:
    """Make what the actor will be given: no more results and payloads than the stage says it needs."""
    if operation in {IDENTIFY, DECODE}:
        wants = frozenset() if operation == IDENTIFY else _wants(plan, run)
        return CallItem(StageItem(run.video_id, source=run.ticket.source, wants=wants))
    held = run.payloads or PayloadRefs()
    if operation == FUSION:
        everything = StageItem(run.video_id, media=run.media, results=run.outcomes, fusion=run.request)
        return CallItem(everything, held.only_keyframes())
    stage = plan.by_name[operation]
    results = {name: run.outcomes[name] for name in stage.upstream if name != DECODE}
    refs = PayloadRefs(
        audio=held.audio if "audio" in stage.needs else None,
        frames=held.frames if "frames" in stage.needs else None,
        keyframes=held.keyframes if "keyframes" in stage.needs else None,
    )
    return CallItem(StageItem(run.video_id, media=run.media, results=results), refs)


def request_fusion(turn: Turn, run: Run) -> Run:
    """Ask for the document's name and sidecars once every stage has been settled."""
    if run.request is not None or REQUEST in run.busy or not _all_settled(turn.plan, run):
        return run
    turn.ask(RequestFusion(run.job_id))
    return replace(run, busy=run.busy | {REQUEST})


def _settle_one(turn: Turn, run: Run, stage: PlannedStage) -> Run:
    outcome, cached = _known(turn, run, stage)
    if outcome is None:
        return run
    if outcome.status is not StageStatus.DISABLED:
        turn.ask(ReportStage(run.job_id, stage.name, outcome, cached))
    return with_outcome(run, turn.plan, stage.name, outcome)


def _known(turn: Turn, run: Run, stage: PlannedStage) -> tuple[Outcome | None, bool]:
    if not stage.runs:
        return Outcome(stage.status, reason=stage.reason), False
    if stage.name in turn.unavailable:
        return Outcome(StageStatus.UNAVAILABLE, reason=turn.unavailable[stage.name], backend=stage.backend or ""), False
    if any(name not in run.outcomes for name in stage.upstream):
        return None, False
    stored = run.stored.get(result_key(run, turn.plan, stage.name))
    if stored is not None:
        return stored, True
    return (_nothing_to_look_at(stage, run.media), False) if run.media else (None, False)


def _nothing_to_look_at(stage: PlannedStage, media: Media) -> Outcome | None:
    backend = stage.backend or ""
    if "audio" in stage.needs and not media.has_audio:
        return Outcome(StageStatus.NO_AUDIO, reason="the file has no sound that can be decoded", backend=backend)
    if stage.payload_needs & {"frames", "keyframes"} and not media.has_video:
        return Outcome(StageStatus.NO_VIDEO, reason="the file has no picture", backend=backend)
    return None


def _analysis(plan: Plan, run: Run) -> list[str]:
    open_stages = [stage for stage in plan.analysis if stage.name not in run.outcomes]
    lacking = run.payloads is None and any(stage.payload_needs for stage in open_stages)
    decode = DECODE not in run.outcomes or lacking or run.decode_again
    wanted = [DECODE] if decode else []
    for stage in open_stages:
        known = all(name in run.outcomes for name in stage.upstream)
        if known and (not stage.payload_needs or (run.payloads is not None and not decode)):
            wanted.append(stage.name)
    if run.request is not None and not decode and _all_settled(plan, run):
        wanted.append(FUSION)
    return wanted


def _wants(plan: Plan, run: Run) -> frozenset[str]:
    """Everything some unsettled stage reads; keyframes always, because fusion writes them."""
    needs = [stage.payload_needs for stage in plan.analysis if stage.name not in run.outcomes]
    return frozenset({"keyframes"}).union(*needs)


def _all_settled(plan: Plan, run: Run) -> bool:
    return all(stage.name in run.outcomes for stage in plan.stages if stage.name != FUSION)


def _released(plan: Plan, run: Run) -> Run:
    """Let go of sound and frames as soon as no stage is left that reads them."""
    if run.payloads is None or (run.payloads.audio is None and run.payloads.frames is None):
        return run
    reads = [s for s in plan.analysis if s.name not in run.outcomes and s.payload_needs & {"audio", "frames"}]
    return run if reads else replace(run, payloads=run.payloads.only_keyframes())
