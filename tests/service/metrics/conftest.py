"""A collector over a real ledger and real folders; intake and driver say what a test wants."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from service.clock import FakeClock
from service.intake.figures import RootFigures
from service.ledger.ledger import Ledger, open_ledger
from service.ledger.values import WorkPause
from service.logs import Emitter, Recorder
from service.logs.emitter import LogFigures
from service.metrics.counters import Counters
from service.metrics.gauges import Collector, Places


@dataclass
class FakeIntake:
    roots: tuple[RootFigures, ...] = ()
    ticked_s: float = 1_000.0

    def figures(self) -> tuple[RootFigures, ...]:
        return self.roots


@dataclass
class FakeDriver:
    pool_up: bool = False
    pause: WorkPause | None = None


@dataclass
class FakeTrouble:
    sentence: str | None = None


class CountingEmitter(Emitter):
    """An emitter that says what a test wants of its lines."""

    def __init__(self, figures: LogFigures) -> None:
        self._figures = figures

    def __call__(self, event: str, /, **_fields: Any) -> None: ...

    def figures(self) -> LogFigures:
        return self._figures


@dataclass
class Bench:
    """Everything a collector stands on."""

    home: Path
    ledger: Ledger
    clock: FakeClock
    emit: Recorder = field(default_factory=Recorder)
    intake: FakeIntake = field(default_factory=FakeIntake)
    driver: FakeDriver = field(default_factory=FakeDriver)
    trouble: FakeTrouble = field(default_factory=FakeTrouble)

    def __post_init__(self) -> None:
        self.counters = Counters(self.emit, self.clock)
        self.collector = self.make()

    def make(self, **changed: Any) -> Collector:
        places = Places(os.fsencode(self.home / "out"), os.fsencode(self.home))
        given = {
            "ledger": self.ledger,
            "intake": self.intake,
            "driver": self.driver,
            "counters": self.counters,
            "trouble": self.trouble,
            "places": places,
            "low_water_mib": 512,
            "clock": self.clock,
        }
        return Collector(**(given | changed))

    def with_log(self, figures: LogFigures) -> Collector:
        """Have a log beneath that counts, and everything counted so far with it."""
        self.counters._emit = CountingEmitter(figures)
        return self.make()

    @staticmethod
    def root(path: bytes = b"/in", **changed: Any) -> RootFigures:
        """What intake tells of an inbox."""
        given = {"lost": None, "watched": True, "sweep_s": 0.0421, "events": 0, "overflows": 0}
        return RootFigures(path, **(given | changed))


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    clock = FakeClock()
    (tmp_path / "out").mkdir()
    ledger = open_ledger(tmp_path / "ledger.sqlite3", output_root=os.fsencode(tmp_path / "out"), clock=clock)
    yield Bench(tmp_path, ledger, clock)
    ledger.close()
