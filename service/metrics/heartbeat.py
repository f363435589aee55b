"""Once a minute, one line that says how the service is doing."""

from __future__ import annotations

from typing import Any

from service.bookkeeping import Emit
from service.clock import Clock
from service.ledger.states import SETTLING, State
from service.ledger.values import Counts
from service.metrics.gauges import Collector, Gauges

TROUBLED = (State.FAILED, State.REJECTED, State.PARKED)
_OVER = (State.SUPERSEDED, State.GONE)
_MIB = 2**20


class Heartbeat:
    """Emits `heartbeat` with what the collector gathers every `every_s`; cheap to call in between."""

    def __init__(self, collector: Collector, *, clock: Clock, emit: Emit, every_s: float) -> None:
        self._collector = collector
        self._clock = clock
        self._emit = emit
        self.every_s = every_s
        self._next_s = clock.monotonic()
        self._events: tuple[float, int] | None = None

    def beat(self) -> None:
        """Emit the line when it is due."""
        now_s = self._clock.monotonic()
        if now_s >= self._next_s:
            self._next_s = now_s + self.every_s
            gauges = self._collector.gauges()
            known = {name: value for name, value in self._figures(gauges).items() if value is not None}
            self._emit("heartbeat", gauges=" ".join(f"{name}={value}" for name, value in known.items()), **known)

    def _figures(self, gauges: Gauges) -> dict[str, Any]:
        memory, pause, log = gauges.memory_bytes, gauges.pause, gauges.log
        sweeps_s = [root.sweep_s for root in gauges.roots if root.sweep_s is not None]
        below = [size for name, size in memory.items() if name != "service"]
        return {
            **_ledger(gauges.counts, now_s=gauges.now_s),
            "scan_ms": round(max(sweeps_s) * 1000, 1) if sweeps_s else None,
            "events_per_s": self._events_per_s(gauges),
            "overflows": sum(root.overflows for root in gauges.roots),
            "watches": gauges.watches,
            "watches_limit": gauges.watches_limit,
            "roots_lost": sum(root.lost is not None for root in gauges.roots),
            "pool_up": gauges.pool_up,
            "paused": pause is not None,
            "reason": pause,
            "output_free_mib": _mib(gauges.free_bytes.get("output"), whole=True),
            "state_free_mib": _mib(gauges.free_bytes.get("state"), whole=True),
            "ledger_mib": _mib(gauges.ledger_bytes),
            "resident_mib": _mib(memory.get("service")),
            "children_resident_mib": _mib(sum(below)) if below else None,
            "log_suppressed": None if log is None else log.suppressed,
            "log_dropped": None if log is None else log.dropped,
            "uptime_s": round(gauges.uptime_s),
        }

    def _events_per_s(self, gauges: Gauges) -> float | None:
        """Return the mean since the last heartbeat; unknown at the first."""
        before, seen = self._events, sum(root.events for root in gauges.roots)
        self._events = (gauges.uptime_s, seen)
        if before is None or gauges.uptime_s <= before[0]:
            return None
        return round((seen - before[1]) / (gauges.uptime_s - before[0]), 2)


def _ledger(counts: Counts | None, *, now_s: float) -> dict[str, Any]:
    if counts is None:
        return {}
    states = counts.states
    return {
        "seen": sum(number for state, number in states.items() if state not in _OVER),
        "settling": sum(states.get(state, 0) for state in SETTLING),
        "queued": states.get(State.QUEUED, 0),
        "running": states.get(State.RUNNING, 0),
        "failed": sum(states.get(state, 0) for state in TROUBLED),
        "oldest_settling_s": _age(counts.oldest_settling_at, now_s),
        "oldest_queued_s": _age(counts.oldest_queued_at, now_s),
        "last_done_s": _age(counts.last_done_at, now_s),
    }


def _age(since: float | None, now: float) -> float | None:
    return None if since is None else round(max(0.0, now - since), 1)


def _mib(size: int | None, *, whole: bool = False) -> float | None:
    if size is None:
        return None
    return size // _MIB if whole else round(size / _MIB, 1)
