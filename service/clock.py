"""Time, injected: monotonic for durations and deadlines, wall only for display and for what outlives a boot."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Protocol


class Clock(Protocol):
    """What the service asks of time."""

    def monotonic(self) -> float:
        """Seconds that never go backwards; stands still while the host is suspended."""

    def wall(self) -> float:
        """Seconds since the epoch."""

    def sleep(self, seconds: float) -> None:
        """Let `seconds` pass."""


class SystemClock:
    """The host's clock."""

    def monotonic(self) -> float:
        """See `Clock`."""
        return time.monotonic()

    def wall(self) -> float:
        """See `Clock`."""
        return time.time()

    def sleep(self, seconds: float) -> None:
        """See `Clock`."""
        time.sleep(seconds)


@dataclass
class FakeClock:
    """A clock that moves only when told to; ships with the product for tests of drivers and intakes."""

    monotonic_s: float = 1_000.0
    wall_s: float = 1_800_000_000.0

    def monotonic(self) -> float:
        """See `Clock`."""
        return self.monotonic_s

    def wall(self) -> float:
        """See `Clock`."""
        return self.wall_s

    def sleep(self, seconds: float) -> None:
        """Advance both clocks by `seconds`."""
        self.advance(seconds)

    def advance(self, seconds: float) -> None:
        """Let `seconds` pass at once."""
        self.monotonic_s += seconds
        self.wall_s += seconds
