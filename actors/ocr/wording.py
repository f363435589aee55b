"""Whether a reading is words at all, and whether two readings are the same words."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from difflib import SequenceMatcher

from actors.ocr.engine import Reading

MIN_CONFIDENCE = 0.7
"""Mean character posterior below which a reading is dropped. On the composed clips every true line reads at 0.91 or
more, and 96 of 100 readings of scenery stay below 0.7."""
MIN_CONFIDENCE_SHORT = 0.9
"""The same for readings of one or two characters, which scenery produces most (`V`, `1U`, `M`)."""
SHORT = 2
SAME_WORDS = 0.8
"""Similarity from which two readings of one place are the same text, misread once."""
ONE_APOSTROPHE = str.maketrans({"\u2018": "'", "\u2019": "'"})
SPACING_CONFIDENCE = 0.85
"""Confidence a reading needs for its spaces to be believed."""


def plausible(reading: Reading) -> bool:
    """Whether a reading is fit to publish.

    A lone ideograph is not: PP-OCR's dictionary is mostly Chinese, and window frames, blocks and wheels read as one
    of the boxes among them (measured on toy blocks: 四 at 0.97, 区 at 0.98).
    """
    letters = [c for c in reading.text if c.isalnum()]
    if not letters or (len(letters) == 1 and is_ideograph(letters[0])):
        return False
    return reading.confidence >= (MIN_CONFIDENCE_SHORT if len(letters) <= SHORT else MIN_CONFIDENCE)


def is_ideograph(character: str) -> bool:
    """Whether a character is a Chinese, Japanese or Korean ideograph."""
    return unicodedata.name(character, "").startswith("CJK")


def similarity(first: str, second: str) -> float:
    """Return the likeness of two texts, 0-1, without regard to case, spaces and the form of quotation marks.

    Ratcliff and Obershelp's measure (`difflib.SequenceMatcher.ratio`).
    """
    one, other = _bare(first), _bare(second)
    return SequenceMatcher(None, one, other, autojunk=False).ratio() if one or other else 1.0


def same_words(first: str, second: str) -> bool:
    """Whether two readings of one place are the same text; other digits make another text (`Step 1`, `Step 2`)."""
    return similarity(first, second) >= SAME_WORDS and _digits(first) == _digits(second)


def best(readings: Sequence[Reading]) -> Reading:
    """Return the reading with the highest confidence, with the spaces of the one that has most.

    PP-OCR drops spaces much more often than it invents them (`50%off` at 1.00, `50% off` at 0.95).
    """
    chosen = max(readings, key=lambda r: r.confidence)
    spaced = [r for r in readings if _bare(r.text) == _bare(chosen.text) and r.confidence >= SPACING_CONFIDENCE]
    if not spaced:
        return chosen
    return max(spaced, key=lambda r: (r.text.count(" "), r.confidence))


def _digits(text: str) -> str:
    return "".join(c for c in text if c.isdigit())


def _bare(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text).translate(ONE_APOSTROPHE).casefold()
    return "".join(folded.split())
