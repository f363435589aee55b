"""One root at work: whether it is there, whether it is watched, and what is scanned next."""

from __future__ import annotations

import math
import threading
from typing import Final

from service.intake.figures import RootFigures
from service.intake.mounts import MountKind, mount_of_root, sweep_interval_s
from service.intake.names import NamePolicy, shown
from service.intake.ports import EventSink
from service.intake.roots import Root, RootChange
from service.intake.scan import Fence, Scanner, identities
from service.intake.settings import IntakeSettings, backoff_s
from service.intake.supervision import WatchSupervisor
from service.intake.watch import HintBox, WatchFactory

_CHECK_S: Final = 2.0
_LOST_FIRST_S: Final = 1.0
_LOST_LONGEST_S: Final = 60.0
_LEAST_HINT_PAUSE_S: Final = 0.2
"""At most five rounds of hinted scans a second."""
_DIRECTORIES_PER_ROUND: Final = 32
_SCAN_SHARE: Final = 4
"""Scans that hints ask for take at most one part in so many of the time, however many arrive."""
_LEAST_SWEEP_PAUSE_S: Final = 2.0
_OVERFLOW_EPISODE_S: Final = 60.0
"""Overflows that follow each other so closely are one episode."""
_OVERFLOW_CALM_S: Final = 5.0
"""So long after the last overflow the watch is set up anew: events of new directories may have been among the lost."""
_OVERFLOW_REMEDY: Final = (
    "more events at once than the kernel keeps; nothing is lost, everything is scanned. Where that comes again and "
    "again, raise fs.inotify.max_queued_events (sysctl)"
)


class Inbox:
    """Health, hints and timing of one root. Times are monotonic seconds.

    first_sweep: nothing has been swept since the start. directories: those below the root that were listed last.
    """

    def __init__(
        self,
        root: Root,
        settings: IntakeSettings,
        emit: EventSink,
        *,
        wake: threading.Event,
        watch_factory: WatchFactory | None,
    ) -> None:
        self.root = root
        self.path = root.path
        self.first_sweep = True
        self.last_sweep_s = 0.0
        self.directories: set[bytes] = set()
        self._settings = settings
        self._emit = emit
        self._names = NamePolicy(settings.extensions)
        self._fence = Fence(root.path, self._names, excluded=settings.excluded)
        self._hints = HintBox(root.path, wake)
        self._watch = WatchSupervisor(
            root.path, self._fence.keeps_out_absolute, self._hints, emit, factory=watch_factory
        )
        self._pending: dict[bytes, float] = {}
        self._mounted_below: dict[int, MountKind] = {}
        self._lost_checks = 0
        self._episode_until_s = -math.inf
        self._rewatch_at_s = math.inf
        self._check_at_s = self._sweep_at_s = self._hints_at_s = -math.inf

    @property
    def figures(self) -> RootFigures:
        """What there is to tell about the root; from any thread."""
        sweep_s = None if self.first_sweep else self.last_sweep_s
        hints = self._hints
        return RootFigures(self.path, self.root.lost, self.watching, sweep_s, hints.events, hints.overflows)

    @property
    def usable(self) -> bool:
        """Whether the root is there; nothing is concluded from one that is not."""
        return self.root.lost is None

    def is_local(self, directory: bytes, *, device: int) -> bool:
        """Whether leases and holes tell the truth in a directory; a share may be mounted below a local root.

        device: of the directory, as its listing shows it.
        """
        if device == self.root.device:
            return self.root.mount.kind.is_local
        if device not in self._mounted_below:
            self._mounted_below[device] = mount_of_root(self.path + b"/" + directory).kind
        return self._mounted_below[device].is_local

    @property
    def watching(self) -> bool:
        """Whether events are to be expected."""
        return self._watch.watching

    def scanner(self) -> Scanner:
        """Return a scanner that knows the excluded directories as they are now."""
        return Scanner(self.path, self._names, excluded=identities(self._settings.excluded))

    def check(self, *, now: float, at_once: bool = False) -> RootChange:
        """Look after the root and its watch; SAME where nothing is new or, unless `at_once`, it is not time yet."""
        if now < self._check_at_s and not at_once:
            return RootChange.SAME
        change = self.root.check()
        if not self.usable:
            self._lost(change, now)
            return change
        if change is not RootChange.SAME:
            self._back(change, now)
        self._check_at_s = now + _CHECK_S
        if now >= self._rewatch_at_s:
            self._rewatch_at_s = math.inf
            self._watch.restart(now=now)
        if self.root.mount.kind.has_events and self._watch.look_after(now=now):
            self._sweep_at_s = now
        return change

    def collect_hints(self, *, now: float) -> None:
        """Take what the watcher left."""
        hints = self._hints.take()
        if hints.overflowed:
            if now >= self._episode_until_s:
                self._emit("watch.overflow", root=shown(self.path), detail=_OVERFLOW_REMEDY)
            self._episode_until_s, self._rewatch_at_s = now + _OVERFLOW_EPISODE_S, now + _OVERFLOW_CALM_S
        if hints.everywhere:
            self._sweep_at_s = min(self._sweep_at_s, max(now, self._hints_at_s))
        self._watch.announced(hints.directories)
        for directory in hints.directories:
            if not self._fence.keeps_out(directory):
                self._pending.setdefault(directory, now)

    def ask_for(self, directory: bytes, *, at_s: float) -> None:
        """Have a directory scanned at `at_s`, hint or no hint."""
        self._pending[directory] = min(at_s, self._pending.get(directory, math.inf))

    def due_directories(self, *, now: float) -> list[bytes]:
        """Return the directories whose scan is due, oldest first; none while the last round is being paid off."""
        if now < self._hints_at_s or not self._pending:
            return []
        due = sorted((at_s, directory) for directory, at_s in self._pending.items() if at_s <= now)
        chosen = [directory for _, directory in due[:_DIRECTORIES_PER_ROUND]]
        for directory in chosen:
            del self._pending[directory]
        return chosen

    def scanned(self, *, now: float, took_s: float) -> None:
        """Note what a round of hinted scans cost."""
        self._hints_at_s = now + max(_LEAST_HINT_PAUSE_S, _SCAN_SHARE * took_s)

    def sweep_due(self, *, now: float) -> bool:
        """Tell whether a full scan is due."""
        return self.usable and now >= self._sweep_at_s

    def swept(self, *, now: float, took_s: float, new_in: set[bytes]) -> None:
        """Note a full scan: what it cost, and in which directories it found files that nothing was known of."""
        self.last_sweep_s, self.first_sweep = took_s, False
        self._mounted_below.clear()  # the kernel gives a number of what was unmounted to the next one
        self._watch.found(new_in, now=now)
        interval_s = sweep_interval_s(
            self.root.mount.kind, watched=self.watching, last_sweep_s=took_s, base_s=self._settings.sweep_s
        )
        self._sweep_at_s = now + max(interval_s, _LEAST_SWEEP_PAUSE_S)
        self._hints_at_s = now + _SCAN_SHARE * took_s

    def next_due_s(self) -> float:
        """Return when the next check or scan is to be made."""
        if not self.usable:
            return self._check_at_s
        hinted_s = max(min(self._pending.values()), self._hints_at_s) if self._pending else math.inf
        return min(self._check_at_s, self._sweep_at_s, hinted_s)

    def close(self) -> None:
        """Stop watching."""
        self._watch.stop()

    def _lost(self, change: RootChange, now: float) -> None:
        self._check_at_s = now + backoff_s(self._lost_checks, first_s=_LOST_FIRST_S, longest_s=_LOST_LONGEST_S)
        self._lost_checks += 1
        self._pending.clear()
        if change is RootChange.LOST:
            self._watch.stop()
            self._emit("root.lost", root=shown(self.path), reason="root_lost", detail=self.root.lost)

    def _back(self, change: RootChange, now: float) -> None:
        self._lost_checks, self._sweep_at_s = 0, now
        self.directories.clear()
        self._watch.restart(now=now)
        self._emit("root.back", root=shown(self.path), replaced=change is RootChange.REPLACED)
