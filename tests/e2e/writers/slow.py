"""Writers that are slow, or that fill a file in another order than from its beginning to its end."""

from __future__ import annotations

import mmap
import os
import time
from collections.abc import Iterator

from writers.plain import ON_CLOSE
from writers.scene import Scene, Writer

PAUSE_S = 3.0
"""Longer than the quiet window of a file of which all is known."""


def _thirds(content: bytes) -> Iterator[bytes]:
    """Cut at whole packets of a transport stream, so that there what has come so far looks complete each time."""
    third = len(content) // 3 // 188 * 188
    yield from (content[:third], content[third : 2 * third], content[2 * third :])


def one_descriptor(scene: Scene) -> None:
    """Nothing at all happens in the pauses; the file is held open."""
    with scene.target.open("wb", buffering=0) as file:
        for third in _thirds(scene.content):
            file.write(third)
            time.sleep(PAUSE_S)
        scene.ended_at = time.time()


def one_descriptor_long_pause(scene: Scene) -> None:
    """Longer than any window, in a container that does not say where it ends: only that it is held open tells."""
    first, *rest = _thirds(scene.content)
    with scene.target.open("wb", buffering=0) as file:
        file.write(first)
        time.sleep(12)
        file.write(b"".join(rest))
        scene.ended_at = time.time()


def reopening(scene: Scene) -> None:
    """Closed after every piece; only the container tells."""
    for third in _thirds(scene.content):
        time.sleep(PAUSE_S)
        with scene.target.open("ab") as file:
            file.write(third)


def fallocated(scene: Scene) -> None:
    with scene.target.open("wb", buffering=0) as file:
        os.posix_fallocate(file.fileno(), 0, scene.source.stat().st_size)
        for third in _thirds(scene.content):
            file.write(third)
            time.sleep(PAUSE_S / 2)
        scene.ended_at = time.time()


def fallocated_and_reopened(scene: Scene) -> None:
    """The size is final from the start, and nobody holds the file in the pauses: what was never written tells."""
    with scene.target.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, scene.source.stat().st_size)
    position = 0
    for third in _thirds(scene.content):
        time.sleep(PAUSE_S)
        with scene.target.open("r+b") as file:
            file.seek(position)
            file.write(third)
        position += len(third)


def mapped(scene: Scene) -> None:
    """Stores into a mapping raise no events; the file was closed long before."""
    content = scene.content
    with scene.target.open("w+b") as file:
        file.truncate(len(content))
        memory = mmap.mmap(file.fileno(), len(content))
    half = len(content) // 2
    memory[:half] = content[:half]
    time.sleep(PAUSE_S)
    memory[half:] = content[half:]
    time.sleep(PAUSE_S)
    scene.ended_at = time.time()
    memory.close()


def backwards(scene: Scene) -> None:
    content = scene.content
    half = len(content) // 2
    with scene.target.open("wb", buffering=0) as file:
        file.seek(half)
        file.write(content[half:])
        time.sleep(PAUSE_S)
        file.seek(0)
        file.write(content[:half])


WRITERS = (
    Writer("slow, one descriptor, with pauses", one_descriptor, ON_CLOSE),
    Writer("slow, one descriptor, a long pause (ts)", one_descriptor_long_pause, ON_CLOSE, suffix=".ts"),
    Writer("slow, opened anew for every piece (mp4)", reopening, "its container is closed"),
    Writer("slow, opened anew for every piece (mkv)", reopening, "its container is closed", suffix=".mkv"),
    Writer("slow, opened anew for every piece (ts)", reopening, "it is quiet for long", suffix=".ts"),
    Writer("fallocate", fallocated, ON_CLOSE),
    Writer("fallocate, opened anew for every piece", fallocated_and_reopened, "no hole is in it"),
    Writer("mmap", mapped, "it is mapped for writing no more"),
    Writer("the end first", backwards, ON_CLOSE),
)
