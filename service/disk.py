"""The gate that closes when the host cannot take documents (disk full, read-only) and opens when it can again."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace

from service.clock import Clock
from service.ledger.values import WorkPause

RECHECK_S = 5.0
PROBE_BYTES = 64 * 1024
"""Large enough to be refused by a quota that is used up, small enough to be written every few seconds."""


DISK_FULL = "disk_full"

_REMEDIES = {
    DISK_FULL: "free space on its disk: work goes on by itself once {low_water_mib} MiB are free (disk.low_water_mib)",
    "quota_exceeded": "free space there, or raise the quota",
    "read_only": "mount it for writing",
    "not_writable": "give the service's user the right to write there",
    "output_gone": "create it, or mount what is missing",
    "io_error": "look at the disk: the kernel's log says more",
    "too_many_files": "raise the limit of open files",
}
_REMEDY = "free space on its disk, or make it writable"


class DiskGate:
    """Says whether work may go on; closed by an environment fault, opened by a probe of the output folder.

    Whatever it does is logged, and noted with `note`, from where other processes read it.
    """

    def __init__(
        self,
        output_root: bytes,
        *,
        low_water_mib: int,
        clock: Clock,
        emit: Callable[..., None],
        note: Callable[[WorkPause | None], None],
    ) -> None:
        self._root = output_root
        self._low_water_mib = low_water_mib
        self._clock = clock
        self._emit = emit
        self._note = note
        self._pause: WorkPause | None = None
        self._closed_s = self._next_check_s = 0.0

    @property
    def pause(self) -> WorkPause | None:
        """Why the gate is closed, or None."""
        return self._pause

    def close(self, reason: str) -> None:
        """Close the gate, or keep it closed for longer."""
        self._next_check_s = self._clock.monotonic() + RECHECK_S
        if self._pause is None:
            self._closed_s = self._clock.monotonic()
            self._closed(WorkPause(reason, self._root, self._low_water_mib, since=self._clock.wall()))

    def try_open(self) -> bool:
        """Open the gate if the fault has passed; True when it has just been opened. Cheap between checks."""
        if self._pause is None or self._clock.monotonic() < self._next_check_s:
            return False
        self._next_check_s = self._clock.monotonic() + RECHECK_S
        found = fault(self._root, self._low_water_mib * 2**20)
        if found is not None:
            if found == DISK_FULL != self._pause.reason:
                # Another fault closed it, and once that has passed the remedy is another one too.
                self._closed(replace(self._pause, reason=DISK_FULL))
            return False
        self._pause = None
        self._note(None)
        seconds = round(self._clock.monotonic() - self._closed_s, 1)
        self._emit("work.resumed", seconds=seconds, **_free(self._root))
        return True

    def _closed(self, pause: WorkPause) -> None:
        self._pause = pause
        self._note(pause)
        self._emit(
            "work.paused",
            reason=pause.reason,
            path=pause.output_root,
            low_water_mib=pause.low_water_mib,
            remedy=remedy(pause),
            **_free(pause.output_root),
        )


def remedy(pause: WorkPause) -> str:
    """Say what would end a pause."""
    return _REMEDIES.get(pause.reason, _REMEDY).format(low_water_mib=pause.low_water_mib)


def free_mib(path: bytes) -> int | None:
    """Return the free space where `path` is, in MiB; None when it cannot be told."""
    try:
        stat = os.statvfs(path)
    except OSError:
        return None
    return stat.f_bavail * stat.f_frsize // 2**20


def _free(root: bytes) -> dict[str, int]:
    free = free_mib(root)
    return {} if free is None else {"free_mib": free}


def fault(
    root: bytes, low_water_bytes: int, *, statvfs: Callable[[bytes], os.statvfs_result] = os.statvfs
) -> str | None:
    """Return what keeps `root` from taking documents, or None: too little free space, or a write that fails."""
    probe = os.path.join(root, b".reelwatch-probe")  # noqa: PTH118 - bytes paths
    try:
        stat = statvfs(root)
        if stat.f_bavail * stat.f_frsize < low_water_bytes:
            return DISK_FULL
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
