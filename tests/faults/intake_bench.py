"""Intake on a real folder, in steps of half a second of a clock that moves only when told to."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path

from service.clock import FakeClock
from service.intake.fake_ledger import FakeLedger
from service.intake.intake import Intake
from service.intake.settings import IntakeSettings
from service.intake.watch import WatchFactory
from service.logs import Recorder

WINDOW_S = 10.0
STEP_S = 0.5


@dataclass
class Bench:
    """An inbox, and everything that is said of it. watch_factory: None scans only."""

    root: Path
    watch_factory: WatchFactory | None = None
    clock: FakeClock = field(default_factory=FakeClock)
    ledger: FakeLedger = field(default_factory=FakeLedger)
    emit: Recorder = field(default_factory=Recorder)

    def __post_init__(self) -> None:
        settings = IntakeSettings(quiet_whole_s=WINDOW_S, quiet_local_s=WINDOW_S, foreign_quiet_s=WINDOW_S)
        root = os.fsencode(self.root)
        self.intake = Intake([root], settings, self.ledger, self.emit, self.clock, watch_factory=self.watch_factory)
        self.intake.start()

    def run(self, seconds: float) -> None:
        end_s = self.clock.monotonic() + seconds
        while self.clock.monotonic() < end_s:
            self.intake.step(self.clock.monotonic())
            self.clock.advance(STEP_S)
        self.intake.step(self.clock.monotonic())

    def state(self, path: Path) -> str:
        return str(self.ledger.states()[os.fsencode(path.name)])
