"""Keyframes judged by CLIP (Radford et al. 2021): what they resemble, and which show what the prompts describe."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from actors.backend import BackendOptions, StageItem
from actors.frames.representatives import by_prompt
from actors.frames.selection import SelectionOptions, candidates, verdicts
from actors.models.asset import ModelAsset
from actors.models.keyframe_model import KeyframeModel, KeyframeModelOptions, KnownModel
from actors.results import FrameSelection, KeyframeVerdict, Media

BASE, LARGE = "openai/clip-vit-base-patch32", "openai/clip-vit-large-patch14"
_FILES = ("*.json", "*.txt", "*.safetensors", "pytorch_model.bin")
PROMPTS = (
    "a person speaking to the camera",
    "a close-up of a product",
    "a person using a product",
    "a close-up of food or drink",
    "a logo or brand name on a plain background",
    "a price or an offer written in large letters",
    "a person's face showing emotion",
    "a view of a place or a landscape",
)
"""What short videos and advertisements mostly show."""


class ClipOptions(KeyframeModelOptions, SelectionOptions):
    """Settings of `frames.clip`."""

    model: str = BASE
    batch_size: int = Field(default=32, ge=1, le=256)
    prompts: tuple[str, ...] = Field(default=PROMPTS, min_length=1)
    """What a keyframe that stands for the clip may show, in English; the nearest one is named."""
    duplicate: float = Field(default=0.95, ge=-1.0, le=1.0)
    """Cosine of two keyframes from which the later one repeats the earlier one."""
    diversity: float = Field(default=0.9, ge=-1.0, le=1.0)
    """Cosine above which two keyframes do not both stand for the clip."""


class ClipFrames(KeyframeModel[ClipOptions, NDArray[np.float32]]):
    """Verdicts with image vectors, and the keyframes nearest to the prompts.

    CLIP sees the square in the middle of a picture: of an upright one, neither the top nor the bottom.
    """

    name: ClassVar[str] = "frames.clip"
    revision: ClassVar[int] = 1
    actor: ClassVar[str] = "frames"
    options_type: ClassVar[type[BackendOptions]] = ClipOptions
    kind: ClassVar[str] = "CLIPModel"
    types: ClassVar[frozenset[str]] = frozenset({"clip"})
    known: ClassVar[dict[str, KnownModel]] = {
        # The card's share is not measured.
        BASE: KnownModel(ModelAsset(BASE, "MIT", 580, files=_FILES), weights=151_000_000, host_mib=900, vram_mib=1000),
        LARGE: KnownModel(
            ModelAsset(LARGE, "MIT", 1640, files=_FILES), weights=428_000_000, host_mib=2000, vram_mib=1800
        ),
    }
    card_dtype: ClassVar[str] = "float16"
    _prompts: NDArray[np.float32]

    def load(self) -> None:
        """Load the model and read the prompts, once for all videos; raises `BackendUnavailable`."""
        super().load()
        loaded = self._loaded()
        text = loaded.processor(text=list(self.options.prompts), return_tensors="pt", padding=True, truncation=True)
        with loaded.torch.inference_mode():
            self._prompts = _unit(loaded.model.get_text_features(**text.to(loaded.device)))

    def _look(self, pictures: Sequence[NDArray[np.uint8]]) -> list[NDArray[np.float32]]:
        """Return one vector of unit length for each picture."""
        loaded = self._loaded()
        inputs = loaded.processor(images=list(pictures), return_tensors="pt").to(loaded.device, loaded.model.dtype)
        with loaded.torch.inference_mode():
            return list(_unit(loaded.model.get_image_features(**inputs)))

    def _result(self, item: StageItem, found: Sequence[NDArray[np.float32]]) -> FrameSelection:
        options, shots = self.options, _media(item).shots
        vectors = np.stack(found) if found else np.zeros((0, self._prompts.shape[1]), dtype=np.float32)
        likeness = vectors @ vectors.T
        judged = verdicts(shots, likeness, options=options, duplicate=options.duplicate)
        chosen = by_prompt(
            candidates(judged, shots),
            similarity=vectors @ self._prompts.T,
            likeness=likeness,
            prompts=options.prompts,
            most=options.representatives,
            diversity=options.diversity,
        )
        return FrameSelection(
            keyframes=tuple(_with_vector(v, vector) for v, vector in zip(judged, vectors, strict=True)),
            representative=chosen,
        )


def _media(item: StageItem) -> Media:
    assert item.media is not None  # noqa: S101 - a video without media has no findings
    return item.media


def _unit(features: Any) -> NDArray[np.float32]:
    """Return rows of unit length, float32 on the host."""
    rows = np.asarray(features.float().cpu().numpy(), dtype=np.float32)
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), dtype=np.float32)


def _with_vector(verdict: KeyframeVerdict, vector: NDArray[np.float32]) -> KeyframeVerdict:
    encoded = base64.b64encode(vector.astype("<f2").tobytes()).decode("ascii")
    return verdict.model_copy(update={"embedding": encoded})
