"""What lies in the inboxes, byte by byte and time by time: taken before a case, held against what is there after it."""

from __future__ import annotations

import hashlib
import os
import stat
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from pathlib import Path

HASHED_MIB = 64
"""What is larger is sparse here; its extents are hashed, for its zeros would take seconds."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One file or directory; `content` is the SHA-256 of a regular file's bytes, or a link's target."""

    mode: int
    owner: tuple[int, int]
    inode: tuple[int, int]
    size: int
    mtime_ns: int
    ctime_ns: int
    content: str = ""

    @property
    def is_regular(self) -> bool:
        return stat.S_ISREG(self.mode)


Sources = Mapping[bytes, Entry]
"""By absolute path."""


def snapshot(inboxes: Sequence[Path]) -> Sources:
    """Read everything below the inboxes, and the inboxes themselves; nothing is changed, access times apart.

    Only for somebody who may read everything, or where everything may be read.
    """
    return {path: _entry(path) for inbox in inboxes for path in _paths(os.fsencode(inbox))}


def differences(before: Sources, after: Sources) -> list[str]:
    """Say what has changed between two snapshots, a line for each path."""
    lines = [f"{os.fsdecode(path)!r} has gone" for path in before.keys() - after.keys()]
    lines += [f"{os.fsdecode(path)!r} was not there before" for path in after.keys() - before.keys()]
    for path in before.keys() & after.keys():
        was, now = before[path], after[path]
        changed = [f.name for f in fields(Entry) if getattr(was, f.name) != getattr(now, f.name)]
        if changed:
            lines.append(f"{os.fsdecode(path)!r} has another {', '.join(changed)}")
    return sorted(lines)


def _paths(top: bytes) -> Iterator[bytes]:
    yield top
    for root, folders, files in os.walk(top):
        for name in (*folders, *files):
            yield root + b"/" + name


def _entry(path: bytes) -> Entry:
    status = os.lstat(path)
    content = ""
    if stat.S_ISLNK(status.st_mode):
        content = os.fsdecode(os.readlink(path))  # noqa: PTH115 - as below
    elif stat.S_ISREG(status.st_mode):
        content = _sha256(path) if status.st_size <= HASHED_MIB << 20 else _extents(path, status.st_size)
    return Entry(
        status.st_mode,
        (status.st_uid, status.st_gid),
        (status.st_dev, status.st_ino),
        # A directory's size is the file system's affair.
        0 if stat.S_ISDIR(status.st_mode) else status.st_size,
        status.st_mtime_ns,
        status.st_ctime_ns,
        content,
    )


def _sha256(path: bytes) -> str:
    with open(path, "rb") as file:  # noqa: PTH123 - names that are not UTF-8
        return hashlib.file_digest(file, "sha256").hexdigest()


def _extents(path: bytes, size: int) -> str:
    """Hash where the data lies and what it is; not the SHA-256 of the file, and marked so."""
    digest, end = hashlib.sha256(), 0
    with open(path, "rb", buffering=0) as file:  # noqa: PTH123 - as above
        while end < size:
            try:
                start = os.lseek(file.fileno(), end, os.SEEK_DATA)
            except OSError:
                break
            end = os.lseek(file.fileno(), start, os.SEEK_HOLE)
            digest.update(b"%d %d " % (start, end))
            file.seek(start)
            digest.update(file.read(end - start))
    return f"extents {digest.hexdigest()}"
