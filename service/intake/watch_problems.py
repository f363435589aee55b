"""Why a folder is not, or not wholly, watched, and what would mend it: the limits of inotify(7), above all."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from service.intake.names import shown

_SYS: Final = Path("/proc/sys")

Prune = Callable[[bytes], bool]
"""Tells of a directory's absolute path whether it is left unwatched."""


@dataclass(frozen=True, slots=True)
class WatchProblem:
    """Why a root is not, or not wholly, watched: a code, and a sentence that says what to do where something can be.

    lasting: trying again soon would only take watches away from other programs. limit: the bound that was met.
    """

    reason: str
    detail: str
    lasting: bool = False
    limit: int | None = None


def explained(error: OSError | RuntimeError, root: bytes, prune: Prune) -> WatchProblem:
    """Return what kept a watch on `root` from being set up. RuntimeError: no thread could be started."""
    number = error.errno if isinstance(error, OSError) else None
    if number == errno.ENOSPC:
        return watch_limit(root, prune)
    if number == errno.EMFILE:
        name, limit = effective_limit("instances")
        detail = f"this user has {_spelt(limit)} inotify instances at most, all in use, and each inbox needs one"
        return WatchProblem("instance_limit", f"{detail}; raise {name} (sysctl)", lasting=True, limit=limit)
    why = str(error) if number is None else os.strerror(number)
    return WatchProblem("unwatchable", f"{shown(root)} cannot be watched: {why}")


def watch_limit(root: bytes, prune: Prune) -> WatchProblem:
    """Return the problem that there are too few watches for the folders below `root`; counts those."""
    name, limit = effective_limit("watches")
    detail = f"this user has {_spelt(limit)} inotify watches at most, and this inbox needs {_directories(root, prune)}"
    return WatchProblem(
        "watch_limit", f"{detail}, one for each folder; raise {name} (sysctl)", lasting=True, limit=limit
    )


def effective_limit(what: str, *, sys: Path = _SYS) -> tuple[str, int | None]:
    """Return the sysctl that bounds `watches` or `instances` for a user here, and its value.

    A container's user namespace has a bound of its own. None: `ProcSubset=pid` hides them all.
    """
    usual = f"fs.inotify.max_user_{what}"
    found: list[tuple[int, str]] = []
    for name in (usual, f"user.max_inotify_{what}"):
        with suppress(OSError, ValueError):
            found.append((int((sys / name.replace(".", "/")).read_text()), name))
    if not found:
        return usual, None
    limit, name = min(found, key=lambda each: each[0])
    return name, limit


def _spelt(limit: int | None) -> str:
    return "an unknown number of" if limit is None else str(limit)


def _directories(root: bytes, prune: Prune) -> int:
    count = 0
    for parent, names, _ in os.walk(root):
        count += 1
        names[:] = [name for name in names if not prune(parent + b"/" + name)]
    return count
