"""The gate that closes when the host cannot take documents (disk full, read-only) and opens when it can again."""

from __future__ import annotations

import os
from collections.abc import Callable

from service.clock import Clock

RECHECK_S = 5.0
PROBE_BYTES = 64 * 1024
"""Large enough to be refused by a quota that is used up, small enough to be written every few seconds."""


class DiskGate:
    """Says whether work may go on; closed by an environment fault, opened by a probe of the output folder."""

    def __init__(self, output_root: bytes, *, low_water_mib: int, clock: Clock) -> None:
        self._root = output_root
        self._low_water_bytes = low_water_mib * 2**20
        self._clock = clock
        self._closed_because: str | None = None
        self._next_check_s = 0.0

    @property
    def closed_because(self) -> str | None:
        """The fault that closed the gate, or None."""
        return self._closed_because

    def close(self, reason: str) -> bool:
        """Close the gate; True when it was open before."""
        was_open = self._closed_because is None
        self._closed_because = reason
        self._next_check_s = self._clock.monotonic() + RECHECK_S
        return was_open

    def try_open(self) -> bool:
        """Open the gate if the fault has passed; True when it has just been opened. Cheap between checks."""
        if self._closed_because is None or self._clock.monotonic() < self._next_check_s:
            return False
        self._next_check_s = self._clock.monotonic() + RECHECK_S
        if fault(self._root, self._low_water_bytes) is not None:
            return False
        self._closed_because = None
        return True


def fault(
    root: bytes, low_water_bytes: int, *, statvfs: Callable[[bytes], os.statvfs_result] = os.statvfs
) -> str | None:
    """Return what keeps `root` from taking documents, or None: too little free space, or a write that fails."""
    probe = os.path.join(root, b".reelwatch-probe")  # noqa: PTH118 - bytes paths
    try:
        stat = statvfs(root)
        if stat.f_bavail * stat.f_frsize < low_water_bytes:
            return "disk_full"
        descriptor = os.open(probe, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            os.write(descriptor, bytes(PROBE_BYTES))
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
            os.unlink(probe)  # noqa: PTH108 - bytes paths
    except OSError as exc:
        return f"unwritable: {exc.strerror}"
    return None
