"""What is received comes into a hidden folder of its own, which its process holds locked, and leaves it by rename."""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from actors.fusion.exchange import rename_new
from service.received.names import free_name, sidecar_name

INCOMING = ".incoming"
"""Hidden, so that intake neither enters nor watches it; on one file system with where things appear."""


@dataclass(frozen=True, slots=True)
class Landing:
    """A folder for one upload or download on its way; gone when its block ends, with whatever it still holds."""

    folder: Path
    root: bytes

    def publish(
        self, video: str, *, name: str, sidecar: str | None = None, about_to: Callable[[str], None] | None = None
    ) -> str:
        """Let a file of this folder appear in the root and return its name there: `name`, or that with a number.

        about_to: told that name before; what it raises leaves everything where it was. The sidecar appears first, so
        that the video is never described without. Nothing is overwritten; both are on disk when this returns. Raises
        OSError.
        """
        for part in filter(None, (sidecar, video)):
            _synced(self.folder / part)
        here, there = _opened(self.folder), _opened(Path(os.fsdecode(self.root)))
        try:
            with _locked(self.folder.parent):
                free = free_name(name, os.listdir(there))  # noqa: PTH208 - by descriptor
                if about_to is not None:
                    about_to(free)
                if sidecar is not None:
                    _renamed(sidecar, sidecar_name(free), here, there)
                _renamed(video, free, here, there)
            os.fsync(there)
        finally:
            os.close(here)
            os.close(there)
        return free


@contextmanager
def landing(root: bytes) -> Iterator[Landing]:
    """Make a folder for one upload or download below the root; raises OSError."""
    incoming = Path(os.fsdecode(root)) / INCOMING
    incoming.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    incoming.mkdir(mode=0o700, exist_ok=True)
    folder, lock = _made(incoming)
    try:
        yield Landing(folder, root)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(lock)


def sweep(root: bytes) -> int:
    """Remove what processes that have ended left on its way; return how many folders that were.

    Safe while others receive: they hold their folders locked.
    """
    incoming = Path(os.fsdecode(root)) / INCOMING
    removed = 0
    with suppress(FileNotFoundError):
        for folder in sorted(incoming.iterdir()):
            with suppress(OSError):
                lock = _held(folder)
                if lock is not None:
                    shutil.rmtree(folder, ignore_errors=True)
                    os.close(lock)
                    removed += 1
    return removed


def _made(incoming: Path) -> tuple[Path, int]:
    """Make a folder and hold it; one that a sweep took for left over, before it was held, is made anew."""
    while True:
        folder = incoming / secrets.token_hex(8)
        folder.mkdir(mode=0o700)
        with suppress(FileNotFoundError):
            lock = _held(folder)
            if lock is not None and os.fstat(lock).st_nlink > 0:
                return folder, lock
            if lock is not None:
                os.close(lock)


def _held(folder: Path) -> int | None:
    """Return the lock on a folder; None where another process holds it. The kernel lets go of it with its process."""
    descriptor = _opened(folder)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Choose names one at a time, in whichever process."""
    descriptor = _opened(folder)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _opened(folder: Path) -> int:
    return os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)


def _renamed(source: str, target: str, source_fd: int, target_fd: int) -> None:
    rename_new(os.fsencode(source), os.fsencode(target), source_fd=source_fd, target_fd=target_fd)


def _synced(file: Path) -> None:
    descriptor = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
