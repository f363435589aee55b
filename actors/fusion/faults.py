"""What an operating system's refusal means for the work: the host's fault, the name's, or one that may pass."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager

from actors.errors import ActorError, BadInput, EnvironmentFault, Transient
from actors.faults import SHORTAGES

_HOST = SHORTAGES | {
    errno.EIO: ("io_error", "look at the disk: the kernel's log says more"),
    errno.EACCES: ("not_writable", "give the service's user the right to write there"),
    errno.EPERM: ("not_writable", "give the service's user the right to write there"),
    errno.ENOENT: ("output_gone", "create it, or mount what is missing"),
    errno.ENODEV: ("output_gone", "mount what is missing"),
    errno.ENXIO: ("output_gone", "mount what is missing"),
    errno.ESTALE: ("output_gone", "mount the share again"),
    errno.ENOTCONN: ("output_gone", "mount the share again"),
    errno.EHOSTDOWN: ("output_gone", "wait for the server, or mount the share again"),
    errno.ETIMEDOUT: ("output_gone", "wait for the server, or mount the share again"),
}
"""Refusals that would meet every video alike, with what a person can do."""

_IN_THE_WAY = {errno.ELOOP, errno.ENOTDIR, errno.EISDIR, errno.EEXIST, errno.ENOTEMPTY}


@contextmanager
def translated(output_root: bytes, name: str) -> Iterator[None]:
    """Turn an `OSError` of the block into one of `actors.errors`, with a message for people."""
    try:
        yield
    except OSError as exc:
        raise fault(exc, output_root, name) from exc


def fault(exc: OSError, output_root: bytes, name: str) -> ActorError:
    """Return the error that says what this refusal means."""
    root = os.fsdecode(output_root)
    what = f"{root}: {name}.json cannot be written ({exc.strerror})"
    if exc.errno in _HOST:
        reason, remedy = _HOST[exc.errno]
        return EnvironmentFault(reason, f"{what}; {remedy}")
    if exc.errno in _IN_THE_WAY:
        return Transient("output_blocked", f"{what}; move away the file or symbolic link that lies in the way")
    if exc.errno == errno.ENAMETOOLONG:
        return BadInput("name_too_long", f"{what}; give the video a shorter name")
    return Transient("write_failed", what)
