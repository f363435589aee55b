"""Directories by descriptor: whatever is swapped under our feet, nothing is read or written outside the output."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_BELOW = _DIRECTORY | os.O_NOFOLLOW
_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC  # O_EXCL follows no link either
# O_NONBLOCK: a FIFO in a document's place must not hang the service.
_REGULAR = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC

_NOT_OFFERED = {errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP, errno.EPERM}
"""What a file system answers to a call it does not have, on a descriptor that is ours to use."""


@contextmanager
def opened(path: bytes, *, dir_fd: int | None = None) -> Iterator[int]:
    """Open a directory; below another one a symbolic link is refused (`OSError`, ELOOP or ENOTDIR)."""
    fd = os.open(path, _DIRECTORY if dir_fd is None else _BELOW, dir_fd=dir_fd)
    try:
        yield fd
    finally:
        os.close(fd)


@contextmanager
def descended(root: bytes, parts: Sequence[bytes], *, create_mode: int | None = None) -> Iterator[int]:
    """Open `root/part/part…`, link by link; with `create_mode`, make what is missing and take it back on failure.

    The root itself may be a symbolic link, for it is the user's setting; it is never made, for a root that is missing
    is a mount that is missing.
    """
    if not parts:
        with opened(root) as fd:
            yield fd
        return
    with descended(root, parts[:-1], create_mode=create_mode) as parent:
        made = create_mode is not None and make(parts[-1], dir_fd=parent, mode=create_mode)
        try:
            with opened(parts[-1], dir_fd=parent) as fd:
                yield fd
        except BaseException:
            if made:
                remove_if_empty(parts[-1], dir_fd=parent)
            raise


def make(name: bytes, *, dir_fd: int, mode: int) -> bool:
    """Make a directory that survives a power cut; return False when something of that name is there already."""
    try:
        os.mkdir(name, 0o700, dir_fd=dir_fd)
    except FileExistsError:
        return False
    with opened(name, dir_fd=dir_fd) as fd:
        _set_mode(fd, mode)
    sync(dir_fd)
    return True


def sync(dir_fd: int) -> None:
    """See a directory's names onto the disk; some shares refuse, for they keep none back."""
    try:
        os.fsync(dir_fd)
    except OSError as exc:
        if exc.errno not in _NOT_OFFERED:
            raise


def _set_mode(fd: int, mode: int) -> None:
    try:
        os.fchmod(fd, mode)
    except OSError as exc:
        # FAT and many shares have one mode for all files, set by whoever mounted them.
        if exc.errno not in _NOT_OFFERED:
            raise


def remove_if_empty(name: bytes, *, dir_fd: int) -> None:
    """Remove a directory unless something is in it, or it is none."""
    with suppress(OSError):
        os.rmdir(name, dir_fd=dir_fd)


def names_in(dir_fd: int) -> list[bytes]:
    """Return the names in a directory, sorted."""
    return sorted(os.fsencode(name) for name in os.listdir(dir_fd))


def is_directory(name: bytes, *, dir_fd: int) -> bool:
    """Whether the name is a directory, and no link to one."""
    try:
        return stat.S_ISDIR(os.stat(name, dir_fd=dir_fd, follow_symlinks=False).st_mode)
    except FileNotFoundError:
        return False


def exists(name: bytes, *, dir_fd: int) -> bool:
    """Whether anything has this name, a dangling link included."""
    try:
        os.stat(name, dir_fd=dir_fd, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return True


def remove(name: bytes, *, dir_fd: int) -> None:
    """Remove a file if it is there."""
    with suppress(FileNotFoundError):
        os.unlink(name, dir_fd=dir_fd)


def write_new(name: bytes, content: bytes, *, dir_fd: int, mode: int) -> None:
    """Write a file that must not exist yet, and see it onto the disk."""
    fd = os.open(name, _NEW_FILE, 0o600, dir_fd=dir_fd)
    try:
        rest = memoryview(content)
        while rest:
            rest = rest[os.write(fd, rest) :]
        _set_mode(fd, mode)
        os.fsync(fd)
    finally:
        os.close(fd)


def read_regular(name: bytes, *, dir_fd: int, limit: int) -> bytes | None:
    """Return a file's bytes; None when there is no such file, it is no regular file, or it is longer than `limit`."""
    try:
        fd = os.open(name, _REGULAR, dir_fd=dir_fd)
    except FileNotFoundError:
        return None
    try:
        status = os.fstat(fd)
        if not stat.S_ISREG(status.st_mode) or status.st_size > limit:
            return None
        with os.fdopen(fd, "rb", closefd=False) as file:
            return file.read(limit)
    finally:
        os.close(fd)
