"""Where an event of the vocabulary becomes a log line."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import structlog

from service.clock import Clock
from service.logs.limits import RateLimit
from service.logs.render import Renderer, plain, timestamp
from service.logs.sink import Sink
from service.logs.vocabulary import EVENTS, LEVELS, STORMS, Level, problem
from service.pulse import Pulse


class Emit(Protocol):
    """How everything in the service logs: an event of the vocabulary with its fields. Never raises, never blocks."""

    def __call__(self, event: str, /, **fields: Any) -> None:
        """Log one event."""


@dataclass(frozen=True, slots=True)
class LogFigures:
    """What became of what was logged since the start.

    lines: handed to the sink, by level. suppressed: held back by the rate limits. dropped: lost because nobody read.
    """

    lines: Mapping[str, int]
    suppressed: int
    dropped: int


class Emitter:
    """The service's `Emit`: checks against the vocabulary, limits rates, renders, writes.

    least: events below this level are left out. pulse: the sink's, for whoever watches over it. Safe to call from
    several threads.
    """

    def __init__(
        self, *, sink: Sink, renderer: Renderer, clock: Clock, least: Level = "info", pulse: Pulse | None = None
    ) -> None:
        self._sink = sink
        self.pulse = pulse
        self._clock = clock
        self._renderer = renderer
        self._least = LEVELS[least]
        self._limit = RateLimit(STORMS)
        self._lines: dict[str, int] = dict.fromkeys(LEVELS, 0)
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
        with self._lock:
            now_s = self._clock.monotonic()
            passes = known.rate_key is None or self._limit.passes(
                event, str(plain(fields.get(known.rate_key))), now_s=now_s
            )
        self._tell_suppressed(everything=False)
        if passes:
            self._write(event, fields)

    def change_level(self, least: Level) -> None:
        """Leave events below another level out from now on."""
        self._least = LEVELS[least]

    def close(self, *, timeout_s: float = 1.0) -> None:
        """Tell what was held back and let the last lines out, waiting at most `timeout_s`."""
        self._tell_suppressed(everything=True)
        self._sink.close(timeout_s=timeout_s)

    def figures(self) -> LogFigures:
        """Return how much was logged, held back and lost since the start; from any thread."""
        with self._lock:
            return LogFigures(dict(self._lines), self._limit.suppressed, self._sink.dropped)

    def _tell_suppressed(self, *, everything: bool) -> None:
        with self._lock:
            told = self._limit.due(now_s=self._clock.monotonic(), everything=everything)
        for one in told:
            self._write("log.suppressed", {"event_name": one.event, "suppressed_key": one.key, "count": one.count})

    def _write(self, event: str, fields: Mapping[str, Any]) -> None:
        with self._lock:
            self._lines[EVENTS[event].level] += 1
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
