"""Where an event of the vocabulary becomes a log line."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any, Protocol

import structlog

from service.clock import Clock
from service.logs.limits import RateLimit, Suppressed
from service.logs.render import Renderer, plain, timestamp
from service.logs.sink import Sink
from service.logs.vocabulary import EVENTS, LEVELS, Level, problem


class Emit(Protocol):
    """How everything in the service logs: an event of the vocabulary with its fields. Never raises, never blocks."""

    def __call__(self, event: str, /, **fields: Any) -> None:
        """Log one event."""


class Emitter:
    """The service's `Emit`: checks against the vocabulary, limits rates, renders, writes.

    least: events below this level are left out. Safe to call from several threads.
    """

    def __init__(self, *, sink: Sink, renderer: Renderer, clock: Clock, least: Level = "info") -> None:
        self._sink = sink
        self._clock = clock
        self._renderer = renderer
        self._least = LEVELS[least]
        self._limit = RateLimit()
        self._lock = threading.Lock()
        # structlog carries the processor chain and the context variables that a caller has bound.
        self._log = structlog.wrap_logger(
            _LineLogger(sink),
            processors=[structlog.contextvars.merge_contextvars, self._stamp, self._render],
            wrapper_class=structlog.BoundLogger,
            cache_logger_on_first_use=True,
        )

    def __call__(self, event: str, /, **fields: Any) -> None:
        """See `Emit`."""
        wrong = problem(event, fields)
        if wrong is not None and event != "log.unknown":
            self("log.unknown", event_name=event, detail=f"{wrong}: {plain(fields)}")
        if event not in EVENTS:
            return
        known = EVENTS[event]
        if LEVELS[known.level] < self._least:
            return
        passes, told = True, list[Suppressed]()
        with self._lock:
            if known.rate_key is not None:
                key = str(plain(fields.get(known.rate_key)))
                passes, told = self._limit.passes(event, key, now_s=self._clock.monotonic())
            elif event == "heartbeat":
                told = self._limit.flush(now_s=self._clock.monotonic())
        for suppressed in told:
            self._suppressed(suppressed)
        if passes:
            self._write(event, fields)

    def close(self, *, timeout_s: float = 1.0) -> None:
        """Tell what was held back and let the last lines out, waiting at most `timeout_s`."""
        with self._lock:
            told = self._limit.flush(now_s=self._clock.monotonic(), everything=True)
        for suppressed in told:
            self._suppressed(suppressed)
        self._sink.close(timeout_s=timeout_s)

    def _suppressed(self, told: Suppressed) -> None:
        self._write("log.suppressed", {"event_name": told.event, "suppressed_key": told.key, "count": told.count})

    def _write(self, event: str, fields: Mapping[str, Any]) -> None:
        self._log.msg(event, **fields)

    def _stamp(self, _logger: Any, _method: str, entry: structlog.typing.EventDict) -> structlog.typing.EventDict:
        event = entry.pop("event")
        head = {"time": timestamp(self._clock.wall()), "level": EVENTS[event].level, "event": event}
        return head | {name: plain(value) for name, value in entry.items() if value is not None}

    def _render(self, _logger: Any, _method: str, entry: structlog.typing.EventDict) -> str:
        return self._renderer(entry)


class _LineLogger:
    """structlog's innermost logger: hands the finished line to the sink, whatever the level."""

    def __init__(self, sink: Sink) -> None:
        self._sink = sink

    def msg(self, line: str) -> None:
        self._sink.write(line)


class Recorder:
    """An `Emit` for tests: keeps what is logged and refuses what the vocabulary does not have."""

    def __init__(self) -> None:
        self.events: list[tuple[str, dict[str, Any]]] = []

    def __call__(self, event: str, /, **fields: Any) -> None:
        """See `Emit`; raises `ValueError` for an unknown event, a missing or an unknown field."""
        wrong = problem(event, fields)
        if wrong is not None:
            raise ValueError(wrong)
        self.events.append((event, fields))

    def named(self, event: str) -> list[dict[str, Any]]:
        """Return the fields of every event of a name, in order."""
        return [fields for name, fields in self.events if name == event]

    @property
    def names(self) -> list[str]:
        """The names of all events, in order."""
        return [name for name, _ in self.events]


def discard(_event: str, /, **_fields: Any) -> None:
    """Log nothing: an `Emit` for commands that only look."""
