"""A scheduler with its board, for tests that play pool and ledger by hand."""

from __future__ import annotations

from typing import Any

from actors.backend import Outcome, Resources, SourceRef, StageStatus
from actors.fusion.request import FusionRequest
from actors.plan import Plan, PlannedStage
from actors.pool.base import ActorReady, CallDone, PayloadRefs
from actors.results import FusionReceipt, Identity, Media, SpeechSpans
from service.scheduler import Board, Limits, Ticket, decide
from service.scheduler.board import Deadline
from service.scheduler.events import Claimed, Identified, Requested, Submit

SHA = "ab" * 32
MEDIA = Media(container="mp4", has_video=True, has_audio=True, duration_s=10.0, size_bytes=1)
DONE = Outcome(StageStatus.DONE, data=SpeechSpans(spans=(), speech_s=0.0))
PAYLOADS = PayloadRefs("audio", "frames", "keyframes", 1000, 10)
REQUEST = FusionRequest(b"/out", "a", "1.0", "a.mp4", "a.mp4", SHA, "embedded", "0")
RECEIPT = Outcome(StageStatus.DONE, data=FusionReceipt(document="a.json", status="complete", run_id="1.0"))


def stage(name: str, *needs: str, actor: str | None = None, backend: str | None = "x") -> PlannedStage:
    status = StageStatus.DONE if backend else StageStatus.DISABLED
    return PlannedStage(
        name,
        f"{name}.{backend}" if backend else None,
        status,
        actor=actor or name,
        needs=needs,
        identity=name,
        resources=Resources(num_cpus=0.1, ram_mib=100),
    )


PLAN = Plan(
    (
        stage("decode", actor="media"),
        stage("vad", "audio", actor="speech"),
        stage("asr", "audio", "vad", actor="speech"),
        stage("ocr", "frames", "keyframes"),
        stage("diarization", backend=None),
        stage("captions", "ocr", actor="shared"),
        stage("fusion", "asr", "ocr", "captions"),
    )
)
LIMITS = Limits(
    deadlines={s.name: Deadline(60.0, 1.0) for s in PLAN.stages},
    start_deadline_s=30.0,
    payload_budget_bytes=100 * 2**20,
    frames_worst_bytes=20 * 2**20,
)


class Table:
    """A scheduler with its board, for tests that play pool and ledger."""

    def __init__(self, limits: Limits = LIMITS, plan: Plan = PLAN) -> None:
        self.board = Board.empty(plan, limits)
        self.now_s = 0.0
        self.calls: dict[str, Any] = {}
        self.asked: list[Any] = []

    def tell(self, event: Any) -> list[Any]:
        before = self.board
        self.board, actions = decide(before, event, now_s=self.now_s)
        assert decide(before, event, now_s=self.now_s) == (self.board, actions)  # pure: the same again
        self.asked += actions
        for action in actions:
            if isinstance(action, Submit):
                self.calls[action.call.operation] = action.call
        return actions

    def claim(self, job_id: int = 1, **ticket: Any) -> list[Any]:
        source = SourceRef(b"/in/%d.mp4" % job_id, 1, job_id, 1000, 0)
        values = {"attempts": 1, **ticket}
        return self.tell(Claimed(Ticket(job_id, source, **values)))

    def ready(self) -> None:
        for name in self.board.slots:
            self.tell(ActorReady(name, 1, 0.1))

    def done(self, operation: str, outcome: Outcome, payloads: PayloadRefs | None = None) -> list[Any]:
        call = self.calls.pop(operation)
        refs = (payloads,) if payloads else ()
        return self.tell(CallDone(call.call_id, (outcome,), refs))

    def identified(self, **stored: Outcome) -> list[Any]:
        self.done("identify", Outcome(StageStatus.DONE, data=Identity(sha256=SHA)))
        return self.tell(Identified(1, SHA, stored))

    def decoded(self, media: Media = MEDIA) -> list[Any]:
        return self.done("decode", Outcome(StageStatus.DONE, data=media), PAYLOADS)

    def until_fusion(self) -> None:
        for operation in ("vad", "ocr", "asr", "captions"):
            self.done(operation, DONE)
        self.tell(Requested(1, REQUEST))


def started(limits: Limits = LIMITS) -> Table:
    table = Table(limits)
    table.claim()
    table.ready()
    return table


def kinds(actions: list[Any], *types: type) -> list[Any]:
    return [action for action in actions if isinstance(action, types)]


def submitted(actions: list[Any]) -> list[str]:
    return [action.call.operation for action in kinds(actions, Submit)]
