"""Objects by GroundingDINO (Liu et al. 2023), which looks for the phrases of a prompt."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from actors.backend import BackendOptions
from actors.errors import BackendUnavailable
from actors.models.asset import ModelAsset
from actors.models.keyframe_model import KnownModel
from actors.models.pretrained import Pretrained
from actors.objects.detector import Detection, Detector, DetectorOptions, sightings
from actors.objects.vocabulary import split

TINY, BASE = "IDEA-Research/grounding-dino-tiny", "IDEA-Research/grounding-dino-base"
_FILES = ("*.json", "*.txt", "*.safetensors")
SIDE = 800
"""Shorter side in pixels of the pictures the model was trained on."""
_LONGEST = 5 / 3
"""Longer side over shorter side at which the shorter one is reduced instead: 1333 over 800 by the model's page."""


class GroundingDinoOptions(DetectorOptions):
    """Settings of `objects.grounding_dino`."""

    model: str = TINY
    side: int = Field(default=SIDE, ge=160, le=1333)
    """Shorter side in pixels at which a keyframe is searched, 800 as the model was trained. On a processor 800 takes
    36 s a keyframe and thread, 480 takes 11 s."""


class GroundingDino(Detector):
    """One prompt holds as many nouns as the model reads at once; a longer vocabulary takes several looks."""

    name: ClassVar[str] = "objects.grounding_dino"
    revision: ClassVar[int] = 1
    options_type: ClassVar[type[BackendOptions]] = GroundingDinoOptions
    kind: ClassVar[str] = "GroundingDinoForObjectDetection"
    types: ClassVar[frozenset[str]] = frozenset({"grounding-dino"})
    known: ClassVar[dict[str, KnownModel]] = {
        # Weights stay float32. On the host a picture of 750 by 1333 takes 1.8 GiB beside them (measured on chance
        # weights). On a card autocast keeps copies of them in half precision; memory there is not measured.
        TINY: KnownModel(
            ModelAsset(TINY, "Apache-2.0", 660, files=_FILES), weights=172_000_000, host_mib=2500, vram_mib=3500
        ),
        BASE: KnownModel(
            ModelAsset(BASE, "Apache-2.0", 890, files=_FILES), weights=233_000_000, host_mib=2900, vram_mib=4500
        ),
    }

    @classmethod
    def _work(cls, options: DetectorOptions) -> float:
        """Return the picture's area over the default one: maps of features grow with it."""
        assert isinstance(options, GroundingDinoOptions)  # noqa: S101 - for the type checker
        return (options.side / SIDE) ** 2

    def load(self) -> None:
        """Load the model and cut the vocabulary into prompts; raises `BackendUnavailable`."""
        super().load()
        loaded = self._loaded()
        tokenizer = loaded.processor.tokenizer
        room = loaded.model.config.max_text_len - tokenizer.num_special_tokens_to_add()
        try:
            self._prompts = split(
                self.options.vocabulary,
                tokens_of=lambda noun: len(tokenizer.tokenize(f"{noun}.")),
                room=room,
            )
        except ValueError as exc:
            raise BackendUnavailable("vocabulary", str(exc)) from exc

    def _detect(self, loaded: Pretrained, pictures: Sequence[NDArray[np.uint8]]) -> list[list[Detection]]:
        found: list[list[Detection]] = [[] for _ in pictures]
        # Pictures of other sizes would be padded to one another, and padding alters what the model finds.
        for shape in dict.fromkeys(picture.shape for picture in pictures):
            same = [n for n, picture in enumerate(pictures) if picture.shape == shape]
            images = self._images(loaded, [pictures[n] for n in same])
            offset = 0
            for nouns in self._prompts:
                for n, more in zip(same, self._looked(loaded, images, nouns, offset), strict=True):
                    found[n].extend(more)
                offset += len(nouns)
        return found

    def _images(self, loaded: Pretrained, pictures: Sequence[NDArray[np.uint8]]) -> Any:
        assert isinstance(self.options, GroundingDinoOptions)  # noqa: S101 - for the type checker
        side = self.options.side
        size = {"shortest_edge": side, "longest_edge": round(side * _LONGEST)}
        return loaded.processor.image_processor(list(pictures), size=size, return_tensors="pt").to(loaded.device)

    def _looked(self, loaded: Pretrained, images: Any, nouns: Sequence[str], offset: int) -> list[list[Detection]]:
        """Search a batch of pictures for the nouns of one prompt."""
        prompt = " ".join(f"{noun}." for noun in nouns)
        count = len(images["pixel_values"])
        text = loaded.processor.tokenizer(
            [prompt] * count, return_offsets_mapping=True, return_token_type_ids=True, return_tensors="pt"
        )
        spans = _spans(loaded.torch, text.pop("offset_mapping")[0], nouns, width=loaded.model.config.max_text_len)
        output = loaded.model(**images, **text.to(loaded.device))
        # On the host: autocast would do this product in half precision too.
        by_noun = output.logits.float().sigmoid().cpu() @ spans.T
        scores, best = by_noun.max(dim=-1)
        corners = _corners(loaded.torch, output.pred_boxes.float().cpu())
        threshold = self.options.threshold
        return [sightings(scores[n], best[n], corners[n], threshold=threshold, offset=offset) for n in range(count)]


def _spans(torch: Any, characters: Any, nouns: Sequence[str], *, width: int) -> Any:
    """Return the share of each of the prompt's tokens in each noun: (noun, token) float32, rows sum to 1.

    A noun's score is the mean over its tokens, as in upstream's own evaluation (demo/test_ap_on_coco.py). The phrases
    that `post_process_grounded_object_detection` cuts out by a second threshold are pieces and mixtures of nouns.
    characters: (token, 2), where each token begins and ends in the prompt; special tokens are empty.
    """
    shares = torch.zeros(len(nouns), width)
    start = 0
    for number, noun in enumerate(nouns):
        end = start + len(noun)
        inside = (characters[:, 0] >= start) & (characters[:, 1] <= end) & (characters[:, 1] > characters[:, 0])
        shares[number, : len(inside)] = inside.float() / inside.sum().clamp(min=1)
        start = end + len(". ")
    return shares


def _corners(torch: Any, boxes: Any) -> Any:
    """Return centre, width and height as left, top, right and bottom."""
    x, y, width, height = boxes.unbind(-1)
    return torch.stack([x - width / 2, y - height / 2, x + width / 2, y + height / 2], dim=-1)
