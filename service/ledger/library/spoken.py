"""Which words of a passage are said within a time: a sentence goes on for longer than what is asked of it."""

from __future__ import annotations

import json
from collections.abc import Sequence

NAME = "words_between"
"""What SQLite, which has no arrays, calls `words_between`."""


def words_between(words: str, word_times: str, after_s: float | None, before_s: float | None) -> str:
    """Return those of a passage's words that are said in [after, before), as they are stored: joined by blanks."""
    first, end = range_between(json.loads(word_times or "[]"), after_s, before_s)
    return " ".join(words.split(" ")[first:end])


def range_between(
    times: Sequence[float | None], after_s: float | None, before_s: float | None
) -> tuple[int, int | None]:
    """Return which of words that begin at these times do so in [after, before), as [first, end); None: to the last.

    One whose time is not known is said with those before it.
    """
    first = 0 if after_s is None else _from(times, after_s)
    end = None if before_s is None else _from(times, before_s)
    return len(times) if first is None else first, end


def _from(times: Sequence[float | None], at_s: float) -> int | None:
    return next((place for place, time_s in enumerate(times) if time_s is not None and time_s >= at_s), None)
