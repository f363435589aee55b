"""Holds back equal events, so that one bad file or folder cannot fill the disk with log."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass

WINDOW_S = 60.0
BURST = 5
"""Equal events that pass in one window."""
MAX_KEYS = 4_096
"""Keys remembered at most; the one not seen for longest is forgotten first."""


@dataclass(slots=True)
class _Window:
    began_s: float
    passed: int = 0
    held: int = 0


@dataclass(frozen=True, slots=True)
class Suppressed:
    """How many events of a name and key were held back."""

    event: str
    key: str
    count: int


class RateLimit:
    """At most `BURST` events of a name and key in `WINDOW_S` seconds; what was held back is counted and told."""

    def __init__(self) -> None:
        self._windows: OrderedDict[tuple[str, str], _Window] = OrderedDict()

    def passes(self, event: str, key: str, *, now_s: float) -> tuple[bool, list[Suppressed]]:
        """Say whether the event may be logged, and what is to be told first about closed windows."""
        told = self._expire(event, key, now_s=now_s)
        window = self._windows.setdefault((event, key), _Window(began_s=now_s))
        self._windows.move_to_end((event, key))
        if len(self._windows) > MAX_KEYS:
            forgotten, oldest = self._windows.popitem(last=False)
            told.extend(_told(forgotten, oldest))
        if window.passed < BURST:
            window.passed += 1
            return True, told
        window.held += 1
        return False, told

    def flush(self, *, now_s: float, everything: bool = False) -> list[Suppressed]:
        """Return what was held back in windows that are over (or in all), and forget those windows."""
        over = [name for name, window in self._windows.items() if everything or now_s - window.began_s >= WINDOW_S]
        return [told for name in over for told in _told(name, self._windows.pop(name))]

    def _expire(self, event: str, key: str, *, now_s: float) -> list[Suppressed]:
        window = self._windows.get((event, key))
        if window is None or now_s - window.began_s < WINDOW_S:
            return []
        return _told((event, key), self._windows.pop((event, key)))


def _told(name: tuple[str, str], window: _Window) -> list[Suppressed]:
    return [Suppressed(*name, window.held)] if window.held else []
