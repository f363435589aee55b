"""The pinned file: opened once, compared with the claimed generation, hashed, read, and compared again."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager

from actors.backend import SourceRef
from actors.errors import ActorError, BadInput, EnvironmentFault, SourceChanged, Transient
from actors.faults import shortage
from actors.fingerprint import head_tail

_OPEN_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
"""O_NONBLOCK: a FIFO that took the name must not hang the actor; regular files do not notice."""


class PinnedFiles:
    """Descriptors that identification leaves open for the decode that follows; the oldest is closed when full.

    Pinning means that what is decoded is what was hashed, whatever happens to the name in between.
    """

    def __init__(self, capacity: int = 8) -> None:
        self._capacity = capacity
        self._held: OrderedDict[SourceRef, int] = OrderedDict()

    def pin(self, ref: SourceRef, fd: int) -> None:
        """Take over `fd`, replacing an earlier descriptor of the same generation."""
        self.drop(ref)
        self._held[ref] = fd
        while len(self._held) > self._capacity:
            _, oldest = self._held.popitem(last=False)
            os.close(oldest)

    def take(self, ref: SourceRef) -> int | None:
        """Hand the descriptor of this generation back to the caller, who closes it; None when there is none."""
        return self._held.pop(ref, None)

    def drop(self, ref: SourceRef) -> None:
        """Close the descriptor of this generation, if any."""
        fd = self.take(ref)
        if fd is not None:
            os.close(fd)

    def close(self) -> None:
        """Close all."""
        for ref in list(self._held):
            self.drop(ref)

    def __len__(self) -> int:
        return len(self._held)


def open_source(ref: SourceRef) -> int:
    """Return a descriptor of the claimed generation; the caller closes it.

    Raises `BadInput` (`unreadable`, `symbolic_link`, `not_a_file`, `empty`), `SourceChanged` (`missing`, `changed`),
    `EnvironmentFault` (`too_many_files`), `Transient` (`read_error`).
    """
    try:
        fd = os.open(ref.path, _OPEN_FLAGS)
    except OSError as exc:
        raise _open_error(exc, ref) from exc
    try:
        _check_kind(fd, ref)
        verify(fd, ref)
        _check_content(ref)
    except BaseException:
        os.close(fd)
        raise
    return fd


def verify(fd: int, ref: SourceRef, *, sha256: str | None = None) -> None:
    """Raise `SourceChanged("changed")` unless the descriptor still shows the claimed generation.

    Of a file whose time alone has changed the content decides: scanners and indexers touch what they look at, some of
    them all the time. sha256: the first hex digits of what was identified, then the whole file must still have them;
    None asks only for the fingerprint of its ends.
    """
    now = os.fstat(fd)
    if (now.st_dev, now.st_ino, now.st_size) == (ref.device, ref.inode, ref.size):
        if now.st_mtime_ns == ref.mtime_ns:
            return
        if sha256 is None and ref.head_tail and _ends(fd, ref) == ref.head_tail:
            return
        if sha256 is not None and sha256_of(fd, ref).startswith(sha256):
            return
    raise SourceChanged(
        "changed",
        f"{_shown(ref)}: the file changed after it was claimed (was {ref.size} bytes, is {now.st_size}); "
        "its new content is taken as new work",
    )


def _ends(fd: int, ref: SourceRef) -> str:
    with reading(ref):
        return head_tail(fd, size=ref.size)


def sha256_of(fd: int, ref: SourceRef) -> str:
    """Return the SHA-256 of the whole file in hex; raises what `reading` does."""
    with reading(ref), os.fdopen(os.dup(fd), "rb", buffering=0) as file:
        file.seek(0)
        return hashlib.file_digest(file, "sha256").hexdigest()


@contextmanager
def reading(ref: SourceRef) -> Iterator[None]:
    """Translate an OSError into `Transient("read_error")`, or `EnvironmentFault("too_many_files")` where that is it."""
    try:
        yield
    except OSError as exc:
        why = os.strerror(exc.errno or errno.EIO)
        raise _no_descriptor(exc) or Transient("read_error", f"{_shown(ref)}: reading failed: {why}") from exc


class DescriptorReader:
    """The file as PyAV reads it: a position of its own over `fd`, never past the claimed size.

    It carries no name: FFmpeg would guess the format from it, and treats names as URLs.
    """

    def __init__(self, fd: int, size: int) -> None:
        self._fd = fd
        self._size = size
        self._position = 0

    def read(self, count: int) -> bytes:
        """Return up to `count` bytes; empty at the end."""
        data = os.pread(self._fd, max(0, min(count, self._size - self._position)), self._position)
        self._position += len(data)
        return data

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Move and return the position; a target before the start is AVERROR(EINVAL), which PyAV passes on."""
        base = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self._size}[whence]
        if base + offset < 0:
            return -errno.EINVAL
        self._position = base + offset
        return self._position

    def tell(self) -> int:
        """Return the position."""
        return self._position

    def seekable(self) -> bool:
        """Say that the file can be read out of order."""
        return True


def _check_kind(fd: int, ref: SourceRef) -> None:
    mode = os.fstat(fd).st_mode
    if not stat.S_ISREG(mode):
        what = "a directory" if stat.S_ISDIR(mode) else "not a regular file"
        raise BadInput("not_a_file", f"{_shown(ref)} is {what}")


def _check_content(ref: SourceRef) -> None:
    if ref.size == 0:
        raise BadInput("empty", f"{_shown(ref)} holds no bytes")


def _open_error(exc: OSError, ref: SourceRef) -> ActorError:
    if exc.errno in {errno.ENOENT, errno.ENOTDIR}:
        return SourceChanged("missing", f"{_shown(ref)} is gone")
    if exc.errno in {errno.EACCES, errno.EPERM}:
        return BadInput("unreadable", f"{_shown(ref)} may not be read by this user; grant read permission")
    if exc.errno == errno.ELOOP:
        return BadInput("symbolic_link", f"{_shown(ref)} is a symbolic link; only files themselves are read")
    if exc.errno == errno.ENXIO:
        return BadInput("not_a_file", f"{_shown(ref)} is not a regular file")
    return _no_descriptor(exc) or Transient("read_error", f"{_shown(ref)} cannot be opened: {exc.strerror}")


def _no_descriptor(exc: OSError) -> EnvironmentFault | None:
    # EAGAIN is none here: a non-blocking open meets it where smbd holds a lease on the file (open(2): EWOULDBLOCK).
    return shortage(exc) if exc.errno in {errno.EMFILE, errno.ENFILE} else None


def _shown(ref: SourceRef) -> str:
    """Return the path for people: bytes that are not UTF-8 as backslash escapes."""
    return ref.path.decode("utf-8", "backslashreplace")
