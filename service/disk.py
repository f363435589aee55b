"""The gate that closes when the host cannot take documents (disk full, read-only) and opens when it can again."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

from service.clock import Clock
from service.ledger.errors import LedgerError
from service.ledger.values import WorkPause

RECHECK_S = 5.0
LONGEST_RECHECK_S = 60.0
FALSE_HOPE_S = 60.0
"""A fault that is back so soon had not passed: the next look comes later than the one before."""
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
    "too_many_files": "raise the limit of open files (LimitNOFILE= of the unit, ulimit -n)",
    "no_processes": "raise the limit of processes and threads (TasksMax= of the unit, ulimit -u), or free memory",
    "server_unreachable": "start the database server, mend the way to it, or correct state.ledger",
    "server_disk_full": "free space on the database server's disk",
    "server_read_only": "have the database server take writes: it is a standby, or default_transaction_read_only is on",
    "server_busy": "raise the database server's max_connections, or its statement_timeout for this user",
    "server_out_of_memory": "free memory on the database server",
    "server_io_error": "look at the database server's disk and log",
    "out_of_memory": "free memory, or give the service more (MemoryMax= of the unit)",
}
_REMEDY = "free space on its disk, or make it writable"


class DiskGate:
    """Says whether work may go on; closed by an environment fault or a disk that fills, opened when that has passed.

    others: further folders (the state) whose disks must not fill. Whatever it does is logged, and noted with `note`,
    from where other processes read it; a ledger that cannot take the note gets it later.
    """

    def __init__(
        self,
        output_root: bytes,
        *,
        low_water_mib: int,
        clock: Clock,
        emit: Callable[..., None],
        note: Callable[[WorkPause | None], None],
        others: tuple[bytes, ...] = (),
    ) -> None:
        self._root = output_root
        self._roots = (output_root, *others)
        self.low_water_mib = low_water_mib
        self._clock = clock
        self._emit = emit
        self._note = note
        self._noted = True
        self._pause: WorkPause | None = None
        self._closed_s = self._next_check_s = 0.0
        self._opened_s = -FALSE_HOPE_S
        self._recheck_s = RECHECK_S

    @property
    def pause(self) -> WorkPause | None:
        """Why the gate is closed, or None."""
        return self._pause

    def close(self, reason: str, *, detail: str | None = None) -> None:
        """Close the gate because of a fault that work met, or keep it closed for longer."""
        now_s = self._clock.monotonic()
        if self._pause is None:
            self._closed_s = now_s
            again = now_s - self._opened_s < FALSE_HOPE_S
            self._recheck_s = min(2 * self._recheck_s, LONGEST_RECHECK_S) if again else RECHECK_S
            self._closed(WorkPause(reason, self._root, self.low_water_mib, since=self._clock.wall()), detail=detail)
        self._next_check_s = now_s + self._recheck_s

    def look(self) -> None:
        """Open the gate if the fault has passed, close it if a disk has filled. Cheap between checks."""
        if self._pause is not None:
            self.try_open()
        elif self._clock.monotonic() >= self._next_check_s:
            self._next_check_s = self._clock.monotonic() + RECHECK_S
            self._write_down()
            full = self._full()
            if full is not None:
                self._closed_s, self._recheck_s = self._clock.monotonic(), RECHECK_S
                self._closed(WorkPause(DISK_FULL, full, self.low_water_mib, since=self._clock.wall()))

    def try_open(self) -> bool:
        """Open the gate if the fault has passed; True when it has just been opened. Cheap between checks."""
        if self._pause is None or self._clock.monotonic() < self._next_check_s:
            return False
        self._next_check_s = self._clock.monotonic() + self._recheck_s
        self._write_down()
        found, full = fault(self._pause.output_root, self.low_water_mib * 2**20), self._full()
        if found is not None or full is not None:
            if full is not None and self._pause.reason != DISK_FULL:
                # Another fault closed it, and once that has passed the remedy is another one too.
                self._closed(replace(self._pause, reason=DISK_FULL, output_root=full))
            return False
        root, self._pause = self._pause.output_root, None
        self._opened_s = self._clock.monotonic()
        self._noted = False
        self._write_down()
        self._emit("work.resumed", seconds=round(self._opened_s - self._closed_s, 1), **_free(root))
        return True

    def _full(self) -> bytes | None:
        """Return the first folder whose disk has less free space than it should."""
        low_water_bytes = self.low_water_mib * 2**20
        return next((root for root in self._roots if _lacks_space(root, low_water_bytes)), None)

    def _write_down(self) -> None:
        """Note the pause, or its end; the state's disk may be the full one, and then it is tried again."""
        if not self._noted:
            with suppress(LedgerError):
                self._note(self._pause)
                self._noted = True

    def _closed(self, pause: WorkPause, *, detail: str | None = None) -> None:
        self._pause, self._noted = pause, False
        self._emit(
            "work.paused",
            reason=pause.reason,
            path=pause.output_root,
            low_water_mib=pause.low_water_mib,
            remedy=remedy(pause),
            **({"detail": detail} if detail else {}),
            **_free(pause.output_root),
        )
        self._write_down()


def remedy(pause: WorkPause) -> str:
    """Say what would end a pause."""
    return _REMEDIES.get(pause.reason, _REMEDY).format(low_water_mib=pause.low_water_mib)


def free_bytes(path: bytes) -> int | None:
    """Return the free space where `path` is; None when it cannot be told."""
    try:
        stat = os.statvfs(path)
    except OSError:
        return None
    return stat.f_bavail * stat.f_frsize


def free_mib(path: bytes) -> int | None:
    """Return the free space where `path` is, in MiB; None when it cannot be told."""
    free = free_bytes(path)
    return None if free is None else free // 2**20


def _free(root: bytes) -> dict[str, int]:
    free = free_mib(root)
    return {} if free is None else {"free_mib": free}


def fault(
    root: bytes, low_water_bytes: int, *, statvfs: Callable[[bytes], os.statvfs_result] = os.statvfs
) -> str | None:
    """Return what keeps `root` from taking documents, or None: too little free space, or a write that fails."""
    probe = os.path.join(root, b".reelwatch-probe")  # noqa: PTH118 - bytes paths
    try:
        if _below(statvfs(root), low_water_bytes):
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


def _below(stat: os.statvfs_result, low_water_bytes: int) -> bool:
    return stat.f_bavail * stat.f_frsize < low_water_bytes


def _lacks_space(root: bytes, low_water_bytes: int) -> bool:
    try:
        return _below(os.statvfs(root), low_water_bytes)
    except OSError:
        return False  # not there: whoever writes there says so
