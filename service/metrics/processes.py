"""What the kernel says about this process and the ones below it: memory, and how many folders are watched.

Read from /proc, which needs no right and no library; what it does not tell (hidden by `ProcSubset=`, gone in the
meantime) is None or left out.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

PROC = Path("/proc")
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")


def resident_bytes(pid: int, *, proc: Path = PROC) -> int | None:
    """Return a process's resident memory, None where there is none of that number; see proc_pid_statm(5)."""
    with suppress(OSError, ValueError, IndexError):
        return int((proc / str(pid) / "statm").read_bytes().split()[1]) * _PAGE_BYTES
    return None


def descendants(pid: int, *, proc: Path = PROC) -> frozenset[int]:
    """Return the processes below `pid`, whatever their depth."""
    children: dict[int, list[int]] = {}
    for child, parent in _parents(proc):
        children.setdefault(parent, []).append(child)
    found: set[int] = set()
    pending = [pid]
    while pending:
        below = [child for child in children.get(pending.pop(), ()) if child not in found]
        found.update(below)
        pending.extend(below)
    return frozenset(found)


def memory_below(pid: int, named: Mapping[str, int], *, proc: Path = PROC) -> dict[str, int]:
    """Return the resident bytes of every process below `pid`: of the `named` ones (by pid) each, of the rest together.

    A named process that is not below `pid` is left out: it lives on another machine, where its number means another.
    Pages that processes share are counted in each.
    """
    below = descendants(pid, proc=proc)
    names = {number: name for name, number in named.items()}
    total: dict[str, int] = {}
    for one in below:
        size = resident_bytes(one, proc=proc)
        if size is not None:
            name = names.get(one, "other")
            total[name] = total.get(name, 0) + size
    return total


def watches(*, proc: Path = PROC) -> int | None:
    """Return how many inotify watches this process holds: what its descriptors list; see proc_pid_fdinfo(5)."""
    count = 0
    own = proc / "self"
    try:
        for descriptor in os.listdir(own / "fd"):  # noqa: PTH208 - names are all that is wanted
            with suppress(OSError):
                if os.readlink(own / "fd" / descriptor) == "anon_inode:inotify":  # noqa: PTH115 - as above
                    count += (own / "fdinfo" / descriptor).read_bytes().count(b"inotify wd:")
    except OSError:
        return None
    return count


def watches_limit(*, proc: Path = PROC) -> int | None:
    """Return how many inotify watches this user may hold, None where a hardened unit hides it."""
    with suppress(OSError, ValueError):
        return int((proc / "sys/fs/inotify/max_user_watches").read_bytes())
    return None


def _parents(proc: Path) -> Iterator[tuple[int, int]]:
    """Yield every process with its parent; the name in `stat` may hold spaces and parentheses, see proc_pid_stat(5)."""
    numbers: list[str] = []
    with suppress(OSError):
        numbers = [name for name in os.listdir(proc) if name.isdigit()]  # noqa: PTH208 - cheaper by half
    for name in numbers:
        with suppress(OSError, ValueError, IndexError):
            yield int(name), int((proc / name / "stat").read_bytes().rpartition(b")")[2].split()[1])
