"""One process per state directory: flock, which the kernel lets go when its holder dies, however it dies."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from service.errors import ConfigError, StateLocked
from service.ledger.errors import unreadable

LOCK_FILE = "lock"
_PID_BYTES = 32


@contextmanager
def state_lock(state: Path) -> Iterator[None]:
    """Hold the state directory for as long as the block runs.

    Raises `StateLocked`, naming the holder, when another process has it. The number in the file is for people only:
    whether the lock is held is the kernel's word. The file stays: removing it would let two hold "the" lock.
    Raises `ConfigError` where there can be no lock.
    """
    try:
        state.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(state / LOCK_FILE, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as exc:
        raise ConfigError(
            f"state.dir = {state}: cannot be used: {exc.strerror}. Name another folder with --state."
        ) from exc
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as exc:
            raise StateLocked(_held(state, lock_holder(state))) from exc
        _write(descriptor, str(os.getpid()))
        yield
        _write(descriptor, "")
    finally:
        os.close(descriptor)


def lock_holder(state: Path) -> int | None:
    """Return the process that last said it holds the state directory, None when none does; for display only.

    Raises `ConfigError` when that may not be read.
    """
    try:
        with (state / LOCK_FILE).open("rb") as file:
            content = file.read(_PID_BYTES).strip()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as exc:
        raise unreadable(state / LOCK_FILE, exc.strerror) from exc
    return int(content) if content.isdigit() else None


def _held(state: Path, pid: int | None) -> str:
    who = "another process" if pid is None else f"process {pid}"
    return f"{state}: the state directory is in use by {who}. Stop it, or give this one a state of its own (--state)."


def _write(descriptor: int, text: str) -> None:
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, text.encode("ascii"), 0)
