"""Captions without a model: sentences composed from what decoding and the other stages measured."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from actors.backend import Backend, BackendOptions, Outcome, Resources, StageItem, StageStatus
from actors.captions.sentences import Seen, caption
from actors.results import Caption, Captions, DetectedObjects, OnScreenText, Shot

_FACE_DETECTOR = "objects.haar"


class ComposedCaptions(Backend[BackendOptions]):
    """One caption per keyframe; confidence is None, for nothing was inferred that could be more or less certain."""

    name: ClassVar[str] = "captions.composed"
    revision: ClassVar[int] = 1
    needs: ClassVar[tuple[str, ...]] = ("ocr", "objects")
    actor: ClassVar[str] = "shared"
    resources: ClassVar[Resources] = Resources(num_cpus=0.05, ram_mib=80)

    @classmethod
    def model_revision(cls, options: BackendOptions) -> str:  # noqa: ARG003 - the same sentences whatever the options
        """Name the rules; their changes are counted by `revision`."""
        return f"composed {cls.revision}"

    def load(self) -> None:
        """Return at once: there is nothing to load."""

    def run(self, items: Sequence[StageItem]) -> list[Outcome]:
        """Return `Captions` per item, or `no_video`."""
        return [_outcome(item) for item in items]


def _outcome(item: StageItem) -> Outcome:
    if item.media is None or not item.media.has_video:
        return Outcome(StageStatus.NO_VIDEO, reason="the file has no picture")
    captions = tuple((Caption(text=caption(seen), confidence=None),) for seen in _keyframes(item, item.media.shots))
    return Outcome(StageStatus.DONE, data=Captions(keyframes=captions))


def _keyframes(item: StageItem, shots: Sequence[Shot]) -> list[Seen]:
    text, objects = _result(item, "ocr"), _result(item, "objects")
    lines = text.keyframes if isinstance(text, OnScreenText) else None
    # Another detector looks for other things: that it names no face says nothing about faces.
    looked = item.results["objects"].backend == _FACE_DETECTOR if "objects" in item.results else False
    found = objects.keyframes if isinstance(objects, DetectedObjects) and looked else None
    return [
        Seen(
            faces=tuple(o.box for o in found[index] if o.label == "face") if found is not None else None,
            lines=lines[index] if lines is not None else None,
            measures=shot.measures,
            motion=shot.motion,
        )
        for index, shot in enumerate(shots)
    ]


def _result(item: StageItem, stage: str) -> object | None:
    """Return a stage's result, or None where it has none: unavailable, failed, disabled, or not run."""
    outcome = item.results.get(stage)
    return outcome.data if outcome is not None and outcome.status is StageStatus.DONE else None
