"""What an operating system's refusal means wherever it comes up: the host is short of something, whatever the video."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from actors.errors import EnvironmentFault

SHORTAGES = {
    errno.ENOSPC: ("disk_full", "free some space"),
    errno.EDQUOT: ("quota_exceeded", "free some space or raise the quota"),
    errno.EROFS: ("read_only", "mount it for writing"),
    errno.EMFILE: ("too_many_files", "raise the limit of open files"),
    errno.ENFILE: ("too_many_files", "raise the limit of open files"),
    errno.EAGAIN: ("no_processes", "raise the limit of processes and threads"),
    errno.ENOMEM: ("out_of_memory", "free memory"),
}
"""Refusals that would meet every video alike, with what a person can do. EAGAIN, ENOMEM: fork(2), pthread_create(3)."""

_NO_THREAD = "can't start new thread"
"""What CPython makes of EAGAIN from pthread_create(3): a bare RuntimeError."""


def shortage(exc: BaseException) -> EnvironmentFault | None:
    """Return the host's fault behind an exception that nobody has translated yet, None where there is none."""
    number = exc.errno if isinstance(exc, OSError) else None
    if isinstance(exc, RuntimeError) and _NO_THREAD in str(exc):
        number = errno.EAGAIN
    if number not in SHORTAGES:
        return None
    reason, remedy = SHORTAGES[number]
    return EnvironmentFault(reason, f"{exc}; {remedy}")


@contextmanager
def shortages_told() -> Iterator[None]:
    """Turn what the host is short of in the block into `EnvironmentFault`; every other exception goes through."""
    try:
        yield
    except (OSError, RuntimeError) as exc:
        fault = shortage(exc)
        if fault is None:
            raise
        raise fault from exc
