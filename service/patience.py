"""How long a person who waits for videos waits for a disk that takes no documents."""

from __future__ import annotations

from collections.abc import Callable

from service.clock import Clock
from service.driver import Driver
from service.ledger.values import WorkPause

OnPause = Callable[[WorkPause], None]
"""Is told of a pause when it begins."""


class Patience:
    """Watches over a driver's pauses: tells each, and says when it has waited long enough.

    A disk may take small files and refuse larger ones, so that work is paused and resumed over and over: what counts is
    the time since the first pause after which no video has ended.
    """

    def __init__(self, driver: Driver, clock: Clock, on_pause: OnPause, *, at_most_s: float) -> None:
        self._driver = driver
        self._clock = clock
        self._on_pause = on_pause
        self._at_most_s = at_most_s
        self._told: WorkPause | None = None
        self._since_s: float | None = None

    def video_ended(self) -> None:
        """Begin to count anew."""
        self._since_s = None

    def lost_because(self) -> WorkPause | None:
        """Return the pause that is not waited for any longer, None when there is none."""
        pause, now_s = self._driver.pause, self._clock.monotonic()
        if pause is not None and pause != self._told:
            self._on_pause(pause)
        self._told = pause
        if pause is None:
            return None
        self._since_s = now_s if self._since_s is None else self._since_s
        return pause if now_s - self._since_s >= self._at_most_s else None
