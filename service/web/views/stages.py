"""What the stages are called on all pages; the API, the log and the settings have their short names."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

NAMES: Mapping[str, str] = MappingProxyType(
    {
        "identify": "Reading",
        "decode": "Decoding",
        "vad": "Voice activity",
        "asr": "Speech",
        "diarization": "Speakers",
        "captions": "Captions",
        "objects": "Objects",
        "ocr": "On-screen text",
        "audio": "Sound",
        "frames": "Frames",
        "fusion": "Writing",
    }
)


def stage_name(stage: str) -> str:
    """Return what a stage is called; one that a third party added has its own name only."""
    return NAMES.get(stage, stage)
