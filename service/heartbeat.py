"""Once a minute, one line that says how the service is doing."""

from __future__ import annotations

import resource
from collections.abc import Callable, Mapping

from service.bookkeeping import Emit
from service.clock import Clock
from service.disk import free_mib
from service.ledger.ledger import Ledger
from service.ledger.states import SETTLING, State

TROUBLED = (State.FAILED, State.REJECTED, State.PARKED)


class Heartbeat:
    """Emits `heartbeat` with gauges every `every_s`; cheap to call in between."""

    def __init__(
        self,
        ledger: Ledger,
        *,
        clock: Clock,
        emit: Emit,
        every_s: float,
        output_root: bytes,
        gauges: Callable[[], Mapping[str, float]],
    ) -> None:
        self._ledger = ledger
        self._clock = clock
        self._emit = emit
        self._every_s = every_s
        self._output_root = output_root
        self._gauges = gauges
        self._started_s = self._next_s = clock.monotonic()

    def beat(self) -> None:
        """Emit the line when it is due."""
        now_s = self._clock.monotonic()
        if now_s >= self._next_s:
            self._next_s = now_s + self._every_s
            self._emit("heartbeat", **self._figures(now_s))

    def _figures(self, now_s: float) -> dict[str, float | int | str | None]:
        counts, wall_s = self._ledger.counts(), self._clock.wall()
        states = counts.states
        figures: dict[str, float | int | str | None] = {
            "waiting": sum(states.get(state, 0) for state in SETTLING),
            "queued": states.get(State.QUEUED, 0),
            "running": states.get(State.RUNNING, 0),
            "failed": sum(states.get(state, 0) for state in TROUBLED),
            "oldest_waiting_s": _age(counts.oldest_settling_at, wall_s),
            "oldest_queued_s": _age(counts.oldest_queued_at, wall_s),
            "last_done_s": _age(counts.last_done_at, wall_s),
            "free_mib": free_mib(self._output_root),
            "resident_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
            "uptime_s": round(now_s - self._started_s),
        }
        measured = self._gauges()
        figures["scan_ms"] = round(measured.get("sweep_s", 0.0) * 1000)
        known = {name: value for name, value in figures.items() if value is not None}
        return {"gauges": " ".join(f"{name}={value}" for name, value in known.items()), **known}


def _age(since: float | None, now: float) -> float | None:
    return None if since is None else round(max(0.0, now - since), 1)
