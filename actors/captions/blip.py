"""Captions by BLIP (Li et al. 2022): small enough for a processor."""

from __future__ import annotations

from typing import ClassVar

from actors.backend import BackendOptions
from actors.captions.captioner import Captioner, CaptionOptions
from actors.models.asset import ModelAsset
from actors.models.keyframe_model import KnownModel

BASE, LARGE = "Salesforce/blip-image-captioning-base", "Salesforce/blip-image-captioning-large"
_FILES = ("*.json", "*.txt", "*.safetensors")


class BlipOptions(CaptionOptions):
    """Settings of `captions.blip`."""

    model: str = BASE


class Blip(Captioner):
    """English captions; half precision on a card."""

    name: ClassVar[str] = "captions.blip"
    revision: ClassVar[int] = 1
    options_type: ClassVar[type[BackendOptions]] = BlipOptions
    types: ClassVar[frozenset[str]] = frozenset({"blip"})
    known: ClassVar[dict[str, KnownModel]] = {
        # The card's share is not measured.
        BASE: KnownModel(
            ModelAsset(BASE, "BSD-3-Clause", 950, files=_FILES), weights=247_000_000, host_mib=1500, vram_mib=1500
        ),
        LARGE: KnownModel(
            ModelAsset(LARGE, "BSD-3-Clause", 1800, files=_FILES), weights=470_000_000, host_mib=2600, vram_mib=2000
        ),
    }
    card_dtype: ClassVar[str] = "float16"
