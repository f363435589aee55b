"""Events as hints: watchdog tells which directories changed; what changed there is for a scan to find out.

watchdog 7.1 is deaf without saying so when its queue overflows, when the watch limit is reached below the root, and
when something unmounts or covers the root. The first two are made known here (`WatchTrouble`); the others show in
roots and in files that sweeps find and no hint announced. Only `InotifyFD`'s public methods are overridden for that.
"""

from __future__ import annotations

import errno
import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

from watchdog.events import (
    DirCreatedEvent,
    DirDeletedEvent,
    DirMovedEvent,
    FileClosedEvent,
    FileCreatedEvent,
    FileDeletedEvent,
    FileMovedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers.api import BaseObserver
from watchdog.observers.inotify import InotifyEmitter
from watchdog.observers.inotify_c import CallbackId, InotifyEvent, InotifyFD, Mask, WatchCallback, WatchDescriptor

from service.intake.watch_problems import Prune, WatchProblem, explained, watch_limit

# The filter narrows the kernel's mask: 4,000 copied files raise 8,000 events instead of 24,000.
_EVENTS: Final[list[type[FileSystemEvent]]] = [
    DirCreatedEvent,
    DirDeletedEvent,
    DirMovedEvent,
    FileClosedEvent,
    FileCreatedEvent,
    FileDeletedEvent,
    FileMovedEvent,
]
_MAX_HINTS: Final = 512
"""More changed directories than this and one sweep is cheaper."""


@dataclass(frozen=True, slots=True)
class Hints:
    """Directories, relative to the root, in which something happened; `everywhere`: events were lost or too many."""

    directories: frozenset[bytes] = frozenset()
    everywhere: bool = False
    overflowed: bool = False


class HintBox:
    """Where the watcher's threads leave hints for intake's; holds directories, never events, so it stays small."""

    def __init__(self, root: bytes, wake: threading.Event) -> None:
        self._prefix = root.rstrip(b"/") + b"/"
        self._wake = wake
        self._lock = threading.Lock()
        self._directories: set[bytes] = set()
        self._everywhere = False
        self._overflowed = False
        self.events = self.overflows = 0
        """What arrived since the start: events, and times the kernel dropped some."""

    def note(self, path: bytes) -> None:
        """Note that something happened to `path` (absolute, the root or below): its directory deserves a look."""
        relative = path[len(self._prefix) :].rpartition(b"/")[0] if path.startswith(self._prefix) else b""
        with self._lock:
            self.events += 1
            if len(self._directories) < _MAX_HINTS:
                self._directories.add(relative)
            else:
                self._everywhere = True
        self._wake.set()

    def overflow(self) -> None:
        """Note that the kernel dropped events."""
        with self._lock:
            self.overflows += 1
            self._everywhere = self._overflowed = True
        self._wake.set()

    def take(self) -> Hints:
        """Return and forget what was noted."""
        with self._lock:
            hints = Hints(frozenset(self._directories), self._everywhere, self._overflowed)
            self._directories.clear()
            self._everywhere = self._overflowed = False
        return hints


class WatchError(Exception):
    """No watch could be set up; `problem` says why."""

    def __init__(self, problem: WatchProblem) -> None:
        super().__init__(problem.detail)
        self.problem = problem


class Watch(Protocol):
    """A watch on one root that is already running."""

    @property
    def problem(self) -> WatchProblem | None:
        """What keeps it from watching everything, None if nothing does."""

    def stop(self) -> None:
        """End its threads; never raises."""


WatchFactory = Callable[[bytes, Prune, HintBox], Watch]
"""Starts a watch on a root, or raises `WatchError`."""


class _PrunedInotify(InotifyFD):
    """An inotify instance that leaves pruned directories out, and tells what watchdog only logs or swallows."""

    def __init__(self, prune: Prune, hints: HintBox) -> None:
        super().__init__()
        self._prune = prune
        self._hints = hints
        self.limit_reached = False

    def add_callback(self, path: bytes, mask: Mask, callback: WatchCallback, id_: CallbackId) -> WatchDescriptor:
        if self._prune(path):
            # Watchdog passes over a descendant that cannot be watched.
            raise FileNotFoundError(errno.ENOENT, "pruned")
        try:
            return super().add_callback(path, mask, callback, id_)
        except OSError as error:
            if error.errno == errno.ENOSPC:
                self.limit_reached = True
            raise

    def handle_event(self, event: InotifyEvent) -> None:
        if event.is_queue_overflow:
            self._hints.overflow()
        super().handle_event(event)


class _HintingHandler(FileSystemEventHandler):
    """Enqueues and nothing else: an exception here would end watchdog's dispatcher without a word."""

    def __init__(self, hints: HintBox) -> None:
        self._hints = hints

    def dispatch(self, event: FileSystemEvent) -> None:
        for path in (event.src_path, event.dest_path):
            if path:
                self._hints.note(os.fsencode(path))


class InotifyWatch:
    """watchdog on one root, recursive; one observer each, so that one root's trouble is its own."""

    def __init__(self, root: bytes, prune: Prune, hints: HintBox) -> None:
        self._root = root
        self._prune = prune
        self._limit_met: WatchProblem | None = None
        try:
            self._inotify = _PrunedInotify(prune, hints)
        except OSError as error:
            raise WatchError(explained(error, root, prune)) from error
        self._observer = BaseObserver(InotifyEmitter, inotify_fd=self._inotify)
        self._observer.schedule(_HintingHandler(hints), os.fsdecode(root), recursive=True, event_filter=_EVENTS)
        try:
            self._inotify.start()
            self._observer.start()
        except (OSError, RuntimeError) as error:  # RuntimeError: no more threads to be had
            self.stop()
            raise WatchError(explained(error, root, prune)) from error

    @property
    def problem(self) -> WatchProblem | None:
        """See `Watch`."""
        if self._inotify.limit_reached:
            self._limit_met = self._limit_met or watch_limit(self._root, self._prune)
            return self._limit_met
        emitters = self._observer.emitters
        threads = [self._inotify, self._observer, *emitters]
        if not emitters or not all(thread.is_alive() for thread in threads):
            return WatchProblem("ended", "the watcher has ended; it is started again")
        return None

    def stop(self) -> None:
        """See `Watch`."""
        if self._observer.is_alive():
            self._observer.stop()
            self._observer.join()
        self._inotify.stop()
        if self._inotify.ident is not None:
            self._inotify.join()
