"""Which shot a word belongs to."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from itertools import accumulate, pairwise

from actors.document import Word, WordRange


def place(words: Sequence[Word], starts_s: Sequence[float]) -> tuple[tuple[Word, ...], tuple[WordRange, ...]]:
    """Give each word to one shot; return the words grouped by shot, and each shot's [first, end) in them.

    starts_s: the shots' starts in seconds, ascending; without shots the words come back as they are.

    A word belongs to the shot that holds its midpoint: before the first shot the first, after the last the last. An
    untimed word follows its predecessor; untimed words at the very beginning go with the first timed word, or to the
    first shot when none is timed. Within a shot the order stays as given. Words of overlapping voices that come out
    of order across a cut are moved to their shot's words, so that the ranges always tile.
    """
    if not starts_s:
        return tuple(words), ()
    shots = _shot_of_each(words, starts_s)
    order = sorted(range(len(words)), key=shots.__getitem__)
    counts = [0] * len(starts_s)
    for shot in shots:
        counts[shot] += 1
    return tuple(words[i] for i in order), tuple(pairwise(accumulate(counts, initial=0)))


def midpoint(word: Word) -> float | None:
    """Return the middle of a word, or the one end that is known, or None."""
    if word.start_s is None or word.end_s is None:
        return word.start_s if word.end_s is None else word.end_s
    return (word.start_s + word.end_s) / 2


def _shot_of_each(words: Sequence[Word], starts_s: Sequence[float]) -> list[int]:
    placed = [_shot_at(middle, starts_s) if (middle := midpoint(word)) is not None else None for word in words]
    current = next((shot for shot in placed if shot is not None), 0)
    shots = []
    for shot in placed:
        current = current if shot is None else shot
        shots.append(current)
    return shots


def _shot_at(time_s: float, starts_s: Sequence[float]) -> int:
    return max(0, bisect_right(starts_s, time_s) - 1)
