"""What programs cost: CPU-seconds of a child by `os.wait4`, of a running service by its tree of processes in /proc."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

_TICKS_PER_S = os.sysconf("SC_CLK_TCK")
_PAGE_MIB = os.sysconf("SC_PAGE_SIZE") / 2**20
_PARENT, _TIMES = 4, slice(14, 18)
"""Fields of /proc/PID/stat, proc(5), counted from 1: the parent; utime, stime, cutime, cstime."""
_ERRORS_SHOWN = 1500


class ProgramFailed(Exception):  # noqa: N818 - reads as what it is
    """A measured program did not do its work; the message ends with what it said."""


@dataclass(frozen=True, slots=True)
class Usage:
    """What something took: user and system time of all its processes, time on the clock, and largest memory."""

    cpu_s: float
    wall_s: float
    peak_mib: float = 0.0
    output: str = ""

    def __add__(self, other: Usage) -> Usage:
        return Usage(self.cpu_s + other.cpu_s, self.wall_s + other.wall_s, max(self.peak_mib, other.peak_mib))


def run(command: Sequence[str | Path], *, env: Mapping[str, str] | None = None, cwd: Path | None = None) -> Usage:
    """Run a program to its end and return what it and the programs it waited for took; raises `ProgramFailed`."""
    started_s = time.monotonic()
    with subprocess.Popen(
        [str(part) for part in command],
        env=os.environ | dict(env or {}),
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    ) as process:
        assert process.stdout is not None
        output = process.stdout.read()
        _, status, used = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise ProgramFailed(f"{command[0]} ended with {process.returncode}: {output[-_ERRORS_SHOWN:]}")
    return Usage(used.ru_utime + used.ru_stime, time.monotonic() - started_s, used.ru_maxrss / 1024, output)


def bench_program(name: str, *arguments: str | Path) -> list[str | Path]:
    """Return the command of a program in this folder, run by this interpreter."""
    return [sys.executable, Path(__file__).with_name(name), *arguments]


def process_cpu_s(pid: int) -> float:
    """Return what one process alone has taken so far, with what ended children of it took."""
    return _stat(pid).cpu_s


def tree_cpu_s(pid: int) -> float:
    """Return the CPU-seconds of a process, of all that descend from it, and of those they have waited for."""
    return sum(_stat(member).cpu_s for member in _tree(pid))


def tree_mib(pid: int) -> float:
    """Return the resident memory of a process and all that descend from it; shared pages count for each."""
    return sum(resident_mib(member) for member in _tree(pid))


@dataclass(frozen=True, slots=True)
class Memory:
    """A process's memory in MiB, as /proc/PID/status has it, proc(5): all that is resident, and what of it is shared.

    shared_mib: shared memory such as Ray's object store, which every process that looks at it counts as its own.
    """

    pid: int
    name: str
    resident_mib: float
    shared_mib: float

    @property
    def own_mib(self) -> float:
        """What would be free if the process ended."""
        return self.resident_mib - self.shared_mib


def tree_memory(pid: int) -> list[Memory]:
    """Return the memory of a process and of all that descend from it."""
    return [memory for member in _tree(pid) if (memory := _memory(member)) is not None]


def _memory(pid: int) -> Memory | None:
    try:
        lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8", errors="replace").splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return None
    fields = dict(line.split(":", 1) for line in lines if ":" in line)
    if "VmRSS" not in fields:  # a zombie
        return None
    resident, shared = (int(fields[name].split()[0]) / 1024 for name in ("VmRSS", "RssShmem"))
    return Memory(pid, fields["Name"].strip(), resident, shared)


def resident_mib(pid: int | None = None) -> float:
    """Return the resident memory of one process, this one unless another is named."""
    try:
        return int(Path(f"/proc/{pid or os.getpid()}/statm").read_bytes().split()[1]) * _PAGE_MIB
    except (FileNotFoundError, ProcessLookupError):
        return 0.0


def interleaved(count: int, **measures: Callable[[], Usage]) -> dict[str, list[Usage]]:
    """Take each measure `count` times, in turns, so that a change of the machine's load hits all of them."""
    taken: dict[str, list[Usage]] = {name: [] for name in measures}
    for number in range(count):
        for name, measure in measures.items():
            taken[name].append(measure())
            say(f"  {number + 1}/{count} {name}: {taken[name][-1].cpu_s:.2f} CPU-s, {taken[name][-1].wall_s:.2f} s")
    return taken


def median_cpu_s(usages: Iterable[Usage]) -> float:
    """Return the median of the CPU-seconds."""
    return statistics.median(usage.cpu_s for usage in usages)


def median_wall_s(usages: Iterable[Usage]) -> float:
    """Return the median of the time on the clock."""
    return statistics.median(usage.wall_s for usage in usages)


def median_ratio(
    over: Sequence[Usage], under: Sequence[Usage], *, of: Callable[[Usage], float] = lambda usage: usage.cpu_s
) -> float:
    """Return the median of the ratios of measurements taken in the same turn, which the same load has hit."""
    return statistics.median(of(one) / of(other) for one, other in zip(over, under, strict=True))


def quantile(values: Iterable[float], share: float) -> float:
    """Return the smallest value that `share` of the values do not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, -int(-share * len(ordered) // 1) - 1)]


def say(line: str) -> None:
    """Tell whoever waits how far a bench has come."""
    sys.stderr.write(f"{line}\n")


@dataclass(frozen=True, slots=True)
class _Stat:
    parent: int
    cpu_s: float


def _tree(pid: int) -> list[int]:
    parents = {
        int(entry.name): _stat(int(entry.name)).parent for entry in Path("/proc").iterdir() if entry.name.isdigit()
    }
    members, found = [pid], {pid}
    for member in members:
        children = [child for child, parent in parents.items() if parent == member and child not in found]
        members += children
        found.update(children)
    return members


def _stat(pid: int) -> _Stat:
    try:
        text = Path(f"/proc/{pid}/stat").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return _Stat(0, 0.0)
    fields = [b"", b"", b"", *text.rpartition(b")")[2].split()]
    return _Stat(int(fields[_PARENT]), sum(int(value) for value in fields[_TIMES]) / _TICKS_PER_S)
