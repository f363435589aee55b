"""Holds back equal events, so that one bad file or folder cannot fill the disk with log.

Two bounds. Of one event about one thing (its key: a file, a root, a library), `BURST` lines pass in a window of a
minute. And of everything that is limited and may need somebody (WARNING and above), whatever it is about, so many lines
pass in any minute that with the lines that tell what was held back there are at most `MOST_LINES_A_MINUTE`. An event's
first line in a minute passes always: a storm of one kind must not hide another.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from dataclasses import dataclass, field

WINDOW_S = 60.0
BURST = 5
"""Equal events that pass in one window."""
MAX_KEYS = 4_096
"""Keys remembered at most; the one not seen for longest is forgotten first."""
MOST_LINES_A_MINUTE = 60
"""The hundreds of GB of log in SynoCommunity/spksrc#7428 were one message about many files."""


@dataclass(slots=True)
class _Window:
    began_s: float
    passed: int = 0


@dataclass(slots=True)
class _Held:
    count: int = 0
    keys: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Suppressed:
    """How many events of a name were held back; key: what they were about, None where it was more than one thing."""

    event: str
    key: str | None
    count: int


class RateLimit:
    """See the module. storms: the names of the events that the bound over all of them holds for.

    Not thread-safe. Times are monotonic seconds.
    """

    def __init__(self, storms: frozenset[str] = frozenset()) -> None:
        self._windows: OrderedDict[tuple[str, str], _Window] = OrderedDict()
        self._held: dict[str, _Held] = {}
        self._told_s: float | None = None
        self._storms = storms
        # In any minute each of these names may have one first line and one that tells what was held back.
        self._ceiling = MOST_LINES_A_MINUTE - 2 * len(storms)
        if self._ceiling < BURST:
            raise ValueError(f"{len(storms)} events that may storm leave {self._ceiling} lines a minute for all")
        self._recent: deque[float] = deque(maxlen=self._ceiling)
        self._firsts: dict[str, float] = {}
        self.suppressed = 0
        """Events held back since the start."""

    def passes(self, event: str, key: str, *, now_s: float) -> bool:
        """Say whether the event may be logged; one that may not is counted, for `due` to tell."""
        window = self._window(event, key, now_s=now_s)
        if window.passed < BURST and (event not in self._storms or self._room(event, now_s=now_s)):
            window.passed += 1
            return True
        self.suppressed += 1
        held = self._held.setdefault(event, _Held())
        held.count += 1
        if len(held.keys) < 2:  # noqa: PLR2004 - one is named, more than one is not
            held.keys.add(key)
        return False

    def due(self, *, now_s: float, everything: bool = False) -> list[Suppressed]:
        """Return what was held back since it was last told, at most once in a window (or, at the end, at once)."""
        if self._told_s is None:
            self._told_s = now_s
        if not everything and now_s - self._told_s < WINDOW_S:
            return []
        self._told_s = now_s
        told = [
            Suppressed(event, next(iter(held.keys)) if len(held.keys) == 1 else None, held.count)
            for event, held in self._held.items()
        ]
        self._held.clear()
        return told

    def _window(self, event: str, key: str, *, now_s: float) -> _Window:
        window = self._windows.get((event, key))
        if window is None or now_s - window.began_s >= WINDOW_S:
            window = self._windows[event, key] = _Window(began_s=now_s)
        self._windows.move_to_end((event, key))
        if len(self._windows) > MAX_KEYS:
            self._windows.popitem(last=False)
        return window

    def _room(self, event: str, *, now_s: float) -> bool:
        """Say whether a line that may be one of a storm passes, and if so note it."""
        first_s = self._firsts.get(event)
        if first_s is None or now_s - first_s >= WINDOW_S:
            self._firsts[event] = now_s
            return True
        if len(self._recent) == self._ceiling and now_s - self._recent[0] < WINDOW_S:
            return False
        self._recent.append(now_s)
        return True
