"""What a listing means: which files are new, changed, moved or missing, and what the ledger and the log are told."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from service.intake.catalogue import Catalogue, split
from service.intake.inbox import Inbox
from service.intake.names import shown
from service.intake.outbox import Outbox
from service.intake.ports import EventSink, IntakeLedger, Location, Observation, Rejection, Settled
from service.intake.probe import FileStat
from service.intake.scan import Listing
from service.intake.settings import IntakeSettings
from service.intake.settle import Settler
from service.intake.sidecars import SidecarWatch
from service.intake.tracks import Sibling
from service.intake.verdicts import Reason, Verdict
from service.ledger.states import SETTLING, State

_EVENTS: Final = {State.WAITING: "file.waiting", State.INCOMPLETE: "file.incomplete", State.BLOCKED: "file.blocked"}
_SILENT: Final = frozenset({Reason.EMPTY})


class Reconciler:
    """Holds what lies on disk against what is known. Times are monotonic seconds, but for `wall_s`."""

    def __init__(self, settings: IntakeSettings, settler: Settler, emit: EventSink) -> None:
        self.catalogue = Catalogue()
        self.sidecars = SidecarWatch(self.catalogue, quiet_s=settings.quiet_local_s)
        self._settings = settings
        self._settler = settler
        self._emit = emit
        self._outbox = Outbox()
        self._absent: dict[Location, float] = {}
        self._origins: dict[Location, Location] = {}
        self._devices: dict[Location, int] = {}
        self._unreadable: dict[Location, str] = {}

    def take_in(self, inbox: Inbox, listing: Listing, *, now: float, wall_s: float) -> bool:
        """Compare a listing with what is known of its directory; True if it holds a file nothing was known of."""
        if self._is_unreadable(inbox.path, listing):
            return False
        if listing.gone:
            self.directory_gone(inbox, listing.path, now=now)
            return False
        self._guard_mount(inbox.path, listing)
        appeared = False
        local = inbox.is_local(listing.path, device=listing.device)
        for name, stat in listing.videos.items():
            location, sibling = (inbox.path, listing.child(name)), listing.siblings.get(name)
            appeared |= self._present(location, stat, sibling, local=local, now=now, wall_s=wall_s)
        for name in self.catalogue.expected_in(inbox.path, listing.path) - listing.videos.keys():
            self._missing(inbox, (inbox.path, listing.child(name)), now)
        self.sidecars.see(inbox.path, listing, now=now, first=inbox.first_sweep)
        return appeared

    def directory_gone(self, inbox: Inbox, directory: bytes, *, now: float) -> None:
        """Note that a directory is not there: whatever was expected in it is missing."""
        inbox.directories.discard(directory)
        self._devices.pop((inbox.path, directory), None)
        self._unreadable.pop((inbox.path, directory), None)
        self.sidecars.forget(inbox.path, directory)
        for name in self.catalogue.expected_in(inbox.path, directory):
            self._missing(inbox, (inbox.path, directory + b"/" + name if directory else name), now)

    def root_lost(self, root: bytes) -> None:
        """Conclude nothing from what is missing under a lost root."""
        self._settler.pause(root)
        self._absent = {location: since_s for location, since_s in self._absent.items() if location[0] != root}

    def root_back(self, root: bytes, *, replaced: bool, now: float) -> None:
        """Go on; in another folder under the same name nothing is expected, so that nothing is concluded from it."""
        self._settler.resume(root, now=now)
        if replaced:
            self.catalogue.forget_expectations(root)

    def report(self, location: Location, verdict: Verdict) -> None:
        """Put a verdict into the ledger's words and the log's."""
        root, path = location
        names = {"root": shown(root), "path": shown(path)}
        if verdict.generation is None:
            self._observe(location, verdict, names)
            return
        generation = verdict.generation
        stat = FileStat(generation.device, generation.inode, generation.size, generation.mtime_ns, ctime_ns=0)
        origin = self._origins.pop(location, None) or self._origin(location, stat)
        if verdict.state is State.REJECTED:
            self._outbox.reject(Rejection(root, path, verdict.generation, verdict.reason, verdict.detail))
            self._emit("file.rejected", **names, reason=verdict.reason, detail=verdict.detail)
        else:
            self._outbox.enqueue(Settled(root, path, verdict.generation, verdict.truncated, origin))
            known = self.catalogue.get(location)
            if known is None or not known.taken or not known.may_be(generation):  # an indexer's touch is no news
                settled = {"size_bytes": stat.size, "seconds": verdict.settling_s, "truncated": verdict.truncated}
                self._emit("file.settled", **names, **settled)
        self._leave(origin, location)

    def report_sidecars(self, *, now: float) -> None:
        """Report taken videos whose sidecars changed."""
        for root, path in self.sidecars.changed(now=now):
            self._outbox.sidecar_changed((root, path))
            self._emit("file.sidecar_changed", root=shown(root), path=shown(path))

    def flush(self, ledger: IntakeLedger, *, wall_s: float) -> None:
        """Tell the ledger, and remember what it has taken over."""
        settled, rejections = self._outbox.flush(ledger)
        for one in settled:
            if one.moved_from is not None:
                self.catalogue.forget(one.moved_from)
                if one.moved_from in self._settler:  # another file has come there meanwhile
                    self.catalogue.expect(one.moved_from)
            self.catalogue.take((one.root, one.path), one.generation, State.QUEUED, at_s=wall_s)
        for refused in rejections:
            self.catalogue.take((refused.root, refused.path), refused.generation, State.REJECTED, at_s=wall_s)

    def _present(
        self,
        location: Location,
        stat: FileStat,
        sibling: Sibling | None,
        *,
        local: bool,
        now: float,
        wall_s: float,
    ) -> bool:
        self._absent.pop(location, None)
        tracked = location in self._settler
        if not tracked and self.catalogue.holds(location, stat):
            return False
        known = self.catalogue.get(location)
        since_s = None
        if not tracked:
            since_s = self._follow(location, stat)
            if known is not None and known.state is State.INCOMPLETE and known.is_content_of(stat):
                since_s = now - max(0.0, wall_s - (known.changed_at_s or wall_s))
            self.catalogue.expect(location)
            self.catalogue.note_inode(location, stat)
        self._settler.see(location, stat, now=now, local=local, sibling=sibling, incomplete_since_s=since_s)
        return not tracked and known is None

    def _follow(self, location: Location, stat: FileStat) -> float | None:
        """Recognise a file under another name; return since when it has been incomplete."""
        origin = self._origin(location, stat)
        if origin is None:
            return None
        self._origins[location] = self._origins.pop(origin, origin)
        track = self._settler.forget(origin)
        self._absent.pop(origin, None)
        self.catalogue.unexpect(origin)
        return track.incomplete_since_s if track is not None else None

    def _origin(self, location: Location, stat: FileStat) -> Location | None:
        """Return where this very file was before, if nothing of it is there any more.

        An inode number alone proves nothing, since file systems use them again; a hard link leaves its origin there.
        """
        origin = self.catalogue.location_of(stat)
        if origin is None or origin == location or self._settler.is_paused(origin[0]):
            return None
        track, known = self._settler.track(origin), self.catalogue.get(origin)
        same = (track is not None and track.stat.same_body(stat) and track.stat.mtime_ns == stat.mtime_ns) or (
            known is not None and known.is_content_of(stat)
        )
        return origin if same and not _is_at(origin, stat) else None

    def _leave(self, origin: Location | None, target: Location) -> None:
        """Let whatever row is left at a moved file's old path end; the ledger moves the row before it reads this."""
        if origin is None:
            return
        if origin not in self._settler:
            self._outbox.vanish(origin)
        self._emit("file.moved", root=shown(origin[0]), path=shown(origin[1]), moved_to=shown(target[1]))

    def _missing(self, inbox: Inbox, location: Location, now: float) -> None:
        """Conclude that a file is gone once two scans, some time apart, missed it.

        Syncthing removes the old file a moment before it renames the new one into place.
        """
        since_s = self._absent.setdefault(location, now)
        if now < since_s + self._settings.absence_s:
            inbox.ask_for(split(location[1])[0], at_s=since_s + self._settings.absence_s)
            return
        del self._absent[location]
        track = self._settler.forget(location)
        if track is not None:
            self.catalogue.forget_inode(location, track.stat)
        self._origins.pop(location, None)
        self.catalogue.forget(location)
        self._outbox.vanish(location)
        self._emit("file.gone", root=shown(location[0]), path=shown(location[1]))

    def _is_unreadable(self, root: bytes, listing: Listing) -> bool:
        """Tell a directory that could not be listed, and say so once; nothing in it is concluded to be missing."""
        place = (root, listing.path)
        if listing.error is None:
            self._unreadable.pop(place, None)
        elif self._unreadable.get(place) != listing.error:
            self._unreadable[place] = listing.error
            detail = f"the folder cannot be listed: {listing.error}; what lies in it is not seen"
            self._emit("scan.failed", root=shown(root), path=shown(listing.path), reason="unreadable", detail=detail)
        return listing.error is not None

    def _guard_mount(self, root: bytes, listing: Listing) -> None:
        """Expect nothing in a directory that now shows another file system: what was there is covered, not gone."""
        before = self._devices.get((root, listing.path))
        if before is not None and before != listing.device:
            self.catalogue.forget_expectations(root, listing.path)
        self._devices[(root, listing.path)] = listing.device

    def _observe(self, location: Location, verdict: Verdict, names: dict[str, str]) -> None:
        track, known = self._settler.track(location), self.catalogue.get(location)
        if track is None:
            return
        stat, origin = track.stat, self._origins.get(location)
        moved = self.catalogue.get(origin) if origin is not None else None
        was_taken = moved is not None and moved.state not in SETTLING
        touched = known is not None and known.taken and known.is_body_of(stat)
        if verdict.reason == Reason.QUIET and (touched or was_taken):
            return  # an indexer's touch, or a new name, of what is long done: nothing to tell unless more comes of it
        if was_taken:
            origin = None  # its row follows when this settles
        seen = (stat.device, stat.inode, stat.size, stat.mtime_ns)
        self._outbox.observe(
            Observation(*location, *seen, verdict.state, verdict.reason, verdict.detail, moved_from=origin)
        )
        if origin is not None:
            del self._origins[location]
            self._leave(origin, location)
        if verdict.reason == Reason.QUIET:
            self._emit("file.seen", **names, size_bytes=stat.size)
        elif verdict.reason == Reason.TOUCHED:
            self._emit("file.never_settles", **names, detail=verdict.detail)
        elif verdict.reason not in _SILENT:
            event = "file.stale" if verdict.reason == Reason.STALE_EMPTY else _EVENTS[verdict.state]
            self._emit(event, **names, reason=verdict.reason, detail=verdict.detail)


def _is_at(location: Location, stat: FileStat) -> bool:
    """Tell whether the inode is (also) at this location."""
    root, path = location
    try:
        status = Path(os.fsdecode(root + b"/" + path)).lstat()
    except OSError:
        return False
    return (status.st_dev, status.st_ino) == (stat.device, stat.inode)
