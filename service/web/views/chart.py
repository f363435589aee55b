"""Bars of a chart as numbers for SVG: drawn on the server, so that it is there without scripts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

SIDE = 100
"""Width and height of the drawing, which is stretched to the room it gets; what is written stands beside it."""
MARKS = 4
"""Times below the bars: at the beginning of each quarter."""
_GAP = 0.2


@dataclass(frozen=True, slots=True)
class Bar:
    """One step: a rectangle, what it counts, and when it began (wall-clock seconds)."""

    x: float
    y: float
    width: float
    height: float
    count: int
    at: float


@dataclass(frozen=True, slots=True)
class Chart:
    """Bars; the numbers at the left, from the top down; times below, wall-clock seconds."""

    bars: tuple[Bar, ...]
    scale: tuple[int, int, int]
    times: tuple[float, ...]
    side: int = SIDE


def chart(counts: Sequence[int], *, start: float, step_s: int) -> Chart:
    """Return the chart of counts of equal steps from `start` on."""
    top, wide = nice(max(counts, default=0)), SIDE / max(1, len(counts))
    bars = tuple(
        Bar(
            x=round(wide * (place + _GAP / 2), 3),
            y=round(SIDE * (1 - count / top), 3),
            width=round(wide * (1 - _GAP), 3),
            height=round(SIDE * count / top, 3),
            count=count,
            at=start + place * step_s,
        )
        for place, count in enumerate(counts)
    )
    times = tuple(start + len(counts) * part / MARKS * step_s for part in range(MARKS))
    return Chart(bars, (top, top // 2, 0), times)


def nice(number: int) -> int:
    """Return the least of 2, 4, 10, 20, 40, 100, … that is not below: its half is a whole number too."""
    size = 1
    while True:
        for step in (2, 4, 10):
            if step * size >= number:
                return step * size
        size *= 10
