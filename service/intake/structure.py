"""The verdict on a container, and the bounded view of a file through which it is reached."""

from __future__ import annotations

import os
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar


class Wholeness(StrEnum):
    """What the structure says. `UNDECIDED` is no pass: it falls back to time."""

    COMPLETE = "complete"
    INCOMPLETE = "incomplete"
    NOT_VIDEO = "not_video"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True)
class Structure:
    """A verdict: `reason` is a stable code, empty when complete; `detail` is a sentence for people.

    padding: [start, end) in bytes of what the container sets aside and no reader looks at; it may be unwritten.
    """

    wholeness: Wholeness
    reason: str = ""
    detail: str = ""
    container: str | None = None
    padding: tuple[tuple[int, int], ...] = ()


def complete(container: str) -> Structure:
    """Say that every byte the container announces is there."""
    return Structure(Wholeness.COMPLETE, container=container)


def incomplete(reason: str, detail: str, *, container: str | None = None) -> Structure:
    """Say that something the container needs or announces is missing."""
    return Structure(Wholeness.INCOMPLETE, reason, detail, container)


def not_video(detail: str) -> Structure:
    """Say that the bytes are positively something else."""
    return Structure(Wholeness.NOT_VIDEO, "not_video", detail)


def undecided(reason: str, detail: str, *, container: str | None = None) -> Structure:
    """Say that the structure cannot tell."""
    return Structure(Wholeness.UNDECIDED, reason, detail, container)


class FileWindow:
    """Small positioned reads of one file, counted: an absurd box count costs a bounded number of them."""

    MAX_READS: ClassVar[int] = 16_384
    """A two-hour fragmented MP4 with 2 s fragments needs 7,200."""
    HEAD_BYTES: ClassVar[int] = 4096
    TAIL_BYTES: ClassVar[int] = 1024

    def __init__(self, fd: int, *, size: int) -> None:
        self._fd = fd
        self.size = size
        self.reads = 0

    @property
    def within_budget(self) -> bool:
        """Whether another step of a walk is allowed."""
        return self.reads < self.MAX_READS

    def read(self, offset: int, length: int) -> bytes:
        """Return up to `length` bytes (at most `HEAD_BYTES`) at `offset`; fewer, or none, at the end of the file."""
        if not 0 <= offset < self.size:
            return b""
        self.reads += 1
        return os.pread(self._fd, min(length, self.HEAD_BYTES, self.size - offset), offset)

    def ends_in_zeros(self) -> bool:
        """Whether the last `TAIL_BYTES` are zero, as in a file whose space was reserved before it was written."""
        tail = self.read(max(0, self.size - self.TAIL_BYTES), self.TAIL_BYTES)
        return not tail.strip(b"\x00")
