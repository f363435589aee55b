"""Mounts that nobody else on the host sees, and that are gone with the tests' process, however that ends."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from strange_host import NOT_ALLOWED, unshare

_CLONE_NEWNS = 0x2_0000


class NotAllowed(Exception):  # noqa: N818 - reads as what it is
    """This user, or this container, may not mount."""


class Mounts:
    """Makes mounts in the mount namespace of this process and of those started by it from now on.

    Raises `NotAllowed` where there can be none.
    """

    def __init__(self) -> None:
        try:
            unshare(_CLONE_NEWNS)
        except OSError as error:
            if error.errno not in NOT_ALLOWED:
                raise
            raise NotAllowed(f"a mount namespace of one's own needs root: {error.strerror}") from error
        try:
            _run("mount", "--make-rprivate", "/")
        except subprocess.CalledProcessError as error:
            raise NotAllowed(f"mounting is not allowed here: {error.stderr.strip()}") from error

    def tmpfs(self, point: Path, *, size: str) -> None:
        point.mkdir(parents=True, exist_ok=True)
        _run("mount", "-t", "tmpfs", "-o", f"size={size},mode=0755", "tmpfs", point)

    def bind(self, source: Path, point: Path, *, read_only: bool = False) -> None:
        _run("mount", "--bind", source, point)
        if read_only:
            _run("mount", "-o", "remount,bind,ro", point)

    def remount(self, point: Path, *, read_only: bool) -> None:
        _run("mount", "-o", f"remount,{'ro' if read_only else 'rw'}", point)

    def unmount(self, point: Path, *, lazily: bool = False) -> None:
        _run("umount", *(["--lazy"] if lazily else []), point)

    @contextmanager
    def cleared(self, *points: Path) -> Iterator[None]:
        """Unmount whatever is mounted there in the end, so that the test's folders can be removed."""
        try:
            yield
        finally:
            for point in points:
                with suppress(subprocess.CalledProcessError):
                    while os.path.ismount(point):
                        self.unmount(point, lazily=True)


def _run(*command: str | Path) -> None:
    subprocess.run(command, check=True, capture_output=True, text=True)
