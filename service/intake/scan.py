"""What lies beneath a root right now: one listing per directory, by scandir and lstat, errors as values.

No link is followed, no directory is entered twice (a bind mount may loop), special files are passed over, nothing is
opened but directories. A directory called `x.mp4` is a directory.
"""

from __future__ import annotations

import os
import stat as stat_module
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from service.intake.beneath import opened_beneath
from service.intake.names import SIDECAR_SUFFIXES, BusySiblings, NamePolicy, is_temporary, sidecar_names
from service.intake.probe import FileStat
from service.intake.tracks import Sibling

Identity = tuple[int, int]
"""(device, inode) of a directory."""
MOST_LEVELS = 256
"""Folders within each other; a deeper tree was made to exhaust somebody's stack, descriptors or lengths of paths."""


class Fence:
    """What is never entered below a root: pruned names anywhere on the way, and the excluded directories.

    A directory that holds the root itself keeps nothing out: the folder of uploads lies in the state directory.
    """

    def __init__(self, root: bytes, names: NamePolicy, *, excluded: Collection[bytes] = ()) -> None:
        self._root = root.rstrip(b"/")
        self._names = names
        everywhere = {*excluded, *(os.path.realpath(directory) for directory in excluded)}
        self._excluded = frozenset(kept for kept in everywhere if not _holds(kept, self._root))

    def keeps_out(self, path: bytes) -> bool:
        """Tell whether a directory (relative to the root) lies behind the fence."""
        if any(self._names.is_pruned(name) for name in path.split(b"/") if name):
            return True
        absolute = self._root + b"/" + path
        return any(_holds(kept, absolute) for kept in self._excluded)

    def keeps_out_absolute(self, path: bytes) -> bool:
        """Tell the same of an absolute path below the root."""
        return path != self._root and self.keeps_out(path[len(self._root) + 1 :])


@dataclass(frozen=True, slots=True)
class Sidecar:
    """A file that describes videos beside it; `videos` are their names."""

    stat: FileStat
    videos: tuple[bytes, ...]


@dataclass(slots=True)
class Listing:
    """One directory. Names are relative to it; `path` is relative to the root, empty for the root itself.

    error: why it could not be listed (the system's text), None if it was. gone: it does not exist (any more).
    siblings: for a video's name, the temporary file that holds it busy. sidecars: those that belong to a listed video.
    """

    path: bytes
    device: int = 0
    videos: dict[bytes, FileStat] = field(default_factory=dict)
    siblings: dict[bytes, Sibling] = field(default_factory=dict)
    sidecars: dict[bytes, Sidecar] = field(default_factory=dict)
    directories: list[bytes] = field(default_factory=list)
    error: str | None = None
    gone: bool = False

    def child(self, name: bytes) -> bytes:
        """Return the path, relative to the root, of what is called `name` here."""
        return self.path + b"/" + name if self.path else name


class Scanner:
    """Lists directories of one root. excluded: identities of directories that are never entered."""

    def __init__(self, root: bytes, names: NamePolicy, *, excluded: Collection[Identity] = ()) -> None:
        self._root = root
        self._names = names
        self._excluded = frozenset(excluded)

    def sweep(self, start: bytes = b"") -> Iterator[Listing]:
        """Yield the listing of `start` and of every directory below it that is not pruned; depth costs no stack."""
        seen: set[Identity] = set()
        pending = [start]
        while pending:
            listing = self.list(pending.pop(), seen)
            yield listing
            pending.extend(listing.child(name) for name in listing.directories)

    def list(self, path: bytes, seen: set[Identity] | None = None) -> Listing:
        """Return the listing of one directory; `seen` holds the identities met before, whose listing is empty."""
        listing = Listing(path)
        if path.count(b"/") >= MOST_LEVELS:
            listing.error = f"it lies more than {MOST_LEVELS} folders deep"
            return listing
        try:
            with opened_beneath(self._root, path, flags=os.O_RDONLY | os.O_DIRECTORY) as fd:
                status = os.fstat(fd)
                listing.device = status.st_dev
                identity = (status.st_dev, status.st_ino)
                if identity in self._excluded or (seen is not None and identity in seen):
                    return listing
                if seen is not None:
                    seen.add(identity)
                self._fill(listing, fd)
        except (FileNotFoundError, NotADirectoryError):
            listing.gone = True
        except OSError as error:
            listing.error = os.strerror(error.errno or 0)
        return listing

    def _fill(self, listing: Listing, fd: int) -> None:
        temporary: list[bytes] = []
        others: set[bytes] = set()
        with os.scandir(fd) as entries:
            for entry in entries:
                name = os.fsencode(entry.name)
                if entry.is_dir(follow_symlinks=False):
                    if not self._names.is_pruned(name):
                        listing.directories.append(name)
                elif self._names.is_video(name):
                    stat = _regular(name, fd)
                    if stat is not None:
                        listing.videos[name] = stat
                elif is_temporary(name):
                    temporary.append(name)
                elif name.endswith(SIDECAR_SUFFIXES):
                    others.add(name)
        if listing.videos and temporary:
            _add_siblings(listing, temporary, fd)
        if listing.videos and others:
            _add_sidecars(listing, others, fd)


def _holds(folder: bytes, path: bytes) -> bool:
    return path == folder or path.startswith(folder.rstrip(b"/") + b"/")


def _regular(name: bytes, directory: int) -> FileStat | None:
    """Return the stat of a regular file; None for links, special files and what has just gone."""
    try:
        status = os.stat(name, dir_fd=directory, follow_symlinks=False)
    except FileNotFoundError:
        return None
    return FileStat.of(status) if stat_module.S_ISREG(status.st_mode) else None


def _add_siblings(listing: Listing, temporary: list[bytes], fd: int) -> None:
    busy = BusySiblings(temporary)
    for video in listing.videos:
        name = busy.of(video)
        stat = _regular(name, fd) if name is not None else None
        if name is not None and stat is not None:
            listing.siblings[video] = Sibling(name, stat.size, stat.mtime_ns)


def _add_sidecars(listing: Listing, others: set[bytes], fd: int) -> None:
    described: dict[bytes, list[bytes]] = {}
    for video in listing.videos:
        for name in sidecar_names(video):
            if name in others:
                described.setdefault(name, []).append(video)
    for name, videos in described.items():
        stat = _regular(name, fd)
        if stat is not None:
            listing.sidecars[name] = Sidecar(stat, tuple(videos))


def identities(directories: Collection[bytes]) -> frozenset[Identity]:
    """Return the identities of those of the (absolute) directories that exist; links are followed."""
    found = set()
    for directory in directories:
        try:
            status = Path(os.fsdecode(directory)).stat()
        except OSError:
            continue  # not made yet, or not ours to see: there is nothing of ours in it then
        found.add((status.st_dev, status.st_ino))
    return frozenset(found)
