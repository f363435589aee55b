"""Finds and reads the files that lie beside a video and say more about it (DESIGN 4)."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from contextlib import suppress

from actors.fusion.request import Sidecar
from service.intake.beneath import opened_beneath
from service.intake.ports import Location

SUFFIXES = (b".info.json", b".json", b".txt")
"""Of yt-dlp and of people, in the order of their authority."""
MAX_BYTES = 4 * 2**20
"""What is larger is no description of a short video; one byte more is read, so that fusion can say so."""


def read(root: bytes, path: bytes, *, except_for: bytes = b"") -> tuple[Sidecar, ...]:
    """Return the sidecars of the video `path` below `root`; what is not there or not readable is left out.

    except_for: the path of the document about to be written, which is no sidecar although it may be named like one.
    Links are not followed, nor is a folder below the root that became one: a sidecar must not make the service read
    another file.
    """
    stem = os.path.splitext(path)[0]  # noqa: PTH122 - bytes paths
    found = []
    for suffix in SUFFIXES:
        beside = stem + suffix
        content = _content(root, beside) if os.path.join(root, beside) != except_for else None  # noqa: PTH118 - bytes
        if content is not None:
            name = os.path.basename(beside)  # noqa: PTH119 - bytes paths
            found.append(Sidecar(name.decode("utf-8", "backslashreplace"), content))
    return tuple(found)


def of_first(videos: Iterable[Location], *, except_for: bytes = b"") -> tuple[Sidecar, ...]:
    """Return the sidecars of the first of several copies of a video that has some: they are about the same content."""
    return next((found for video in videos if (found := read(*video, except_for=except_for))), ())


def _content(root: bytes, path: bytes) -> bytes | None:
    with suppress(OSError), opened_beneath(root, path, flags=os.O_RDONLY) as descriptor:
        # A folder or a pipe may be named like a sidecar, and `fdopen` raises for a folder.
        if stat.S_ISREG(os.fstat(descriptor).st_mode):
            with os.fdopen(descriptor, "rb", closefd=False) as file:
                return file.read(MAX_BYTES + 1)
    return None  # also where a disk fails: the video is described without it
