"""Finds and reads the files that lie beside a video and say more about it (DESIGN 4)."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable

from actors.fusion.request import Sidecar

SUFFIXES = (b".info.json", b".json", b".txt")
"""Of yt-dlp and of people, in the order of their authority."""
MAX_BYTES = 4 * 2**20
"""What is larger is no description of a short video; one byte more is read, so that fusion can say so."""


def read(video: bytes, *, except_for: bytes = b"") -> tuple[Sidecar, ...]:
    """Return the sidecars of the video at the absolute path `video`; what is not there or not readable is left out.

    except_for: the path of the document about to be written, which is no sidecar although it may be named like one.
    Links are not followed: a sidecar must not make the service read another file.
    """
    stem = os.path.splitext(video)[0]  # noqa: PTH122 - bytes paths
    found = []
    for suffix in SUFFIXES:
        content = _content(stem + suffix) if stem + suffix != except_for else None
        if content is not None:
            name = os.path.basename(stem + suffix)  # noqa: PTH119 - bytes paths
            found.append(Sidecar(name.decode("utf-8", "backslashreplace"), content))
    return tuple(found)


def of_first(videos: Iterable[bytes], *, except_for: bytes = b"") -> tuple[Sidecar, ...]:
    """Return the sidecars of the first of several copies of a video that has some: they are about the same content."""
    return next((found for video in videos if (found := read(video, except_for=except_for))), ())


def _content(path: bytes) -> bytes | None:
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        # A folder or a pipe may be named like a sidecar, and `fdopen` raises for a folder.
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return None
        with os.fdopen(descriptor, "rb", closefd=False) as file:
            return file.read(MAX_BYTES + 1)
    except OSError:  # a disk that fails: the video is described without it
        return None
    finally:
        os.close(descriptor)
