"""Keyframes judged without a model: by what decoding measured and a perceptual hash."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from typing import ClassVar

from pydantic import Field

from actors.backend import Backend, BackendOptions, Outcome, Resources, StageItem, StageStatus
from actors.frames.hashes import likeness, signature
from actors.frames.representatives import by_time
from actors.frames.selection import SelectionOptions, candidates, verdicts
from actors.models.keyframe_model import Keyframe
from actors.results import FrameSelection


class MeasuredOptions(BackendOptions, SelectionOptions):
    """Settings of `frames.measured`."""

    duplicate: float = Field(default=0.95, ge=0.0, le=1.0)
    """Share of equal hash bits from which a keyframe repeats an earlier one. 0.92 is what cards of one design reach
    that say different things."""


class MeasuredFrames(Backend[MeasuredOptions]):
    """Verdicts without vectors, and the sharpest keyframes over the clip's length, without prompt or similarity."""

    name: ClassVar[str] = "frames.measured"
    revision: ClassVar[int] = 1
    needs: ClassVar[tuple[str, ...]] = ("keyframes",)
    actor: ClassVar[str] = "shared"
    resources: ClassVar[Resources] = Resources(num_cpus=0.05, ram_mib=80)
    options_type: ClassVar[type[BackendOptions]] = MeasuredOptions

    @classmethod
    def available(cls) -> str | None:
        """See `Backend.available`."""
        return None if find_spec("cv2") else "OpenCV is not installed (pip install -c constraints.txt reelwatch)"

    @classmethod
    def model_revision(cls, options: MeasuredOptions) -> str:  # noqa: ARG003 - the same rules whatever the options
        """Name the rules; their changes are counted by `revision`."""
        return f"measured {cls.revision}"

    def load(self) -> None:
        """Return at once: there is nothing to load."""

    def run(self, items: Sequence[StageItem]) -> list[Outcome]:
        """Return `FrameSelection` per item, or `no_video`."""
        return [self._outcome(item) for item in items]

    def _outcome(self, item: StageItem) -> Outcome:
        if item.media is None or not item.media.has_video:
            return Outcome(StageStatus.NO_VIDEO, reason="the file has no picture")
        shots = item.media.shots
        alike = likeness([signature(Keyframe(jpeg, n).picture()) for n, jpeg in enumerate(item.keyframes or ())])
        judged = verdicts(shots, alike, options=self.options, duplicate=self.options.duplicate)
        chosen = by_time(candidates(judged, shots), shots, most=self.options.representatives)
        return Outcome(StageStatus.DONE, data=FrameSelection(keyframes=tuple(judged), representative=chosen))
