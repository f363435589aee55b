"""How many documents were described when: counted from the ledger, in spans of equal length that end now."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from service.ledger.ledger import Ledger


class Span(StrEnum):
    """What is looked back on: an hour by minutes, a day by hours, a month by days."""

    HOUR = "hour"
    DAY = "day"
    MONTH = "month"


STEPS: dict[Span, tuple[int, int]] = {Span.HOUR: (60, 60), Span.DAY: (24, 3_600), Span.MONTH: (30, 86_400)}
"""How many steps a span has, and of how many seconds each is; the last one has only begun."""


@dataclass(frozen=True, slots=True)
class Throughput:
    """Documents described in each step, the oldest first. start: of the first step, wall-clock seconds."""

    span: Span
    step_s: int
    start: float
    counts: tuple[int, ...]

    @property
    def total(self) -> int:
        """All of them."""
        return sum(self.counts)


def throughput(ledger: Ledger, span: Span, *, now: float) -> Throughput:
    """Count the documents of a span; now: wall-clock seconds."""
    steps, step_s = STEPS[span]
    start = _begun(now, step_s) - (steps - 1) * step_s
    return Throughput(span, step_s, start, counted(ledger.described_times(start), start, steps=steps, step_s=step_s))


def counted(times: Iterable[float], start: float, *, steps: int, step_s: int) -> tuple[int, ...]:
    """Count the times in each step from `start` on; what lies beyond, because a clock was set back, is left out."""
    found = Counter(int((at - start) // step_s) for at in times)
    return tuple(found.get(step, 0) for step in range(steps))


def _begun(now: float, step_s: int) -> float:
    """Return when the step began that `now` is in: whole minutes and hours, and days of this host's time zone."""
    offset = time.localtime(now).tm_gmtoff
    return (now + offset) // step_s * step_s - offset
