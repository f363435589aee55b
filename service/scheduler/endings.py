"""What becomes of a video when a call has ended: the one place where failures turn into consequences (DESIGN 6)."""

from __future__ import annotations

from dataclasses import replace

from actors.backend import Failure, Outcome, StageStatus
from actors.plan import DECODE, FUSION, IDENTIFY
from actors.pool.base import PAYLOADS_LOST, PayloadRefs
from actors.results import FusionReceipt, Identity
from service.scheduler.board import DEATHS_TO_PARK, LOSSES_TO_RETRY, Run
from service.scheduler.events import (
    Action,
    Block,
    Fail,
    Finish,
    Park,
    RecordIdentity,
    Reject,
    Release,
    ReportStage,
    RetryLater,
    StoreResult,
    Supersede,
    Suspect,
    Vanish,
)
from service.scheduler.stages import IDENTITY, result_key, with_outcome
from service.scheduler.turn import Turn

KEYFRAMES_MISSING = "keyframes_missing"
"""Fusion's reason when it was given no keyframes and the ones on disk are not whole: decode once more."""
NOT_THERE = frozenset({"missing", "symbolic_link", "not_a_file"})
"""Decoding's reasons when the file is no longer there: nothing has its name, or a link, a folder, a FIFO has."""
UNREADABLE = "unreadable"
"""Decoding's reason when the file exists but may not be opened: intake waits for permission."""
PASSING = frozenset({Failure.TRANSIENT, Failure.OUT_OF_MEMORY})
"""Failures that may be over after a while; after running out of memory the actor is a new one besides."""


def absorb(turn: Turn, run: Run, *, operation: str, outcome: Outcome, payloads: PayloadRefs) -> None:
    """Write down what a call says about a video, or take the video off the board with the consequence."""
    run = replace(run, busy=run.busy - {operation})
    if operation == IDENTIFY and isinstance(outcome.data, Identity):
        turn.put(replace(run, busy=run.busy | {IDENTITY}))
        turn.ask(RecordIdentity(run.job_id, outcome.data.sha256))
    elif operation == FUSION and isinstance(outcome.data, FusionReceipt):
        seconds = {name: o.seconds for name, o in run.outcomes.items()}
        turn.drop(run, Finish(run.job_id, outcome.data, run.parked_because, seconds))
    elif operation == FUSION and outcome.reason == KEYFRAMES_MISSING and not run.decode_again:
        turn.put(replace(run, decode_again=True, payloads=None))
    elif outcome.reason == PAYLOADS_LOST and run.payloads_lost < LOSSES_TO_RETRY:
        turn.put(replace(run, decode_again=True, payloads=None, payloads_lost=run.payloads_lost + 1))
    elif _ends_the_run(turn, run, operation=operation, outcome=outcome):
        turn.drop(run, _consequence(turn, run, outcome))
    else:
        turn.put(_settled(turn, run, stage=operation, outcome=outcome, payloads=payloads))


def convict(turn: Turn, run: Run, *, operation: str, reason: str, hung: bool) -> None:
    """Hold a death or hang against a video: it runs alone the next time, and is parked after that.

    Where the stage is one that a document can do without, the parked video still gets its (partial) document.
    """
    run = replace(run, busy=run.busy - {operation})
    if run.ticket.deaths + 1 < DEATHS_TO_PARK:
        turn.drop(run, Suspect(run.job_id, reason))
    elif operation in {IDENTIFY, DECODE, FUSION}:
        turn.drop(run, Park(run.job_id, reason))
    else:
        status = StageStatus.TIMED_OUT if hung else StageStatus.FAILED
        outcome = Outcome(status, reason=reason, backend=turn.plan.by_name[operation].backend or "")
        settled = _settled(turn, run, stage=operation, outcome=outcome, payloads=PayloadRefs())
        turn.put(replace(settled, parked_because=reason))


def _ends_the_run(turn: Turn, run: Run, *, operation: str, outcome: Outcome) -> bool:
    """Whether the video leaves the board now: the host is at fault, the stage is required, or a retry is due."""
    if outcome.failure is Failure.ENVIRONMENT:
        return True
    if operation in {IDENTIFY, DECODE, FUSION}:
        return not outcome.status.durable
    return outcome.failure in PASSING and turn.limits.retry_after_s(run.ticket.attempts) is not None


def _settled(turn: Turn, run: Run, *, stage: str, outcome: Outcome, payloads: PayloadRefs) -> Run:
    turn.ask(ReportStage(run.job_id, stage, outcome))
    if outcome.status.durable and run.sha256 is not None:
        turn.ask(StoreResult(run.job_id, run.sha256, stage, result_key(run, turn.plan, stage), outcome))
    run = with_outcome(run, turn.plan, stage, outcome)
    return replace(run, payloads=payloads, decode_again=False) if stage == DECODE else run


def _consequence(turn: Turn, run: Run, outcome: Outcome) -> Action:
    """Return what the ledger is told about a video that cannot go on."""
    reason, detail, after_s = outcome.reason or str(outcome.status), outcome.detail, None
    if outcome.failure in PASSING:
        after_s = turn.limits.retry_after_s(run.ticket.attempts)
    action: Action = Fail(run.job_id, reason, detail) if after_s is None else RetryLater(run.job_id, after_s, reason)
    if outcome.reason == UNREADABLE:
        action = Block(run.job_id, reason)
    elif outcome.reason in NOT_THERE:
        action = Vanish(run.job_id)
    elif outcome.failure is Failure.ENVIRONMENT:
        action = Release(run.job_id, pause=reason)
    elif outcome.failure is Failure.SOURCE_CHANGED:
        action = Supersede(run.job_id, reason)
    elif outcome.failure is Failure.BAD_INPUT:
        action = Reject(run.job_id, reason, detail)
    return action
