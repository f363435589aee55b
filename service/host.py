"""Leaves the host to others: niceness, class of disk access and cores of this process, which all it starts inherit."""

from __future__ import annotations

import ctypes
import os
import platform
from collections.abc import Callable, Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from service.configuration.host import HostSettings

_IO_CLASSES = {"best-effort": (2, 7), "idle": (3, 0)}
"""Class and level as ioprio_set(2) counts them; 7 is the lowest level of best-effort."""
_IOPRIO_SET = {"x86_64": 251, "aarch64": 30}
"""The number of a system call that the C library has no function for (the kernel's tables of system calls)."""
_WHO_PROCESS, _CLASS_SHIFT = 1, 13
_PER_CORE = 100
_CGROUPS = Path("/sys/fs/cgroup")


class System(Protocol):
    """What the kernel is asked for. Everything but `cpu_quota_percent` raises `OSError` where it is refused."""

    def add_niceness(self, increment: int) -> None:
        """Add to the niceness of this thread and of what it starts from now on."""

    def set_io_class(self, name: str) -> None:
        """Set the class of disk access of this thread and of what it starts from now on."""

    def cores(self) -> frozenset[int]:
        """Return the cores that this thread may run on."""

    def set_cores(self, cores: Collection[int]) -> None:
        """Keep this thread, and what it starts from now on, to these cores."""

    def cpu_quota_percent(self) -> float | None:
        """Return the processor time that a control group above allows, in percent of one core; None: no bound."""


class LinuxSystem:
    """The host this runs on."""

    def add_niceness(self, increment: int) -> None:
        """See `System`."""
        os.nice(increment)

    def set_io_class(self, name: str) -> None:
        """See `System`."""
        number = _IOPRIO_SET.get(platform.machine())
        if number is None:
            raise OSError(f"not known how on {platform.machine()}")
        kind, level = _IO_CLASSES[name]
        libc = ctypes.CDLL(None, use_errno=True)
        if libc.syscall(number, _WHO_PROCESS, 0, kind << _CLASS_SHIFT | level):
            error = ctypes.get_errno()
            raise OSError(error, os.strerror(error))

    def cores(self) -> frozenset[int]:
        """See `System`."""
        return frozenset(os.sched_getaffinity(0))

    def set_cores(self, cores: Collection[int]) -> None:
        """See `System`."""
        os.sched_setaffinity(0, cores)

    def cpu_quota_percent(self) -> float | None:
        """See `System`; cgroup v2, `cpu.max` of the process's group and of every one above it."""
        return group_quota_percent(_own_group(Path("/proc/self/cgroup")), root=_CGROUPS)


@dataclass(frozen=True, slots=True)
class Share:
    """What the service takes of the host, as far as the kernel let it be set.

    cores: how many it may run on. cpu_quota_percent: the bound that a control group sets, None without one.
    refused: (setting, why) of what could not be put in force.
    """

    niceness: int
    io_class: str
    cores: int
    cpu_quota_percent: float | None
    refused: tuple[tuple[str, str], ...] = ()


def take_share(settings: HostSettings, system: System | None = None) -> Share:
    """Put `[host]` in force for this process; before any thread is started, for the kernel counts by thread.

    Nothing is raised: a service that a hardened unit keeps from changing its priority serves all the same, and the
    unit's own `Nice=`, `IOSchedulingClass=` and `CPUQuota=` hold.
    """
    system = system or LinuxSystem()
    refused: list[tuple[str, str]] = []

    def attempt(setting: str, action: Callable[[], None]) -> bool:
        try:
            action()
        except OSError as exc:
            refused.append((setting, exc.strerror or str(exc)))
            return False
        return True

    nice = attempt("niceness", lambda: system.add_niceness(settings.own_niceness))
    classed = settings.io_class != "none" and attempt("io_class", lambda: system.set_io_class(settings.io_class))
    quota = system.cpu_quota_percent()
    wanted = settings.cpu_quota_percent
    if wanted and (quota is None or quota > wanted):
        attempt("cpu_quota_percent", lambda: _keep_to_cores(system, wanted))
    return Share(
        niceness=settings.own_niceness if nice else 0,
        io_class=settings.io_class if classed else "none",
        cores=len(system.cores()),
        cpu_quota_percent=quota,
        refused=tuple(refused),
    )


def _keep_to_cores(system: System, percent: int) -> None:
    """Bound processor time by whole cores, the only bound that a process can set for itself and all its children."""
    cores = sorted(system.cores())
    system.set_cores(cores[: max(1, percent // _PER_CORE)])
    if percent < _PER_CORE:
        raise OSError(f"one whole core is the least that can be set here, not {percent} %: CPUQuota= of systemd can")


def group_quota_percent(group: str, *, root: Path) -> float | None:
    """Return the tightest `cpu.max` from a control group up to the root, in percent of one core; None: no bound."""
    found = None
    for place in [root / group.lstrip("/"), *(root / group.lstrip("/")).parents]:
        if not place.is_relative_to(root):
            break
        percent = _quota_percent(place / "cpu.max")
        if percent is not None:
            found = percent if found is None else min(found, percent)
    return found


def _quota_percent(file: Path) -> float | None:
    try:
        quota, period = file.read_text(encoding="ascii").split()
    except (OSError, ValueError):
        return None
    return None if quota == "max" else _PER_CORE * int(quota) / int(period)


def _own_group(file: Path) -> str:
    """Return this process's group of cgroup v2; the root's where there is none."""
    try:
        lines = file.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return "/"
    return next((line.removeprefix("0::") for line in lines if line.startswith("0::")), "/")
