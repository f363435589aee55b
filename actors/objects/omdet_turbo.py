"""Objects by OmDet-Turbo (Zhao et al. 2024), made for speed; its published weights want the package timm."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from actors.backend import BackendOptions
from actors.errors import BackendUnavailable
from actors.models.asset import ModelAsset
from actors.models.keyframe_model import KnownModel
from actors.models.pretrained import Pretrained
from actors.models.store import located
from actors.models.weights import config_of
from actors.objects.detector import Detection, Detector, DetectorOptions, sightings
from actors.objects.vocabulary import split

TINY = "omlab/omdet-turbo-swin-tiny-hf"
TASK = "Detect {}."
"""The sentence the model is given beside the nouns."""
TEXT_TOKENS = 77
"""CLIP's text encoder reads no more; transformers cuts the rest off without a word."""


class OmDetTurboOptions(DetectorOptions):
    """Settings of `objects.omdet_turbo`."""

    model: str = TINY


class OmDetTurbo(Detector):
    """Nouns go to the model in runs whose sentence it can read whole."""

    name: ClassVar[str] = "objects.omdet_turbo"
    revision: ClassVar[int] = 1
    options_type: ClassVar[type[BackendOptions]] = OmDetTurboOptions
    kind: ClassVar[str] = "OmDetTurboForObjectDetection"
    types: ClassVar[frozenset[str]] = frozenset({"omdet-turbo"})
    known: ClassVar[dict[str, KnownModel]] = {
        # Neither figure is measured.
        TINY: KnownModel(
            ModelAsset(TINY, "Apache-2.0", 440, files=("*.json", "*.txt", "*.safetensors")),
            weights=115_000_000,
            host_mib=1500,
            vram_mib=2000,
        ),
    }

    @classmethod
    def lacking(cls, options: DetectorOptions) -> str | None:
        """See `Backend.lacking`; the published weights have a backbone of timm, which nothing else needs."""
        reason, folder = super().lacking(options), located(options.model, options.models_dir)
        if reason is not None or folder is None or find_spec("timm") is not None:
            return reason
        wants = config_of(folder).get("use_timm_backbone", True)
        return f"{options.model} needs timm, which is not installed: pip install timm" if wants else None

    def load(self) -> None:
        """Load the model and cut the vocabulary into runs; raises `BackendUnavailable`."""
        super().load()
        tokenizer = self._loaded().processor.tokenizer
        frame = len(tokenizer(TASK.format(""))["input_ids"])
        try:
            self._runs = split(
                self.options.vocabulary,
                tokens_of=lambda noun: len(tokenizer.tokenize(f"{noun}, ")),
                room=TEXT_TOKENS - frame,
            )
        except ValueError as exc:
            raise BackendUnavailable("vocabulary", str(exc)) from exc

    def _detect(self, loaded: Pretrained, pictures: Sequence[NDArray[np.uint8]]) -> list[list[Detection]]:
        found: list[list[Detection]] = [[] for _ in pictures]
        offset = 0
        for nouns in self._runs:
            for seen, more in zip(found, self._looked(loaded, pictures, nouns, offset), strict=True):
                seen.extend(more)
            offset += len(nouns)
        return found

    def _looked(
        self, loaded: Pretrained, pictures: Sequence[NDArray[np.uint8]], nouns: Sequence[str], offset: int
    ) -> list[list[Detection]]:
        threshold = self.options.threshold
        inputs = loaded.processor(
            images=list(pictures),
            text=[list(nouns)] * len(pictures),
            task=[TASK.format(", ".join(nouns))] * len(pictures),
            return_tensors="pt",
        ).to(loaded.device)
        # Boxes come as shares of a picture that was stretched to the model's square: a frame of size 1 by 1.
        results = loaded.processor.post_process_grounded_object_detection(
            loaded.model(**inputs),
            threshold=threshold,
            nms_threshold=self.options.overlap,
            target_sizes=[(1, 1)] * len(pictures),
        )
        return [
            sightings(seen["scores"], seen["labels"], seen["boxes"], threshold=threshold, offset=offset)
            for seen in results
        ]
