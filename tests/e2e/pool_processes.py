"""The processes in which a service's models work: which there are, and which are still there."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

PROC = Path("/proc")
NAMES = ("RemoteHost", "actors.pool.worker")
"""How Ray calls the process of an actor of ours, and how the local pool starts one."""


class Worker(NamedTuple):
    """A process; numbers are used again, so its start (in clock ticks since boot) belongs to it."""

    pid: int
    started: int


def workers(service: int) -> set[Worker]:
    """Return the processes below a service that hold a model."""
    parents = {pid: stat for path in PROC.iterdir() if path.name.isdigit() and (stat := _stat(pid := int(path.name)))}
    found: set[Worker] = set()
    pending = [service]
    while pending:
        parent = pending.pop()
        children = [pid for pid, (of, _) in parents.items() if of == parent]
        pending += children
        found |= {Worker(pid, parents[pid][1]) for pid in children if any(name in _command(pid) for name in NAMES)}
    return found


def alive(processes: Iterable[Worker]) -> set[Worker]:
    """Return those that have not ended."""
    return {worker for worker in processes if (stat := _stat(worker.pid)) and stat[1] == worker.started}


def _stat(pid: int) -> tuple[int, int] | None:
    """Return parent and start of a living process (proc(5)); the name in parentheses may hold anything."""
    try:
        state, parent, *fields = (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()
    except (OSError, ValueError):
        return None
    return None if state == "Z" else (int(parent), int(fields[17]))


def _command(pid: int) -> str:
    try:
        return (PROC / str(pid) / "cmdline").read_bytes().decode(errors="replace")
    except OSError:
        return ""
