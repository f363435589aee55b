"""Documents to be shown: the golden one of fusion, changed where a test says so."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from actors.document import Document

GOLDEN = Path(__file__).resolve().parents[3] / "actors" / "fusion" / "golden" / "document.json"


def raw() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(GOLDEN.read_text(encoding="utf-8"))
    return found


def document(**changes: Any) -> Document:
    return Document.model_validate(raw() | changes)


def word(
    text: str, start_s: float | None = None, end_s: float | None = None, speaker: str | None = None
) -> dict[str, Any]:
    timing = None if start_s is None else "aligned"
    times = {"start_s": start_s, "end_s": end_s, "timing": timing}
    return {"word": text, "confidence": None, "speaker": speaker} | times


def segment(start_s: float, end_s: float, text: str, speaker: str | None = None) -> dict[str, Any]:
    return {"start_s": start_s, "end_s": end_s, "text": text, "speaker": speaker, "confidence": None}


def spoken(
    words: list[dict[str, Any]] | None, segments: list[dict[str, Any]] | None, text: str | None = ""
) -> Document:
    """A document in which this is said, in a single shot."""
    shot = raw()["shots"][0] | {"end_s": 6.001, "word_range": None if words is None else [0, len(words)]}
    transcript = {"text": text, "words": words, "segments": segments, "quality": None}
    return document(transcript=transcript, shots=[shot], representative_frames=None)
