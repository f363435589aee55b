"""What the stages handed to fusion: which results can be used, and how each stage is recorded."""

from __future__ import annotations

from dataclasses import replace
from typing import TypeVar

from actors.backend import Failure, Outcome, StageItem, StageStatus
from actors.document import Models, StageRecord
from actors.results import RESULT_TYPES, Result

ResultT = TypeVar("ResultT", bound=Result)

_MODEL_STAGES = {
    "asr": "asr",
    "caption": "captions",
    "object_detector": "objects",
    "ocr": "ocr",
    "diarization": "diarization",
    "audio": "audio",
    "vad": "vad",
    "frames": "frames",
}
"""The stage behind each entry of `processing.models`."""


class Stages:
    """The outcomes of one video, with those that do not fit turned into failures."""

    def __init__(self, item: StageItem) -> None:
        shots = len(item.media.shots) if item.media else 0
        self._outcomes = {name: _fitted(name, outcome, shots) for name, outcome in item.results.items()}

    def result(self, stage: str, kind: type[ResultT]) -> ResultT | None:
        """Return a stage's result, or None when it has none."""
        outcome = self._outcomes.get(stage)
        data = outcome.data if outcome and outcome.status is StageStatus.DONE else None
        return data if isinstance(data, kind) else None

    def answered(self, stage: str) -> bool:
        """Whether the stage looked, or found nothing to look at: then an empty answer is true, not unknown."""
        outcome = self._outcomes.get(stage)
        return outcome is not None and outcome.status.durable

    def reason(self, stage: str) -> str | None:
        """Return why the stage has no result, or what limits it."""
        outcome = self._outcomes.get(stage)
        return outcome.reason if outcome else None

    def missing(self, expected: tuple[str, ...]) -> tuple[str, ...]:
        """Return the expected stages of which no outcome arrived; `decode` is known by its media."""
        return tuple(name for name in expected if name not in self._outcomes and name not in {"decode", "fusion"})

    def partial(self, expected: tuple[str, ...]) -> bool:
        """Whether a stage the profile asks for gave no answer."""
        if self.missing(expected):
            return True
        return any(outcome.status.makes_partial for name, outcome in self._outcomes.items() if name in expected)

    def records(self) -> dict[str, StageRecord]:
        """Return one record per stage, as they are written to `processing.stages`."""
        return {name: _record(outcome) for name, outcome in self._outcomes.items()}

    def models(self) -> Models:
        """Return the models that made statements; None where a stage said nothing of its own."""
        spoken = {
            name: outcome.model or None
            for name, outcome in self._outcomes.items()
            if outcome.status in {StageStatus.DONE, StageStatus.NO_SPEECH}
        }
        return Models(**{entry: spoken.get(stage) for entry, stage in _MODEL_STAGES.items()})


def _record(outcome: Outcome) -> StageRecord:
    ran = bool(outcome.backend)
    return StageRecord(
        status=outcome.status,
        backend=outcome.backend or None,
        model=outcome.model or None,
        device=outcome.device if ran else None,
        seconds=max(0.0, round(outcome.seconds, 3)) if ran else None,
        reason=outcome.reason,
    )


def _fitted(stage: str, outcome: Outcome, shots: int) -> Outcome:
    """Return the outcome, or a failure when its result cannot be about this video's shots."""
    if outcome.status is not StageStatus.DONE:
        return outcome
    kind = RESULT_TYPES.get(stage)
    if kind is not None and not isinstance(outcome.data, kind):
        return _failed(outcome, f"unusable_result: {type(outcome.data).__name__} instead of {kind.__name__}")
    keyframes = getattr(outcome.data, "keyframes", None)
    if keyframes is not None and len(keyframes) != shots:
        return _failed(outcome, f"unusable_result: {len(keyframes)} keyframes for {shots} shots")
    return outcome


def _failed(outcome: Outcome, reason: str) -> Outcome:
    return replace(outcome, status=StageStatus.FAILED, data=None, reason=reason, failure=Failure.BUG)
