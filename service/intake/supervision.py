"""Keeping one root watched: a watcher that died, went deaf or ran out of watches is noticed and replaced.

Back-off as Syncthing's: a minute, doubling to an hour. Meanwhile scans do the whole work.
"""

from __future__ import annotations

from typing import Final

from service.intake.names import shown
from service.intake.ports import EventSink
from service.intake.settings import backoff_s
from service.intake.watch import HintBox, Watch, WatchError, WatchFactory
from service.intake.watch_problems import Prune, WatchProblem

_FIRST_S: Final = 60.0
_LONGEST_S: Final = 3600.0
_DEAF_AFTER_S: Final = 2.0
"""A hint may be this late; watchdog holds half of a move back for 0.5 s."""


class WatchSupervisor:
    """The watch of one root. Times are monotonic seconds."""

    def __init__(
        self, root: bytes, prune: Prune, hints: HintBox, emit: EventSink, *, factory: WatchFactory | None
    ) -> None:
        self._root = root
        self._prune = prune
        self._hints = hints
        self._emit = emit
        self._factory = factory
        self._watch: Watch | None = None
        self._hinted: set[bytes] = set()
        self._unannounced: dict[bytes, float] = {}
        self._baseline = True
        self._failures = 0
        self._retry_at_s = 0.0
        self._degraded: WatchProblem | None = None

    @property
    def watching(self) -> bool:
        """Whether events are to be expected."""
        return self._watch is not None

    def look_after(self, *, now: float) -> bool:
        """Start, check and restart the watch; True when a sweep should follow, since something may have been missed."""
        if self._factory is None:
            return False
        trouble = self._trouble(now)
        if trouble is not None:
            self._degrade(trouble, now)
        if self._watch is not None or now < self._retry_at_s:
            return trouble is not None
        self._start(self._factory, now)
        return True

    def announced(self, directories: frozenset[bytes]) -> None:
        """Note that hints arrived: the watcher hears."""
        if directories:
            self._failures = 0
        self._hinted |= directories
        for directory in directories & self._unannounced.keys():
            del self._unannounced[directory]

    def found(self, directories: set[bytes], *, now: float) -> None:
        """Note where a sweep found new files; without a hint, before or soon, the watcher is deaf.

        The first sweep after a start proves nothing: those files may be older than the watch.
        """
        if self._watch is not None and not self._baseline:
            for directory in directories - self._hinted:
                self._unannounced.setdefault(directory, now)
        self._hinted.clear()
        self._baseline = False

    def restart(self, *, now: float) -> None:
        """Have the watch started anew at the next look: another folder may stand under the root's name."""
        self.stop()
        self._failures, self._retry_at_s = 0, now

    def stop(self) -> None:
        """End the watch."""
        if self._watch is not None:
            self._watch.stop()
            self._watch = None
        self._unannounced.clear()

    def _trouble(self, now: float) -> WatchProblem | None:
        if self._watch is None:
            return None
        if self._watch.problem is not None:
            return self._watch.problem
        if any(now >= since_s + _DEAF_AFTER_S for since_s in self._unannounced.values()):
            return WatchProblem("deaf", "files appeared without an event; the watch is set up again")
        return None

    def _degrade(self, trouble: WatchProblem, now: float) -> None:
        """Go on with scans; a watcher that holds a part of its watches would only starve other programs of them."""
        self.stop()
        if trouble.lasting:
            self._retry_at_s = now + _LONGEST_S
        elif self._failures == 0:
            self._retry_at_s = now
        else:
            self._retry_at_s = now + backoff_s(self._failures - 1, first_s=_FIRST_S, longest_s=_LONGEST_S)
        self._failures += 1
        told, self._degraded = self._degraded, trouble
        if told is None or told.reason != trouble.reason:
            limit = {} if trouble.limit is None else {"limit": trouble.limit}
            self._emit("watch.degraded", root=shown(self._root), reason=trouble.reason, detail=trouble.detail, **limit)

    def _start(self, factory: WatchFactory, now: float) -> None:
        try:
            self._watch = factory(self._root, self._prune, self._hints)
        except WatchError as error:
            self._failures = max(self._failures, 1)
            self._degrade(error.problem, now)
            return
        self._baseline = True
        trouble = self._trouble(now)
        if trouble is not None:
            self._degrade(trouble, now)
        elif self._degraded is not None:
            self._degraded = None
            self._emit("watch.rebuilt", root=shown(self._root))
