"""Intake: folders in, settled generations out. One thread calls `step`; nothing here starts threads but the watches."""

from __future__ import annotations

import math
import os
import threading
from collections.abc import Callable, Sequence

from service.clock import Clock
from service.intake.catalogue import collector_paused
from service.intake.figures import RootFigures
from service.intake.inbox import Inbox
from service.intake.ports import EventSink, IntakeLedger
from service.intake.probe import DescriptorProbe, Probe
from service.intake.reconcile import Reconciler
from service.intake.roots import Root, RootChange
from service.intake.settings import IntakeSettings
from service.intake.settle import Settler
from service.intake.watch import InotifyWatch, WatchFactory

_SLICES, _JUDGED_PER_SLICE = 10, 100
"""How many files a step judges, and how many between two ticks: on a slow share each may take a second."""


class Intake:
    """Watches roots, settles files, tells the ledger.

    roots: absolute directories, none inside another. watch_factory: None scans only. The inbox is only ever read.
    tick: called as a step goes on, with every folder and every hundred files.
    Events: file.seen, file.waiting, file.stale, file.never_settles, file.incomplete, file.blocked, file.settled,
    file.rejected, file.moved, file.gone, file.sidecar_changed, scan.failed, root.lost, root.back, watch.overflow,
    watch.degraded, watch.rebuilt; with the fields of `service.logs.vocabulary`.
    """

    def __init__(
        self,
        roots: Sequence[bytes],
        settings: IntakeSettings,
        ledger: IntakeLedger,
        emit: EventSink,
        clock: Clock,
        *,
        probe: Probe | None = None,
        watch_factory: WatchFactory | None = InotifyWatch,
        tick: Callable[[], None] = lambda: None,
    ) -> None:
        self._ledger = ledger
        self._clock = clock
        self._emit = emit
        self._settings = settings
        self._watch_factory = watch_factory
        self._tick = tick
        self._paths = [os.path.normpath(root) for root in roots]
        self._wake = threading.Event()
        self._settler = Settler(settings, probe or DescriptorProbe())
        self._reconciler = Reconciler(settings, self._settler, emit)
        self._inboxes: list[Inbox] = []

    def start(self) -> None:
        """Read what the ledger knows, look at the roots and begin to watch those that are there; the next step scans.

        A root that is missing is no error here: it is lost until it appears. See `lost_roots`.
        """
        for path in self._paths:
            with collector_paused():
                self._reconciler.catalogue.load(self._ledger.known(path))
            root = Root(path, expected_devices=self._reconciler.catalogue.devices(path))
            inbox = Inbox(root, self._settings, self._emit, wake=self._wake, watch_factory=self._watch_factory)
            self._inboxes.append(inbox)
            self._check(inbox, self._clock.monotonic(), at_once=True)

    def stop(self) -> None:
        """End the watches. What has not settled settles anew after the next start; nothing is lost with it."""
        for inbox in self._inboxes:
            inbox.close()
        self._inboxes.clear()

    def step(self, now: float) -> None:
        """Do what is due at `now` (monotonic): look after roots, scan, settle, and tell the ledger.

        What the ledger raises goes through; nothing is forgotten then, and the next step tells it again.
        """
        self._wake.clear()
        for inbox in self._inboxes:
            self._check(inbox, now)
            inbox.collect_hints(now=now)
            if not inbox.usable:
                continue
            if inbox.sweep_due(now=now):
                self._sweep(inbox, now)
            else:
                self._scan_hinted(inbox, now)
        for _ in range(_SLICES):
            for location, verdict in self._settler.advance(now=now, limit=_JUDGED_PER_SLICE):
                self._reconciler.report(location, verdict)
            self._tick()
        self._reconciler.report_sidecars(now=now)
        self._reconciler.flush(self._ledger, wall_s=self._clock.wall())

    def wait(self, timeout_s: float) -> None:
        """Block until a hint arrives, something falls due, or `timeout_s` has passed."""
        pause_s = min(timeout_s, self.next_due_s() - self._clock.monotonic())
        if pause_s > 0:
            self._wake.wait(pause_s)

    def wake(self) -> None:
        """End a `wait` at once, unless a `step` begins before it; from any thread."""
        self._wake.set()

    def next_due_s(self) -> float:
        """Return the monotonic time at which `step` next has something to do, hints apart."""
        due_s = min((inbox.next_due_s() for inbox in self._inboxes), default=math.inf)
        return min(due_s, self._settler.next_due_s(), self._reconciler.sidecars.next_due_s())

    def recheck(self, root: bytes, path: bytes) -> None:
        """Take a file up again from the start: its job ended because the file changed under it."""
        self._reconciler.catalogue.give_back((root, path))
        for inbox in self._inboxes:
            if inbox.path == root:
                inbox.ask_for(path.rpartition(b"/")[0], at_s=self._clock.monotonic())
        self._wake.set()

    def lost_roots(self) -> dict[bytes, str]:
        """Return the roots that cannot be used, and why."""
        return {inbox.path: inbox.root.lost for inbox in self._inboxes if inbox.root.lost is not None}

    def figures(self) -> tuple[RootFigures, ...]:
        """Return what there is to tell about each root, in order; from any thread."""
        return tuple(inbox.figures for inbox in list(self._inboxes))

    def _check(self, inbox: Inbox, now: float, *, at_once: bool = False) -> None:
        change = inbox.check(now=now, at_once=at_once)
        if change is RootChange.LOST:
            self._reconciler.root_lost(inbox.path)
        elif change in {RootChange.BACK, RootChange.REPLACED}:
            self._reconciler.root_back(inbox.path, replaced=change is RootChange.REPLACED, now=now)

    def _sweep(self, inbox: Inbox, now: float) -> None:
        """Hold everything beneath the root against what is known."""
        self._check(inbox, now, at_once=True)
        if not inbox.usable:
            return
        started_s = self._clock.monotonic()
        listed: set[bytes] = set()
        unlisted: list[bytes] = []
        new_in: set[bytes] = set()
        for listing in inbox.scanner().sweep():
            self._tick()
            if listing.error is not None or (listing.gone and not listing.path):
                unlisted.append(listing.path)
            elif not listing.gone:
                listed.add(listing.path)
            if listing.gone and not listing.path:
                break  # the root has gone in this moment: the next check says so
            if self._reconciler.take_in(inbox, listing, now=now, wall_s=self._clock.wall()):
                new_in.add(listing.path)
        for directory in self._reconciler.catalogue.directories(inbox.path):
            if directory not in listed and not any(_is_beneath(directory, parent) for parent in unlisted):
                self._reconciler.directory_gone(inbox, directory, now=now)
        inbox.directories = listed
        inbox.swept(now=now, took_s=self._clock.monotonic() - started_s, new_in=new_in)

    def _scan_hinted(self, inbox: Inbox, now: float) -> None:
        directories = inbox.due_directories(now=now)
        if not directories:
            return
        started_s = self._clock.monotonic()
        self._check(inbox, now, at_once=True)
        for directory in directories if inbox.usable else ():
            self._scan(inbox, directory, now)
        inbox.scanned(now=now, took_s=self._clock.monotonic() - started_s)

    def _scan(self, inbox: Inbox, directory: bytes, now: float) -> None:
        """List one directory, and whatever below it was not there before: a tree moved in raises one event."""
        scanner, wall_s = inbox.scanner(), self._clock.wall()
        listing = scanner.list(directory)
        self._reconciler.take_in(inbox, listing, now=now, wall_s=wall_s)
        if listing.error is not None or listing.gone:
            return
        inbox.directories.add(directory)
        present = {listing.child(name) for name in listing.directories}
        for child in present - inbox.directories:
            for below in scanner.sweep(child):
                self._tick()
                inbox.directories.add(below.path)
                self._reconciler.take_in(inbox, below, now=now, wall_s=wall_s)
        for known in [known for known in inbox.directories if known != directory and _is_beneath(known, directory)]:
            name = known[len(directory) :].lstrip(b"/").partition(b"/")[0]
            if listing.child(name) not in present:
                self._reconciler.directory_gone(inbox, known, now=now)


def _is_beneath(path: bytes, directory: bytes) -> bool:
    """Tell whether a relative path is `directory` or lies below it; everything lies below the root's."""
    return not directory or path == directory or path.startswith(directory + b"/")
