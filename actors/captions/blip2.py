"""Captions by BLIP-2 (Li et al. 2023): a frozen image encoder asks a frozen language model."""

from __future__ import annotations

from typing import Any, ClassVar

from actors.backend import BackendOptions
from actors.captions.captioner import Captioner, CaptionOptions
from actors.models.asset import ModelAsset
from actors.models.keyframe_model import KnownModel

OPT, FLAN_T5 = "Salesforce/blip2-opt-2.7b", "Salesforce/blip2-flan-t5-xl"
_FILES = ("*.json", "*.txt", "*.model", "*.safetensors")


class Blip2Options(CaptionOptions):
    """Settings of `captions.blip2`; the OPT variants may not be used commercially, `blip2-flan-t5-xl` may."""

    model: str = OPT


class Blip2(Captioner):
    """English captions; half precision on a card."""

    name: ClassVar[str] = "captions.blip2"
    revision: ClassVar[int] = 1
    options_type: ClassVar[type[BackendOptions]] = Blip2Options
    types: ClassVar[frozenset[str]] = frozenset({"blip-2"})
    known: ClassVar[dict[str, KnownModel]] = {
        # 7.21 GB in float16 by the model's page, and room for a batch of 8 with two beams; on the host a GiB
        # beside the weights (neither is measured).
        OPT: KnownModel(
            ModelAsset(
                OPT,
                "MIT (code), OPT-175B licence: no commercial use (weights)",
                14300,
                files=_FILES,
                commercial=False,
                instead=FLAN_T5,
            ),
            weights=3_745_000_000,
            host_mib=15300,
            vram_mib=8500,
        ),
        # Not measured.
        FLAN_T5: KnownModel(
            ModelAsset(FLAN_T5, "MIT", 15000, files=_FILES), weights=3_942_000_000, host_mib=16100, vram_mib=9000
        ),
    }
    card_dtype: ClassVar[str] = "float16"

    def _precision(self, config: Any) -> str:
        # T5 overflows in float16, and inside BLIP-2 transformers does not keep its feed-forward layers in float32.
        t5_on_card = self.options.device == "cuda" and config.text_config.model_type == "t5"
        return "bfloat16" if t5_on_card else super()._precision(config)
