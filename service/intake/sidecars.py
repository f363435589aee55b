"""Sidecars that appear or change beside a video that is already taken, so that fusion alone runs again."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from service.intake.catalogue import Catalogue, split
from service.intake.ports import Location
from service.intake.probe import FileStat
from service.intake.scan import Listing


@dataclass(frozen=True, slots=True)
class _Watched:
    """One sidecar. certain: its change was seen, or it appeared beside a video that was already taken."""

    stat: FileStat
    videos: tuple[bytes, ...]
    certain: bool


class SidecarWatch:
    """Remembers every sidecar's stat; a change is reported once it has been quiet for `quiet_s`."""

    def __init__(self, catalogue: Catalogue, *, quiet_s: float) -> None:
        self._catalogue = catalogue
        self._quiet_s = quiet_s
        self._directories: dict[Location, dict[bytes, _Watched]] = {}
        self._pending: dict[Location, float] = {}

    def see(self, root: bytes, listing: Listing, *, now: float, first: bool) -> None:
        """Take note of a listing; `first`: of the first sweep since the start, when nothing can be seen to appear."""
        place = (root, listing.path)
        before = self._directories.pop(place, {})
        found: dict[bytes, _Watched] = {}
        for name, sidecar in listing.sidecars.items():
            known = before.get(name)
            videos = tuple(listing.child(video) for video in sidecar.videos)
            if known is not None and known.stat == sidecar.stat and known.videos == videos:
                found[name] = known
                continue
            appeared = not first and any(self._taken((root, video)) for video in videos)
            changed = known is not None and known.stat != sidecar.stat
            found[name] = _Watched(sidecar.stat, videos, certain=changed or appeared)
            if sidecar.stat.size:
                self._pending[(root, listing.child(name))] = now + self._quiet_s
        if found:
            self._directories[place] = found

    def forget(self, root: bytes, directory: bytes) -> None:
        """Remember nothing of a directory that is gone."""
        self._directories.pop((root, directory), None)

    def changed(self, *, now: float) -> Iterator[Location]:
        """Yield the taken videos whose sidecar changed and has been quiet since; each change once.

        A video that is not taken yet needs no report: its fusion will read the sidecar anyway.
        """
        for location in [pending for pending, due_s in self._pending.items() if due_s <= now]:
            del self._pending[location]
            root, (directory, name) = location[0], split(location[1])
            watched = self._directories.get((root, directory), {}).get(name)
            if watched is None:
                continue
            for path in watched.videos:
                video = (root, path)
                if self._taken(video) and (watched.certain or self._is_younger(watched.stat, video)):
                    yield video

    def next_due_s(self) -> float:
        """Return when the next change will have been quiet for long enough; infinity if none waits."""
        return min(self._pending.values(), default=math.inf)

    def _taken(self, video: Location) -> bool:
        known = self._catalogue.get(video)
        return known is not None and known.taken

    def _is_younger(self, stat: FileStat, video: Location) -> bool:
        """Compare with the ledger's word, the only memory of what happened while no service ran.

        ctime, not mtime: rsync -a and download tools set the latter to what it was elsewhere.
        """
        known = self._catalogue.get(video)
        return known is not None and (known.changed_at_s is None or stat.ctime_ns > known.changed_at_s * 1e9)
