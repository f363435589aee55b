"""Objects by OWLv2 (Minderer et al. 2023), which is given nouns one by one, in sentences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from actors.backend import BackendOptions
from actors.models.asset import ModelAsset
from actors.models.keyframe_model import KnownModel
from actors.models.pretrained import Pretrained
from actors.objects.detector import Detection, Detector, DetectorOptions, sightings

BASE = "google/owlv2-base-patch16-ensemble"
TEMPLATE = "a photo of a {}"
"""The sentence of the model's page."""


class Owlv2Options(DetectorOptions):
    """Settings of `objects.owlv2`."""

    model: str = BASE
    threshold: float = Field(default=0.2, ge=0.0, le=1.0)


class Owlv2(Detector):
    """Every noun is looked for by itself; the likeliest names the box."""

    name: ClassVar[str] = "objects.owlv2"
    revision: ClassVar[int] = 1
    options_type: ClassVar[type[BackendOptions]] = Owlv2Options
    kind: ClassVar[str] = "Owlv2ForObjectDetection"
    types: ClassVar[frozenset[str]] = frozenset({"owlv2"})
    known: ClassVar[dict[str, KnownModel]] = {
        # Neither figure is measured.
        BASE: KnownModel(
            ModelAsset(BASE, "Apache-2.0", 600, files=("*.json", "*.txt", "*.safetensors")),
            weights=155_000_000,
            host_mib=2500,
            vram_mib=2500,
        ),
    }

    def _detect(self, loaded: Pretrained, pictures: Sequence[NDArray[np.uint8]]) -> list[list[Detection]]:
        texts = [[TEMPLATE.format(noun) for noun in self.options.vocabulary]] * len(pictures)
        inputs = loaded.processor(images=list(pictures), text=texts, return_tensors="pt", truncation=True)
        output = loaded.model(**inputs.to(loaded.device))
        sizes = [picture.shape[:2] for picture in pictures]
        # Pictures are padded to squares; the sizes make the boxes pixels of the picture again.
        found = loaded.processor.post_process_grounded_object_detection(
            output, threshold=self.options.threshold, target_sizes=sizes
        )
        return [
            sightings(
                seen["scores"],
                seen["labels"],
                seen["boxes"],
                threshold=self.options.threshold,
                size=(size[1], size[0]),
            )
            for seen, size in zip(found, sizes, strict=True)
        ]
