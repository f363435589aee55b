"""How the service is doing at one moment: gathered here, told by the heartbeat and by the metrics alike."""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

from service.clock import Clock
from service.disk import free_bytes
from service.intake.figures import RootFigures
from service.ledger.errors import LedgerError
from service.ledger.ledger import Ledger
from service.ledger.values import Counts, WorkPause
from service.logs.emitter import LogFigures
from service.metrics import processes
from service.metrics.counters import Counted, Counters


class Intake(Protocol):
    """What is asked of the intake's loop."""

    ticked_s: float

    def figures(self) -> tuple[RootFigures, ...]:
        """See `IntakeLoop.figures`."""


class Driver(Protocol):
    """What is asked of the driver."""

    @property
    def pool_up(self) -> bool:
        """See `Driver.pool_up`."""

    @property
    def pause(self) -> WorkPause | None:
        """See `Driver.pause`."""


class Trouble(Protocol):
    """What is asked of the ledger's trouble."""

    @property
    def sentence(self) -> str | None:
        """See `LedgerTrouble.sentence`."""


@dataclass(frozen=True, slots=True)
class Gauges:
    """How the service is doing. What is not known is None, never 0; `*_s` are seconds, `*_bytes` bytes.

    now_s: wall clock. since_tick_s: per loop, since it last began a round. pause: why no work is begun, a code; None
    where it is. log: None where the log does not count.
    memory_bytes: by process: `service`, each actor by its name, `other` for all the rest below the service.
    """

    now_s: float
    started_s: float
    uptime_s: float
    since_tick_s: Mapping[str, float]
    counts: Counts | None
    ledger_bytes: int | None
    roots: tuple[RootFigures, ...]
    watches: int | None
    watches_limit: int | None
    free_bytes: Mapping[str, int]
    low_water_bytes: int
    memory_bytes: Mapping[str, int]
    pool_up: bool
    pause: str | None
    log: LogFigures | None
    counted: Counted


@dataclass(frozen=True, slots=True)
class Places:
    """Where things lie. ledger: the file; None where the ledger is no file of this host."""

    output: bytes
    state: bytes


class Collector:
    """Gathers `Gauges`; cheap, and never raises for what cannot be known just now. From any thread."""

    def __init__(
        self,
        *,
        ledger: Ledger,
        intake: Intake,
        driver: Driver,
        trouble: Trouble,
        counters: Counters,
        places: Places,
        low_water_mib: int,
        clock: Clock,
    ) -> None:
        self._ledger = ledger
        self._intake = intake
        self._driver = driver
        self._counters = counters
        self._trouble = trouble
        self._places = places
        self.low_water_bytes = low_water_mib * 2**20
        self._clock = clock
        self._counting = threading.Lock()
        self._counted: tuple[int, Counts] | None = None
        self.ticked_s = clock.monotonic()
        """When the driver's loop last began a round (monotonic); its owner sets it."""

    @property
    def started_s(self) -> float:
        """When the service started, wall clock."""
        return self._counters.started_s

    def counted(self) -> Counted:
        """Return what was counted since the start."""
        return self._counters.counted()

    def gauges(self, *, counting: bool = True) -> Gauges:
        """Return how the service is doing now; counting: with what is in the ledger."""
        now_s = self._clock.monotonic()
        counted = self._counters.counted()
        return Gauges(
            now_s=self._clock.wall(),
            started_s=self._counters.started_s,
            uptime_s=now_s - self._counters.began_s,
            since_tick_s={
                "driver": max(0.0, now_s - self.ticked_s),
                "intake": max(0.0, now_s - self._intake.ticked_s),
            },
            counts=self._counts() if counting else None,
            ledger_bytes=self._ledger_bytes(),
            roots=self._intake.figures(),
            watches=processes.watches(),
            watches_limit=processes.watches_limit(),
            free_bytes=_known({"output": free_bytes(self._places.output), "state": free_bytes(self._places.state)}),
            low_water_bytes=self.low_water_bytes,
            memory_bytes=_memory(counted),
            pool_up=self._driver.pool_up,
            pause=self._pause(),
            log=self._counters.log_figures(),
            counted=counted,
        )

    def _pause(self) -> str | None:
        pause = self._driver.pause
        if pause is not None:
            return pause.reason
        return None if self._trouble.sentence is None else "ledger"

    def _ledger_bytes(self) -> int | None:
        with suppress(LedgerError):
            return self._ledger.size_bytes()
        return None

    def _counts(self) -> Counts | None:
        """Count what is in the ledger, once for each change of it: 100,000 rows take a tenth of a second."""
        # A ledger that is locked for long must not silence the heartbeat, which is how anybody gets to know of it.
        with suppress(LedgerError), self._counting:
            version = self._ledger.data_version()
            if self._counted is None or self._counted[0] != version:
                self._counted = (version, self._ledger.counts())
            return self._counted[1]
        return None


def _memory(counted: Counted) -> dict[str, int]:
    own = os.getpid()
    return _known({"service": processes.resident_bytes(own)}) | processes.memory_below(own, counted.actors)


def _known(values: Mapping[str, int | None]) -> dict[str, int]:
    return {name: value for name, value in values.items() if value is not None}
