"""What rename(2) cannot do: swapping two names in one step, and taking a new name without overwriting it."""

from __future__ import annotations

import ctypes
import errno
import os
from functools import cache

_RENAME_NOREPLACE, _RENAME_EXCHANGE = 1, 2
"""From <linux/fs.h>."""

# What file systems without the flag answer: NFS and FUSE EINVAL, old kernels ENOSYS, some stacked ones EOPNOTSUPP.
_UNSUPPORTED = {errno.EINVAL, errno.ENOSYS, errno.EOPNOTSUPP}


@cache
def _renameat2() -> ctypes._NamedFuncPointer | None:
    """Return glibc's wrapper (2.28 or later, musl 1.2.5 or later), or None."""
    return getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)


def exchange(first: bytes, second: bytes, *, dir_fd: int) -> bool:
    """Swap two names of one directory atomically (renameat2(2)); return False where that is not supported.

    Raises `OSError` as os.rename does.
    """
    return _renamed(first, second, dir_fd, dir_fd, _RENAME_EXCHANGE)


def rename_new(source: bytes, target: bytes, *, source_fd: int, target_fd: int) -> None:
    """Rename, but never onto something: raises `FileExistsError` then, and other `OSError` as os.rename does.

    Where the file system does not know how (NFS, some FUSE), by a second link and the removal of the first: a crash
    between leaves both names, never none.
    """
    if not _renamed(source, target, source_fd, target_fd, _RENAME_NOREPLACE):
        os.link(source, target, src_dir_fd=source_fd, dst_dir_fd=target_fd, follow_symlinks=False)
        os.unlink(source, dir_fd=source_fd)


def _renamed(first: bytes, second: bytes, first_fd: int, second_fd: int, flag: int) -> bool:
    """Call renameat2(2); return False where it, or the flag, is not supported."""
    function = _renameat2()
    if function is None:
        return False
    if function(ctypes.c_int(first_fd), first, ctypes.c_int(second_fd), second, ctypes.c_uint(flag)) == 0:
        return True
    number = ctypes.get_errno()
    if number in _UNSUPPORTED:
        return False
    raise OSError(number, os.strerror(number), first)
