"""Rounding, in one place: times to milliseconds, shares to four decimals."""

from __future__ import annotations

from actors.results import Box

_MILLISECOND = 0.001


def seconds(value: float) -> float:
    """Return a presentation time to the millisecond; a codec's pre-roll before zero counts as zero."""
    return max(0.0, round(value, 3))


def interval(start_s: float, end_s: float) -> tuple[float, float]:
    """Round both ends; what had a length keeps one, and what ends before it starts ends where it starts."""
    start, end = seconds(start_s), seconds(end_s)
    if end <= start and end_s > start_s:
        end = round(start + _MILLISECOND, 3)
    return start, max(start, end)


def share(value: float | None) -> float | None:
    """Return a confidence or ratio to four decimals; unknown stays unknown."""
    return None if value is None else round(value, 4)


def box(value: Box) -> Box:
    """Return a box to four decimals, inside the frame."""
    x, y, width, height = (min(1.0, max(0.0, round(number, 4))) for number in value)
    return x, y, width, height
