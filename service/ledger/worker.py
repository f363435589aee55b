"""Who claims: a process, told from every other one, of this host or another, before and after a reboot."""

from __future__ import annotations

import hashlib
import os
import socket
from functools import cache
from pathlib import Path

_PROC = Path("/proc")
_MACHINE_ID = Path("/etc/machine-id")
_START_TIME = 22
"""Field of /proc/PID/stat, proc(5); the fields are counted from 1, the name before the third may hold anything."""


def this_process() -> str:
    """Return `<host>/<boot id>:<pid>:<start>` of this process; start is in clock ticks since boot."""
    return f"{of_this_host()}{_boot_id()}:{os.getpid()}:{_started(os.getpid())}"


@cache
def of_this_host() -> str:
    """Return what every process of this host is spelled with at its beginning, after a reboot as before.

    It stands for the machine id, which is not to be seen elsewhere (machine-id(5)), or the host's name without one.
    """
    try:
        name = _MACHINE_ID.read_text(encoding="ascii").strip()
    except (OSError, UnicodeDecodeError):
        name = ""
    return hashlib.sha256(f"reelwatch {name or socket.gethostname()}".encode()).hexdigest()[:16] + "/"


def is_alive(worker: str) -> bool:
    """Say whether a process of this host still runs: same boot, same number, same start."""
    boot_id, _, rest = worker.rpartition("/")[2].partition(":")
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
