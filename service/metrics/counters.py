"""Counts what the service logs: every change of state passes here, so that whatever happened is in the figures."""

from __future__ import annotations

import threading
from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from service.clock import Clock
from service.logs.emitter import Emit, Emitter, LogFigures
from service.logs.render import plain
from service.logs.vocabulary import EVENTS, Level
from service.pulse import Pulse

Labels = tuple[str, ...]

MOST_LABELS = 200
"""Different label values kept for one metric; reasons are stable codes, and a bug must not make a series of each."""
OTHER = "other"

WAITS_S = (0.5, 1.0, 2.0, 3.0, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0, 7200.0, 86400.0)
WORK_S = (0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0)
"""Upper bounds of the buckets of histograms, in seconds: of what waits, and of what works."""


@dataclass(slots=True)
class Histogram:
    """How often a duration fell into each bucket; the last one has no upper bound."""

    bounds: tuple[float, ...]
    counts: list[int] = field(default_factory=list)
    total: float = 0.0

    def __post_init__(self) -> None:
        self.counts = self.counts or [0] * (len(self.bounds) + 1)

    def observe(self, value: float) -> None:
        """Count one duration."""
        self.counts[bisect_left(self.bounds, value)] += 1
        self.total += value

    def copy(self) -> Histogram:
        """Return one that does not change any more."""
        return Histogram(self.bounds, list(self.counts), self.total)


@dataclass(frozen=True, slots=True)
class _Rule:
    """What an event means for a metric: one more of it, or a duration that the field `duration` holds.

    labels: the fields whose values label it, behind the `fixed` ones.
    """

    metric: str
    labels: tuple[str, ...] = ()
    fixed: tuple[str, ...] = ()
    duration: str | None = None
    bounds: tuple[float, ...] = ()


_FAILURES = "job_failures"
_STAGE_SECONDS = _Rule("stage_seconds", ("stage",), duration="seconds", bounds=WORK_S)
_RULES: Mapping[str, tuple[_Rule, ...]] = {
    "file.settled": (_Rule("file_settle_seconds", duration="seconds", bounds=WAITS_S),),
    "file.rejected": (_Rule(_FAILURES, ("reason",), ("rejected",)),),
    "job.claimed": (_Rule("job_queue_seconds", duration="queued_s", bounds=WAITS_S),),
    "job.done": (
        _Rule("documents_written", ("status",)),
        _Rule("job_seconds", duration="seconds", bounds=WORK_S),
    ),
    "job.retry": (_Rule("job_retries", ("reason",)),),
    "job.failed": (_Rule(_FAILURES, ("reason",), ("failed",)),),
    "job.rejected": (_Rule(_FAILURES, ("reason",), ("rejected",)),),
    "job.parked": (_Rule(_FAILURES, ("reason",), ("parked",)),),
    "stage.done": (_STAGE_SECONDS,),
    "stage.failed": (_STAGE_SECONDS, _Rule("stage_failures", ("stage", "status"))),
    "actor.starting": (_Rule("actor_starts", ("actor",)),),
    "actor.died": (_Rule("actor_deaths", ("actor",)),),
    "actor.killed": (_Rule("actor_kills", ("actor",)),),
}


@dataclass(frozen=True, slots=True)
class Counted:
    """Everything counted since the start, at one moment: per metric and label values. actors: pid by actor's name."""

    counts: Mapping[str, Mapping[Labels, float]]
    histograms: Mapping[str, Mapping[Labels, Histogram]]
    actors: Mapping[str, int]


class Counters:
    """An `Emit` that counts and passes on to `emit`, one for a process. Safe to call from several threads.

    began_s, started_s: when it began to count, monotonic and by the wall clock: a ledger that is built again while the
    service serves is no new start.
    """

    def __init__(self, emit: Emit, clock: Clock) -> None:
        self.began_s, self.started_s = clock.monotonic(), clock.wall()
        self._emit = emit
        self._lock = threading.Lock()
        # A counter that begins at its first event hides that event from `increase()`: it is there from the start.
        self._counts: dict[str, dict[Labels, float]] = {
            "events": {(event.name, event.level): 0.0 for event in EVENTS.values()}
        }
        self._histograms: dict[str, dict[Labels, Histogram]] = {}
        self._actors: dict[str, int] = {}

    def __call__(self, event: str, /, **fields: Any) -> None:
        """See `Emit`."""
        known = EVENTS.get(event)
        if known is not None:
            with self._lock:
                self._count("events", (event, known.level))
                for rule in _RULES.get(event, ()):
                    self._apply(rule, fields)
                self._follow_actors(event, fields)
        self._emit(event, **fields)

    def change_level(self, least: Level) -> None:
        """Have events below another level left out, where the `emit` beneath can do so."""
        if isinstance(self._emit, Emitter):
            self._emit.change_level(least)

    @property
    def pulses(self) -> tuple[Pulse, ...]:
        """The pulse of the log's thread; none where the `emit` beneath has no such thread."""
        pulse = self._emit.pulse if isinstance(self._emit, Emitter) else None
        return () if pulse is None else (pulse,)

    def log_figures(self) -> LogFigures | None:
        """Return what became of what was logged; None where the `emit` beneath does not count."""
        return self._emit.figures() if isinstance(self._emit, Emitter) else None

    def counted(self) -> Counted:
        """Return what was counted so far; from any thread."""
        with self._lock:
            counts = {name: dict(values) for name, values in self._counts.items()}
            histograms = {name: {k: h.copy() for k, h in held.items()} for name, held in self._histograms.items()}
            return Counted(counts, histograms, dict(self._actors))

    def _apply(self, rule: _Rule, fields: Mapping[str, Any]) -> None:
        labels = (*rule.fixed, *(str(plain(fields.get(name))) for name in rule.labels))
        if rule.duration is None:
            self._count(rule.metric, labels)
            return
        seconds = fields.get(rule.duration)
        if isinstance(seconds, (int, float)):
            held = self._histograms.setdefault(rule.metric, {})
            held.setdefault(_bounded(held, labels), Histogram(rule.bounds)).observe(max(0.0, seconds))

    def _count(self, metric: str, labels: Labels) -> None:
        held = self._counts.setdefault(metric, {})
        labels = _bounded(held, labels)
        held[labels] = held.get(labels, 0.0) + 1

    def _follow_actors(self, event: str, fields: Mapping[str, Any]) -> None:
        """Know which process is which actor: what the log says of them is all there is to know."""
        if event == "actor.ready" and isinstance(fields.get("pid"), int):
            self._actors[fields["actor"]] = fields["pid"]
        elif event in {"actor.died", "actor.killed"}:
            self._actors.pop(fields["actor"], None)
        elif event == "pool.stopped":
            self._actors.clear()


def _bounded(held: Mapping[Labels, Any], labels: Labels) -> Labels:
    return labels if labels in held or len(held) < MOST_LABELS else (OTHER,) * len(labels)
