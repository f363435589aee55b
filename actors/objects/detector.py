"""Objects by a model that is asked for nouns: the frame around all of them."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, field_validator

from actors.backend import StageItem
from actors.models.keyframe_model import KeyframeModel, KeyframeModelOptions
from actors.models.pretrained import Pretrained
from actors.objects.vocabulary import EVERYDAY, nouns_of
from actors.results import DetectedObject, DetectedObjects

LEAST_SIDE = 0.001
"""Share of the frame below which a box is a line and no object."""


class DetectorOptions(KeyframeModelOptions):
    """Settings of every detector that is asked for nouns."""

    batch_size: int = Field(default=1, ge=1, le=64)
    """Batches cost memory and gain little (GroundingDINO on a card: 363 ms for one picture, 668 for two)."""
    vocabulary: tuple[str, ...] = Field(default=EVERYDAY, validate_default=True)
    """A list of nouns, the name of a shipped vocabulary, or a file's path; the nouns themselves are what is kept."""
    threshold: float = Field(default=0.3, ge=0.0, le=1.0)
    """The confidence from which an object is believed."""
    overlap: float = Field(default=0.5, gt=0.0, le=1.0)
    """Intersection over union above which two boxes of one noun mean one object."""

    @field_validator("vocabulary", mode="before")
    @classmethod
    def _nouns(cls, setting: Any) -> tuple[str, ...]:
        return nouns_of(setting)


@dataclass(frozen=True, slots=True)
class Detection:
    """One sighting: the number of its noun, the model's score, and its corners as shares of the frame."""

    noun: int
    score: float
    corners: tuple[float, float, float, float]
    """Left, top, right, bottom; may reach beyond the frame."""


class Detector(KeyframeModel[DetectorOptions, tuple[DetectedObject, ...]]):
    """Objects per keyframe, the surest first; labels are the vocabulary's nouns, letter by letter."""

    actor: ClassVar[str] = "objects"

    def _result(self, item: StageItem, found: Sequence[tuple[DetectedObject, ...]]) -> DetectedObjects:  # noqa: ARG002 - the pictures say it all
        return DetectedObjects(keyframes=tuple(found))

    def _look(self, pictures: Sequence[NDArray[np.uint8]]) -> list[tuple[DetectedObject, ...]]:
        loaded, options = self._loaded(), self.options
        with (
            loaded.torch.inference_mode(),
            # Weights stay float32: GroundingDINO's text and picture branches mix dtypes and crash on half weights.
            loaded.torch.autocast(loaded.device, dtype=loaded.torch.float16, enabled=loaded.device == "cuda"),
        ):
            sightings = self._detect(loaded, pictures)
        return [_merged(loaded, seen, nouns=options.vocabulary, overlap=options.overlap) for seen in sightings]

    @abstractmethod
    def _detect(self, loaded: Pretrained, pictures: Sequence[NDArray[np.uint8]]) -> list[list[Detection]]:
        """Return the sightings on each picture that reach `threshold`, duplicates and all."""


def sightings(
    scores: Any, nouns: Any, corners: Any, *, threshold: float, offset: int = 0, size: tuple[float, float] = (1.0, 1.0)
) -> list[Detection]:
    """Return what one picture's tensors say.

    scores: (n,). nouns: (n,), numbers of nouns, to which `offset` is added. corners: (n, 4), left, top, right, bottom
    in units of which the frame has `size` (width, height). Scores that are no numbers (half precision overflowed) go.
    """
    width, height = size
    kept = (scores >= threshold).nonzero()[:, 0]
    return [
        Detection(noun + offset, min(1.0, score), (left / width, top / height, right / width, bottom / height))
        for score, noun, (left, top, right, bottom) in zip(
            scores[kept].float().cpu().tolist(),
            nouns[kept].cpu().tolist(),
            corners[kept].float().cpu().tolist(),
            strict=True,
        )
    ]


def _merged(
    loaded: Pretrained, seen: Sequence[Detection], *, nouns: Sequence[str], overlap: float
) -> tuple[DetectedObject, ...]:
    """Keep the surest of the boxes of one noun that overlap, cut to the frame; lines and points are no objects."""
    from torchvision.ops import batched_nms  # noqa: PLC0415 - heavy

    if not seen:
        return ()
    tensor = loaded.torch.tensor
    kept = batched_nms(
        tensor([found.corners for found in seen]),
        tensor([found.score for found in seen]),
        tensor([found.noun for found in seen]),
        overlap,
    ).tolist()
    objects = [_object(seen[index], nouns) for index in kept]
    return tuple(found for found in objects if min(found.box[2:]) >= LEAST_SIDE)


def _object(found: Detection, nouns: Sequence[str]) -> DetectedObject:
    left, top, right, bottom = (min(1.0, max(0.0, value)) for value in found.corners)
    box = (round(left, 4), round(top, 4), round(max(0.0, right - left), 4), round(max(0.0, bottom - top), 4))
    return DetectedObject(label=nouns[found.noun], confidence=round(found.score, 4), box=box)
