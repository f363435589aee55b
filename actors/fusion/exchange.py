"""Swapping two directories in one step, where the system can."""

from __future__ import annotations

import ctypes
import errno
import os
from functools import cache

_RENAME_EXCHANGE = 2
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
    function = _renameat2()
    if function is None:
        return False
    arguments = (ctypes.c_int(dir_fd), first, ctypes.c_int(dir_fd), second, ctypes.c_uint(_RENAME_EXCHANGE))
    if function(*arguments) == 0:
        return True
    number = ctypes.get_errno()
    if number in _UNSUPPORTED:
        return False
    raise OSError(number, os.strerror(number), first)
