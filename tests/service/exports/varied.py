"""Documents for exports: the golden one, the same with changes, and any that a model could have written."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from actors.document import Document, parse
from actors.fusion.published import Published

GOLDEN = json.loads(
    (Path(__file__).resolve().parents[2] / "actors" / "fusion" / "golden" / "document.json").read_text()
)
NOTHING_SAID = {"text": "", "words": [], "segments": [], "quality": None}
SILENT = {"transcript": NOTHING_SAID, "shots": [], "representative_frames": None}


def document(**changes: Any) -> Document:
    return parse(json.dumps(GOLDEN | changes).encode())


def published(name: str = "tips/blåbær", **changes: Any) -> Published:
    return Published(name, document(**changes))


def word(text: str, start_s: float | None = None, end_s: float | None = None, **more: Any) -> dict[str, Any]:
    return {
        "word": text,
        "start_s": start_s,
        "end_s": end_s,
        "confidence": None,
        "speaker": None,
        "timing": None,
    } | more


def said(*words: dict[str, Any]) -> dict[str, Any]:
    """Changes that make these words the document's, all in its one shot."""
    shot = GOLDEN["shots"][0] | {"word_range": [0, len(words)]}
    transcript = {"text": " ".join(w["word"] for w in words), "words": list(words), "segments": [], "quality": "draft"}
    return {"shots": [shot], "transcript": transcript, "representative_frames": None}


TEXTS = st.text(st.sampled_from("aÅ=+-@'\"|, \r\n\t\u2028🫐"), max_size=8)
SHARES = st.none() | st.floats(0, 1)
SECONDS = st.floats(0, 1e6)
COUNTS = st.none() | st.integers(0, 2**64)
BOX = st.just([0.1, 0.2, 0.3, 0.4])


def _span(draw: st.DrawFn) -> dict[str, Any]:
    start_s = draw(SECONDS)
    return {"start_s": start_s, "end_s": start_s + draw(SECONDS)}


@st.composite
def _words(draw: st.DrawFn) -> list[dict[str, Any]]:
    timed = draw(st.lists(st.booleans(), max_size=4))
    times = [_span(draw) if known else {"start_s": None, "end_s": None} for known in timed]
    return [
        {"word": draw(TEXTS), "confidence": draw(SHARES), "speaker": draw(st.none() | TEXTS), "timing": None} | span
        for span in times
    ]


@st.composite
def _shot(draw: st.DrawFn, index: int, word_range: list[int] | None) -> dict[str, Any]:
    captions = st.lists(st.fixed_dictionaries({"text": TEXTS, "confidence": SHARES}), max_size=2)
    lines = st.lists(st.fixed_dictionaries({"text": TEXTS, "confidence": st.just(0.5), "box": BOX}), max_size=2)
    objects = st.lists(st.fixed_dictionaries({"label": TEXTS, "confidence": SHARES, "box": BOX}), max_size=2)
    return _span(draw) | {
        "shot_id": f"s{index + 1:03d}",
        "keyframe": draw(st.none() | TEXTS),
        "captions": draw(st.none() | captions),
        "ocr_text": draw(st.none() | TEXTS),
        "ocr": draw(st.none() | lines),
        "objects": draw(st.none() | objects),
        "transcript_text": draw(st.none() | TEXTS),
        "word_range": word_range,
        "dropped": draw(st.sampled_from([None, "black", "blurred"])),
    }


@st.composite
def _shots(draw: st.DrawFn, words: list[dict[str, Any]] | None) -> list[dict[str, Any]]:
    if words is None:
        return [draw(_shot(n, None)) for n in range(draw(st.integers(0, 2)))]
    cuts = sorted(draw(st.lists(st.integers(0, len(words)), max_size=2)))
    bounds = [0, *cuts, len(words)] if draw(st.booleans()) else []
    return [draw(_shot(n, list(span))) for n, span in enumerate(pairwise(bounds))]


@st.composite
def _frames(draw: st.DrawFn, shots: list[dict[str, Any]]) -> list[dict[str, Any]] | None:
    chosen = [shot["shot_id"] for shot in shots if draw(st.booleans())]
    frames = [{"shot_id": s, "time_s": draw(SECONDS), "keyframe": None} for s in chosen]
    spoken = [frame | {"prompt": draw(st.none() | TEXTS), "similarity": draw(SHARES)} for frame in frames]
    return draw(st.sampled_from([None, spoken]))


@st.composite
def any_published(draw: st.DrawFn) -> Published:
    """A document as strange as the schema allows."""
    words = draw(st.none() | _words())
    shots = draw(_shots(words))
    times = st.sampled_from([None, "2025-10-04", "2025-10-04T18:30:00Z", "2025-02-30", "2025-10-04T24:61:00Z"])
    counts = st.fixed_dictionaries(dict.fromkeys(GOLDEN["source"]["counts"], COUNTS))
    overlay = st.just({"start_s": 1.0, "end_s": 4.0, "box": [0, 0, 1, 1], "confidence": 1.0})
    overlays = st.lists(st.builds(lambda text, rest: rest | {"text": text}, TEXTS, overlay), max_size=2)
    source = {
        "relative_path": draw(TEXTS),
        "caption": draw(st.none() | TEXTS),
        "hashtags": draw(st.none() | st.lists(TEXTS, max_size=3)),
        "posted_at": draw(times),
        "counts": draw(st.none() | counts),
    }
    changes = {
        "filename": draw(TEXTS),
        "duration_s": draw(SECONDS),
        "language": draw(st.none() | TEXTS),
        "language_confidence": draw(SHARES),
        "source": GOLDEN["source"] | source,
        "transcript": {"text": draw(st.none() | TEXTS), "words": words, "segments": None, "quality": None},
        "shots": shots,
        "representative_frames": draw(_frames(shots)),
        "text_overlays": draw(st.none() | overlays),
    }
    return published(draw(st.sampled_from(["a", "tips/blåbær", "=b/c"])), **changes)
