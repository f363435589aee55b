"""Writes log lines from a thread of its own: a full or closed stderr never stops the service."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from typing import Protocol

from service.pulse import Pulse

CAPACITY = 10_000
"""Lines kept while nobody reads: about 4 MB."""


class Sink(Protocol):
    """Where lines go. `write` returns at once and never raises."""

    @property
    def dropped(self) -> int:
        """Lines lost since the start."""

    def write(self, line: str) -> None:
        """Take one line without its end."""

    def close(self, *, timeout_s: float) -> None:
        """Let the last lines out, waiting at most `timeout_s`."""


class ThreadedSink:
    """Hands lines to a thread that writes them; counts the ones for which there was no room.

    write_bytes: writes bytes to the stream; may block, may raise OSError.
    dropped_line: makes the line that tells how many were dropped. pulse: ticks while there are lines to write.
    """

    def __init__(
        self, write_bytes: Callable[[bytes], object], dropped_line: Callable[[int], str], *, pulse: Pulse
    ) -> None:
        self._write_bytes = write_bytes
        self._dropped_line = dropped_line
        self._lines: deque[str] = deque()
        self._changed = threading.Condition()
        self._dropped = self._told = 0
        self._closing, self._idle = False, True
        self.pulse = pulse
        # A daemon thread: one that hangs in a write to a full pipe must not keep the process alive.
        self._thread = threading.Thread(target=self._drain, name="log", daemon=True)
        self._thread.start()

    @property
    def dropped(self) -> int:
        """See `Sink`."""
        return self._dropped

    def write(self, line: str) -> None:
        """See `Sink`."""
        with self._changed:
            if len(self._lines) >= CAPACITY or self._closing:
                self._dropped += 1
                return
            self._lines.append(line)
            if self._idle:
                self._idle = False
                self.pulse.due()
            self._changed.notify()

    def close(self, *, timeout_s: float) -> None:
        """See `Sink`."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join(timeout_s)

    def _drain(self) -> None:
        while taken := self._take():
            lines, lost = taken
            told = [self._dropped_line(lost)] if lost else []
            try:
                self._write_bytes(("\n".join([*lines, *told]) + "\n").encode("utf-8", "backslashreplace"))
            except (OSError, ValueError):  # no reader, no space left, a stream closed by others: later lines may fit
                with self._changed:
                    self._dropped += len(lines)
            else:
                self._told += lost
        self.pulse.rest()

    def _take(self) -> tuple[list[str], int] | None:
        """Wait for lines and take all there are, with how many losses are to be told; None when the sink closes."""
        with self._changed:
            self._idle = not self._lines
            if self._idle:
                self.pulse.rest()
            while not self._lines and not self._closing:
                self._changed.wait()
            self.pulse.tick()
            lines = list(self._lines)
            self._lines.clear()
            return (lines, self._dropped - self._told) if lines else None
