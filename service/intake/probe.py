"""What only an open descriptor tells: who writes, what is unwritten, whether the container is closed (G3, G4, G5)."""

from __future__ import annotations

import bisect
import errno
import fcntl
import os
import signal
import stat as stat_module
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple, Protocol

from actors.fingerprint import head_tail
from service.intake import container
from service.intake.beneath import opened_beneath
from service.intake.structure import Structure

MOST_HOLES = 1024
"""A file with more holes than this in its padding was made to be looked at for long; a recorder leaves one."""


class FileStat(NamedTuple):
    """The part of `stat` that changes when a file does; times in nanoseconds since the epoch.

    A tuple, since a sweep makes one of every file there is, at half of what a dataclass takes.
    """

    device: int
    inode: int
    size: int
    mtime_ns: int
    ctime_ns: int

    @classmethod
    def of(cls, status: os.stat_result) -> FileStat:
        """Take it out of what `os.stat` returned."""
        return cls(status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)

    @property
    def content(self) -> tuple[int, int, int, int]:
        """Device, inode, size and mtime: what a change of mode or owner leaves as it is."""
        return self[:4]

    def same_body(self, other: FileStat) -> bool:
        """Whether device, inode and size are equal: only times differ, if anything."""
        return (self.device, self.inode, self.size) == (other.device, other.inode, other.size)


class Lease(StrEnum):
    """Whether a process on this host has the file open for writing."""

    FREE = "free"
    HELD = "held"
    UNKNOWN = "unknown"


class Trouble(StrEnum):
    """Why a file could not be looked at."""

    GONE = "gone"
    PERMISSION = "permission"
    IO = "io"


@dataclass(frozen=True, slots=True)
class Unread:
    """The file could not be looked at; `error` is the system's own text."""

    trouble: Trouble
    error: str = ""


@dataclass(frozen=True, slots=True)
class Changed:
    """Inode or size were not the expected ones, or did not stay so; `stat` is what the descriptor showed last."""

    stat: FileStat


@dataclass(frozen=True, slots=True)
class HeldOpen:
    """A process has the file open for writing; it was not looked into."""

    stat: FileStat


@dataclass(frozen=True, slots=True)
class Seen:
    """The whole look; `stat` is what the descriptor showed at the end.

    writer_known: nobody on this host has the file open for writing; False where the kernel would not say.
    hole_at: first byte of the first unwritten range; None where there is none or the file system cannot say.
    """

    stat: FileStat
    writer_known: bool
    hole_at: int | None
    structure: Structure
    head_tail: str


Inspection = Unread | Changed | HeldOpen | Seen


class Probe(Protocol):
    """Looks at one file."""

    def inspect(self, root: bytes, path: bytes, *, expected: FileStat) -> Inspection:
        """Open the file read-only, look, and close it; a body other than the expected one ends the look at once."""


class DescriptorProbe:
    """The real probe: everything through one descriptor, nothing kept open, nothing written."""

    def inspect(self, root: bytes, path: bytes, *, expected: FileStat) -> Inspection:
        """See `Probe`."""
        try:
            with opened_beneath(root, path, flags=os.O_RDONLY) as fd:
                return _look(fd, expected)
        except OSError as error:
            return Unread(_trouble(error), os.strerror(error.errno or 0))


def _look(fd: int, expected: FileStat) -> Inspection:
    status = os.fstat(fd)
    before = FileStat.of(status)
    if not stat_module.S_ISREG(status.st_mode):
        return Unread(Trouble.GONE, "not a regular file")
    if not before.same_body(expected):
        return Changed(before)
    lease = probe_lease(fd)
    if lease is Lease.HELD:
        return HeldOpen(before)
    structure = container.examine(fd, size=before.size)
    hole_at = first_hole(fd, size=before.size, padding=structure.padding)
    fingerprint = head_tail(fd, size=before.size)
    after = FileStat.of(os.fstat(fd))
    if not after.same_body(before):
        return Changed(after)
    return Seen(after, lease is Lease.FREE, hole_at, structure, fingerprint)


def _trouble(error: OSError) -> Trouble:
    if error.errno in {errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENXIO}:
        return Trouble.GONE
    if error.errno in {errno.EACCES, errno.EPERM}:
        return Trouble.PERMISSION
    return Trouble.IO


def probe_lease(fd: int) -> Lease:
    """Ask the kernel, by taking and returning a read lease, whether anybody here has the file open for writing.

    `fd` must be open read-only. UNKNOWN: not our file and no CAP_LEASE, or a file system without leases.
    fcntl(2): EAGAIN while a writer exists. A lease held longer would stall writers, so it is returned at once.
    """
    try:
        # A writer that opens the file in this moment breaks the lease, which signals us: by default with SIGIO,
        # whose default action ends the process (measured: exit 157). SIGURG is ignored by default.
        fcntl.fcntl(fd, fcntl.F_SETSIG, signal.SIGURG)
        fcntl.fcntl(fd, fcntl.F_SETLEASE, fcntl.F_RDLCK)
    except OSError as error:
        return Lease.HELD if error.errno == errno.EAGAIN else Lease.UNKNOWN
    fcntl.fcntl(fd, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    return Lease.FREE


def first_hole(fd: int, *, size: int, padding: Sequence[tuple[int, int]] = ()) -> int | None:
    """Return the offset of the first range that reads as zeros because nobody wrote it, or None (lseek(2) SEEK_HOLE).

    padding: [start, end) ranges, in order, in which a hole is none: recorders reserve a `free` box and may not fill it.
    ext4 reports the unwritten tail of a reserved file at the exact byte the writer has reached; `st_blocks` does not.
    """
    end = 0
    try:
        for _ in range(MOST_HOLES):
            offset = os.lseek(fd, end, os.SEEK_HOLE)
            if offset >= size:
                return None
            end = _data_after(fd, offset, size=size)
            if not _within(padding, offset, end):
                return offset
    except OSError as error:
        if error.errno not in {errno.EINVAL, errno.ENXIO, errno.EOPNOTSUPP}:
            raise
        return None
    return offset


def _within(ranges: Sequence[tuple[int, int]], start: int, end: int) -> bool:
    """Whether [start, end) lies in one of the ranges, which come in order."""
    place = bisect.bisect_right(ranges, (start, sys.maxsize)) - 1
    return place >= 0 and end <= ranges[place][1]


def _data_after(fd: int, hole: int, *, size: int) -> int:
    """Return where a hole ends; ENXIO means that it reaches to the end of the file."""
    try:
        return os.lseek(fd, hole, os.SEEK_DATA)
    except OSError as error:
        if error.errno != errno.ENXIO:
            raise
        return size
