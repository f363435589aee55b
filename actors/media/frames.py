"""The analysis frames: evenly spaced pictures of the whole clip in a fixed amount of memory."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

_FEWEST = 2
_EARLY_S = 0.002
"""A clock that counts milliseconds may show a frame just before its point."""


class FrameStore:
    """Keeps the first picture of each interval in one array; when it is full, the interval doubles.

    So a clip of any length fits, with the rate halved as often as need be. Times are those of the pictures kept.
    """

    def __init__(self, *, shape: tuple[int, int, int], fps: float, budget_bytes: int) -> None:
        self._capacity = max(_FEWEST, budget_bytes // math.prod(shape))
        # Pages are committed when they are written, so a short clip does not pay for the budget.
        self._pictures = np.empty((self._capacity, *shape), dtype=np.uint8)
        self._times_s: list[float] = []
        self._interval_s = 1.0 / fps
        self._first_s: float | None = None
        self._next_s = float("-inf")

    def offer(self, time_s: float, make: Callable[[], NDArray[np.uint8]]) -> None:
        """Keep the picture at `time_s` if one is due; `make` is only called then."""
        if time_s < self._next_s:
            return
        if len(self._times_s) == self._capacity:
            self._halve_rate()
            self._next_s = self._due_after(self._times_s[-1])
            if time_s < self._next_s:
                return
        self._first_s = time_s if self._first_s is None else self._first_s
        self._pictures[len(self._times_s)] = make()
        self._times_s.append(time_s)
        self._next_s = self._due_after(time_s)

    def pictures(self) -> NDArray[np.uint8]:
        """Return what was kept: uint8 (frame, height, width, 3), contiguous."""
        return self._pictures[: len(self._times_s)]

    def times_s(self) -> list[float]:
        """Return the times of `pictures()`, in the clock of `offer`."""
        return list(self._times_s)

    def _due_after(self, time_s: float) -> float:
        """Return the next point of the grid that starts at the first picture."""
        first_s = time_s if self._first_s is None else self._first_s
        return first_s + (self._slot(time_s, first_s) + 1) * self._interval_s - _EARLY_S

    def _slot(self, time_s: float, first_s: float) -> int:
        return math.floor((time_s - first_s + _EARLY_S) / self._interval_s)

    def _halve_rate(self) -> None:
        """Double the interval, more than once if the pictures come more slowly than asked, and drop what is between."""
        while len(self._times_s) == self._capacity:
            self._interval_s *= 2
            slots = [self._slot(time_s, self._times_s[0]) for time_s in self._times_s]
            kept = [i for i, slot in enumerate(slots) if i == 0 or slot != slots[i - 1]]
            for target, origin in enumerate(kept):
                self._pictures[target] = self._pictures[origin]
            self._times_s = [self._times_s[i] for i in kept]
