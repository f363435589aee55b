"""Starts the log of one process."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, TextIO

from service.clock import Clock, SystemClock
from service.logs.emitter import Emit, Emitter
from service.logs.render import choose, timestamp
from service.logs.sink import ThreadedSink
from service.logs.vocabulary import Level
from service.pulse import LOG_LIMIT_S, Pulse


def start(
    *,
    level: Level = "info",
    format: str = "auto",  # noqa: A002 - the setting's name
    stream: TextIO | None = None,
    clock: Clock | None = None,
    environ: Mapping[str, str] | None = None,
) -> Emitter:
    """Return the process's emitter, writing to `stream` (stderr), and send what libraries log through it.

    Call once; call the emitter's `close` at the end.
    """
    stream = sys.stderr if stream is None else stream
    clock = SystemClock() if clock is None else clock
    renderer = choose(format, stream, os.environ if environ is None else environ)

    def dropped_line(count: int) -> str:
        return renderer({"time": timestamp(clock.wall()), "level": "warning", "event": "log.dropped", "count": count})

    pulse = Pulse("log", limit_s=LOG_LIMIT_S, clock=clock)
    sink = ThreadedSink(_writer(stream), dropped_line, pulse=pulse)
    emitter = Emitter(sink=sink, renderer=renderer, clock=clock, least=level, pulse=pulse)
    _adopt_libraries(emitter)
    return emitter


def _writer(stream: TextIO) -> Any:
    def write(line: bytes) -> None:
        stream.flush()  # what was printed before must come before
        descriptor = stream.fileno()
        while line:
            line = line[os.write(descriptor, line) :]

    return write


class _LibraryHandler(logging.Handler):
    """Turns records of the standard library's logging into `log.library` events."""

    def __init__(self, emit: Emit) -> None:
        super().__init__(level=logging.WARNING)
        self._emit = emit

    def emit(self, record: logging.LogRecord) -> None:
        # A library's broken format string must not raise out of a log call.
        message = str(record.msg)
        with suppress(TypeError, ValueError, KeyError):
            message = record.getMessage()
        self._emit("log.library", logger=record.name, message=message, level_name=record.levelname.lower())


def _adopt_libraries(emit: Emit) -> None:
    root = logging.getLogger()
    for handler in [handler for handler in root.handlers if isinstance(handler, _LibraryHandler)]:
        root.removeHandler(handler)
    root.addHandler(_LibraryHandler(emit))
    logging.captureWarnings(capture=True)
