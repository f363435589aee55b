"""Times for words that an aligner could not place: numbers and signs that its alphabet does not have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby

from actors.results import Word


@dataclass(frozen=True, slots=True)
class PlacedWord:
    """A word as an aligner leaves it: times in seconds and a score in [0, 1], None where it has none."""

    word: str
    start_s: float | None = None
    end_s: float | None = None
    confidence: float | None = None

    @property
    def placed(self) -> bool:
        """Whether the aligner gave it both times."""
        return self.start_s is not None and self.end_s is not None


def timed(words: Sequence[PlacedWord], *, start_s: float, end_s: float) -> list[Word]:
    """Return the words with times within [start_s, end_s], the segment they were said in.

    A run of unplaced words shares the room between the words before and after it in equal parts; before the first
    placed word the room begins with the segment, after the last it ends with it. Where no word was placed there
    is nothing to go by: times and `timing` are None. Interpolated words have no confidence, for nothing was measured.
    """
    if not any(word.placed for word in words):
        return [untimed(word.word) for word in words]
    found: list[Word] = []
    at_s = start_s
    for placed, run in groupby(words, key=lambda word: word.placed):
        group = list(run)
        if placed:
            found.extend(_within(word, at_s, end_s) for word in group)
        else:
            following = words[len(found) + len(group) :]
            until_s = following[0].start_s if following and following[0].start_s is not None else end_s
            found.extend(_shared(group, at_s, min(max(at_s, until_s), end_s)))
        at_s = max(at_s, *(word.end_s or at_s for word in found))
    return found


def untimed(word: str) -> Word:
    """Return a word of which nothing but itself is known."""
    return Word(word=word.strip(), start_s=None, end_s=None, confidence=None, timing=None)


def _within(word: PlacedWord, first_s: float, last_s: float) -> Word:
    start_s = min(max(word.start_s or first_s, first_s), last_s)
    end_s = min(max(word.end_s or start_s, start_s), last_s)
    confidence = None if word.confidence is None else round(min(1.0, max(0.0, word.confidence)), 4)
    return Word(word=word.word.strip(), start_s=round(start_s, 3), end_s=round(end_s, 3), confidence=confidence)


def _shared(words: Sequence[PlacedWord], first_s: float, last_s: float) -> list[Word]:
    step_s = (last_s - first_s) / len(words)
    return [
        Word(
            word=word.word.strip(),
            start_s=round(first_s + at * step_s, 3),
            end_s=round(first_s + (at + 1) * step_s, 3),
            confidence=None,
            timing="interpolated",
        )
        for at, word in enumerate(words)
    ]
