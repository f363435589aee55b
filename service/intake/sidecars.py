"""Sidecars that appear or change beside a video that is already taken, so that fusion alone runs again."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from service.intake.catalogue import Catalogue
from service.intake.ports import Location
from service.intake.probe import FileStat
from service.intake.scan import Listing


@dataclass(slots=True)
class _Watched:
    """One sidecar. certain: its change was seen, or it appeared beside a video that was already taken."""

    stat: FileStat
    videos: tuple[bytes, ...]
    since_s: float
    certain: bool


class SidecarWatch:
    """Remembers every sidecar's stat; a change is reported once it has been quiet for `quiet_s`."""

    def __init__(self, catalogue: Catalogue, *, quiet_s: float) -> None:
        self._catalogue = catalogue
        self._quiet_s = quiet_s
        self._watched: dict[Location, _Watched] = {}
        self._pending: set[Location] = set()

    def see(self, root: bytes, listing: Listing, *, now: float, first: bool) -> None:
        """Take note of a listing; `first`: of the first sweep since the start, when nothing can be seen to appear."""
        for name, sidecar in listing.sidecars.items():
            location = (root, listing.child(name))
            before = self._watched.get(location)
            videos = tuple(listing.child(video) for video in sidecar.videos)
            if before is not None and before.stat == sidecar.stat and before.videos == videos:
                continue
            appeared = not first and any(self._taken((root, video)) for video in videos)
            changed = before is not None and before.stat != sidecar.stat
            self._watched[location] = _Watched(sidecar.stat, videos, now, changed or appeared)
            if sidecar.stat.size:
                self._pending.add(location)

    def changed(self, *, now: float) -> Iterator[Location]:
        """Yield the taken videos whose sidecar changed and has been quiet since; each change once.

        A video that is not taken yet needs no report: its fusion will read the sidecar anyway.
        """
        for location in [pending for pending in self._pending if self._due_s(pending) <= now]:
            self._pending.discard(location)
            watched = self._watched[location]
            for path in watched.videos:
                video = (location[0], path)
                if self._taken(video) and (watched.certain or self._is_younger(watched.stat, video)):
                    yield video

    def next_due_s(self) -> float:
        """Return when the next change will have been quiet for long enough; infinity if none waits."""
        return min(map(self._due_s, self._pending), default=math.inf)

    def _due_s(self, location: Location) -> float:
        return self._watched[location].since_s + self._quiet_s

    def _taken(self, video: Location) -> bool:
        known = self._catalogue.get(video)
        return known is not None and known.taken

    def _is_younger(self, stat: FileStat, video: Location) -> bool:
        """Compare with the ledger's word, the only memory of what happened while no service ran.

        ctime, not mtime: rsync -a and download tools set the latter to what it was elsewhere.
        """
        known = self._catalogue.get(video)
        return known is not None and (known.changed_at_s is None or stat.ctime_ns > known.changed_at_s * 1e9)
