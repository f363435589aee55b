"""Signs of life: a loop says that it goes on, and whoever watches over it can tell one that does not."""

from __future__ import annotations

import sys
import threading
import traceback
from collections.abc import Iterator
from contextlib import contextmanager

from service.clock import Clock

LOOP_LIMIT_S = 60.0
"""How long one round of a loop may take. The longest wait within one is for a ledger that another process has locked:
`Patience` gives up after 16 s, and a second thread of ours may have its turn before."""
SCAN_LIMIT_S = 120.0
"""The same for intake, which ticks with every folder: one folder, or one transaction, may hold 100,000 files."""
START_LIMIT_S = 120.0
"""The same for a start, which ticks between its steps and with every document that a rebuilt ledger takes up."""
WRITE_LIMIT_S = 120.0
"""How long a transaction may be open: a disk that answers this late has hung."""
LOG_LIMIT_S = 300.0
"""How long log lines may wait for their reader: journald's own watchdog (3 min) mends what it can mend before."""


class Pulse:
    """One loop's pulse. `tick` and `rest` are for the loop's own thread; all of it is cheap, and takes no lock.

    limit_s: the longest time from one tick to the next. A pulse that rests, as one does from the start, is never late.
    """

    def __init__(self, name: str, *, limit_s: float, clock: Clock) -> None:
        self.name = name
        self._limit_s = limit_s
        self._clock = clock
        self._beaten: tuple[float, float] | None = None
        self._thread: int | None = None

    def tick(self) -> None:
        """Say that the loop goes on."""
        self._thread = threading.get_ident()
        self._beaten = (self._clock.monotonic(), self._limit_s)

    def due(self) -> None:
        """Say, from another thread, that a loop which rests has something to do from now on."""
        self._beaten = (self._clock.monotonic(), self._limit_s)

    def rest(self) -> None:
        """Say that there is nothing to do, for as long as it pleases."""
        self._beaten = None

    @contextmanager
    def at_work(self) -> Iterator[None]:
        """Tick at the start of the block and rest at its end."""
        self.tick()
        try:
            yield
        finally:
            self.rest()

    @contextmanager
    def longer(self, limit_s: float) -> Iterator[None]:
        """Grant the block a time of its own, where that is more than a round usually has; it ticks before and after."""
        self._thread = threading.get_ident()
        self._beaten = (self._clock.monotonic(), max(limit_s, self._limit_s))
        try:
            yield
        finally:
            self.tick()

    def late_s(self) -> float:
        """Return how long ago the limit was passed, in seconds; 0.0 while it has not been."""
        beaten = self._beaten
        if beaten is None:
            return 0.0
        since_s, limit_s = beaten
        return max(0.0, self._clock.monotonic() - since_s - limit_s)

    def where(self) -> str | None:
        """Return the stack of the loop's thread, for a log; None when it has none any more."""
        frame = sys._current_frames().get(self._thread or 0)  # noqa: SLF001 - the documented way to another thread's stack
        return None if frame is None else "".join(traceback.format_stack(frame))
