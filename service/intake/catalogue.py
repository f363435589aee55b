"""What intake remembers of files that are taken, so that a sweep over known ones opens nothing.

The ledger is the truth; this is its shadow in memory, small: one record for each path, two indexes.
"""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from service.intake.ports import Generation, KnownFile, Location
from service.intake.probe import FileStat
from service.ledger.states import SETTLING, State

_VANISHING = SETTLING | {State.QUEUED}


@dataclass(frozen=True, slots=True)
class Known:
    """The ledger's latest word about one path, as far as intake was told; `head_tail` only since it was taken here."""

    device: int
    inode: int
    size: int
    mtime_ns: int
    state: State
    changed_at_s: float | None = None
    head_tail: str | None = None

    @property
    def taken(self) -> bool:
        """Whether the content was handed over: it is queued, running or has ended."""
        return self.state not in SETTLING and self.state is not State.GONE

    def is_content_of(self, stat: FileStat) -> bool:
        """Whether the file is the one recorded; mtime decides, since a change of mode or owner is no change."""
        return self.is_body_of(stat) and self.mtime_ns == stat.mtime_ns

    def may_be(self, generation: Generation) -> bool:
        """Whether, as far as is known, only times differ."""
        body = (self.device, self.inode, self.size) == (generation.device, generation.inode, generation.size)
        return body and self.head_tail in {None, generation.head_tail}

    def is_body_of(self, stat: FileStat) -> bool:
        """Whether device, inode and size are those recorded."""
        return (self.device, self.inode, self.size) == (stat.device, stat.inode, stat.size)


def split(path: bytes) -> tuple[bytes, bytes]:
    """Return (directory, name) of a relative path; the directory of a file right below the root is empty."""
    directory, _, name = path.rpartition(b"/")
    return directory, name


@contextmanager
def collector_paused() -> Iterator[None]:
    """Keep the cyclic collector from walking what is being built again and again: a third of a large start."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


class Catalogue:
    """Known files by path, by inode, and by the directory in which they are expected."""

    def __init__(self) -> None:
        self._known: dict[Location, Known] = {}
        self._taken: dict[Location, tuple[int, int, int, int]] = {}
        self._by_inode: dict[tuple[int, int], Location] = {}
        self._expected: dict[Location, set[bytes]] = {}

    def load(self, rows: Iterable[KnownFile]) -> None:
        """Take in what the ledger holds; what may vanish is expected to be there."""
        for row in rows:
            location = (row.root, row.path)
            self._put(location, Known(row.device, row.inode, row.size, row.mtime_ns, row.state, row.changed_at_s))
            if row.state in _VANISHING:
                self.expect(location)

    def take(self, location: Location, generation: Generation, state: State, *, at_s: float) -> None:
        """Remember that a generation was handed over at `at_s`, wall-clock seconds."""
        body = (generation.device, generation.inode, generation.size, generation.mtime_ns)
        self._put(location, Known(*body, state, at_s, generation.head_tail))

    def get(self, location: Location) -> Known | None:
        """Return what is known of a path."""
        return self._known.get(location)

    def holds(self, location: Location, stat: FileStat) -> bool:
        """Tell whether the file at a path was taken as it is now; what a sweep asks of every file there is."""
        return self._taken.get(location) == stat.content

    def forget(self, location: Location) -> None:
        """Remember nothing of a path any more."""
        self._taken.pop(location, None)
        known = self._known.pop(location, None)
        if known is not None and self._by_inode.get((known.device, known.inode)) == location:
            del self._by_inode[(known.device, known.inode)]
        self.unexpect(location)

    def give_back(self, location: Location) -> None:
        """Remember that what was handed over is no longer being worked on; a file renamed meanwhile is still known."""
        self._taken.pop(location, None)
        known = self._known.get(location)
        if known is not None:
            self._known[location] = replace(known, state=State.GONE)
        self.unexpect(location)

    def note_inode(self, location: Location, stat: FileStat) -> None:
        """Remember where an inode was seen last."""
        self._by_inode[(stat.device, stat.inode)] = location

    def forget_inode(self, location: Location, stat: FileStat) -> None:
        """Remember an inode no longer, if this is where it was seen last."""
        if self._by_inode.get((stat.device, stat.inode)) == location:
            del self._by_inode[(stat.device, stat.inode)]

    def location_of(self, stat: FileStat) -> Location | None:
        """Return the path at which an inode was seen last."""
        return self._by_inode.get((stat.device, stat.inode))

    def devices(self, root: bytes) -> frozenset[int]:
        """Return the devices on which the known files of a root lie."""
        return frozenset(known.device for (of, _), known in self._known.items() if of == root)

    def expect(self, location: Location) -> None:
        """Remember that a file is there, so that its absence is noticed."""
        root, path = location
        directory, name = split(path)
        self._expected.setdefault((root, directory), set()).add(name)

    def unexpect(self, location: Location) -> None:
        """Remember that a file is not there."""
        root, path = location
        directory, name = split(path)
        names = self._expected.get((root, directory))
        if names is not None:
            names.discard(name)
            if not names:
                del self._expected[(root, directory)]

    def expected_in(self, root: bytes, directory: bytes) -> frozenset[bytes]:
        """Return the names of the files that should be in a directory."""
        return frozenset(self._expected.get((root, directory), ()))

    def directories(self, root: bytes) -> list[bytes]:
        """Return the directories of a root in which files are expected."""
        return [directory for of, directory in self._expected if of == root]

    def forget_expectations(self, root: bytes, directory: bytes | None = None) -> None:
        """Expect nothing any more in one directory, or under the whole root: another folder stands in its place."""
        for key in [key for key in self._expected if key[0] == root and directory in {None, key[1]}]:
            del self._expected[key]

    def _put(self, location: Location, known: Known) -> None:
        self._known[location] = known
        if known.taken:
            self._taken[location] = (known.device, known.inode, known.size, known.mtime_ns)
        else:
            self._taken.pop(location, None)
        self._by_inode[(known.device, known.inode)] = location
