"""Opening what lies beneath a root, without following a link on the way."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator


@contextlib.contextmanager
def opened_beneath(root: bytes, path: bytes, *, flags: int) -> Iterator[int]:
    """Open `root`/`path` and yield the descriptor; no component below the root may be a symbolic link.

    Component by component through directory descriptors, so that a directory swapped for a link between the scan and
    the open leads nowhere else. `O_NONBLOCK` keeps a fifo from hanging us. The root itself may be a link: it is the
    user's choice. Raises OSError; ELOOP and ENOTDIR mean that a link or something else stands where it should not.
    """
    descriptor = os.open(root, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        *parents, last = path.split(b"/") if path else (b".",)
        for name in parents:
            below = os.open(name, os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=descriptor)
            os.close(descriptor)
            descriptor = below
        found = os.open(last, flags | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=descriptor)
    finally:
        os.close(descriptor)
    try:
        yield found
    finally:
        os.close(found)
