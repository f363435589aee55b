"""Writes down in which order the service sees files, names and commits onto the disk; for `staged_service.py` only."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from kill_switch import wrap

from actors.fusion import frames
from service.ledger.jobs import DriverSide

DONE = "done"


def arm(record: Path) -> None:
    """Begin the record: lines `fsync <path>`, `rename <from> <to>` and `done`; names of files are without directory."""
    lines = record.open("a", buffering=1)

    def fsync(real: Any, fd: int) -> None:
        real(fd)
        lines.write(f"fsync {Path(f'/proc/self/fd/{fd}').readlink()}\n")

    def rename(real: Any, source: Any, target: Any, **kwargs: Any) -> None:
        real(source, target, **kwargs)
        lines.write(f"rename {os.fsdecode(source)} {os.fsdecode(target)}\n")

    def exchange(real: Any, one: bytes, other: bytes, **kwargs: Any) -> Any:
        done = real(one, other, **kwargs)
        lines.write(f"rename {os.fsdecode(one)} {os.fsdecode(other)}\n")
        return done

    def finish(real: Any, *args: Any, **kwargs: Any) -> Any:
        lines.write(f"{DONE}\n")
        return real(*args, **kwargs)

    wrap(os, "fsync", fsync)
    wrap(os, "rename", rename)
    wrap(frames, "exchange", exchange)
    wrap(DriverSide, "finish", finish)
