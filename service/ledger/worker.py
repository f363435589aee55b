"""Who claims: a process, told from every other one of this host, before and after a reboot."""

from __future__ import annotations

import os
from pathlib import Path

_PROC = Path("/proc")
_START_TIME = 22
"""Field of /proc/PID/stat, proc(5); the fields are counted from 1, the name before the third may hold anything."""


def this_process() -> str:
    """Return `<boot id>:<pid>:<start>` of this process; start is in clock ticks since boot."""
    return f"{_boot_id()}:{os.getpid()}:{_started(os.getpid())}"


def is_alive(worker: str) -> bool:
    """Say whether the process still runs: same boot, same number, same start."""
    boot_id, _, rest = worker.partition(":")
    pid, _, started = rest.partition(":")
    return boot_id == _boot_id() and pid.isdecimal() and started == _started(int(pid))


def _boot_id() -> str:
    return (_PROC / "sys/kernel/random/boot_id").read_text(encoding="ascii").strip()


def _started(pid: int) -> str | None:
    try:
        stat = (_PROC / str(pid) / "stat").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return None
    after_name = stat.rpartition(b")")[2].split()
    return after_name[_START_TIME - 3].decode("ascii")
