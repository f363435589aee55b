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
        # 7.21 GB in float16 by the model's page, and room for a batch of 8 with two beams (not measured).
        OPT: KnownModel(
            ModelAsset(
                OPT, "MIT (code), OPT-175B licence: no commercial use (weights)", 14300, files=_FILES, commercial=False
            ),
            host_mib=14300,
            vram_mib=8500,
        ),
        # 3.94 billion weights; not measured.
        FLAN_T5: KnownModel(ModelAsset(FLAN_T5, "MIT", 15000, files=_FILES), host_mib=15000, vram_mib=9000),
    }

    def _precision(self, config: Any) -> str:
        if self.options.device != "cuda":
            return "float32"
        # T5 overflows in float16, and inside BLIP-2 transformers does not keep its feed-forward layers in float32.
        return "bfloat16" if config.text_config.model_type == "t5" else "float16"
