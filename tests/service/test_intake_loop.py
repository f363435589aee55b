"""The thread that steps intake."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from service import intake_loop
from service.clock import SystemClock
from service.intake_loop import IntakeLoop
from service.ledger.errors import LedgerBusy, LedgerCorrupt
from service.ledger_trouble import LedgerTrouble
from service.logs import Recorder
from service.pulse import Pulse

WITHIN_S = 10.0


class FakeIntake:
    """Waits as the real one does; its steps do what the test says."""

    def __init__(self, *answers: Callable[[], None]) -> None:
        self.calls: list[Any] = []
        self.stepped = threading.Semaphore(0)
        self.waiting = threading.Semaphore(0)
        self._answers = list(answers)
        self._wake = threading.Event()

    def start(self) -> None:
        self.calls.append("start")

    def stop(self) -> None:
        self.calls.append("stop")

    def step(self, _now_s: float) -> None:
        self._wake.clear()
        self.calls.append("step")
        self.stepped.release()
        if self._answers:
            self._answers.pop(0)()

    def wait(self, timeout_s: float) -> None:
        self.waiting.release()
        self._wake.wait(timeout_s)

    def wake(self) -> None:
        self._wake.set()

    def recheck(self, root: bytes, path: bytes) -> None:
        self.calls.append((root, path))

    def figures(self) -> tuple[str, ...]:
        return ("of a root",)


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., tuple[IntakeLoop, FakeIntake, Recorder]]]:
    monkeypatch.setattr(intake_loop, "AFTER_FAILURE_S", 0.01)
    monkeypatch.setattr(intake_loop, "LONGEST_PAUSE_S", 60.0)
    loops: list[IntakeLoop] = []

    def start(
        *answers: Callable[[], None], on_change: Callable[[], None] = lambda: None
    ) -> tuple[IntakeLoop, FakeIntake, Recorder]:
        intake, emit = FakeIntake(*answers), Recorder()
        clock = SystemClock()
        trouble = LedgerTrouble(Path("/state"), low_water_mib=0, clock=clock, emit=emit)
        pulse = Pulse("intake", limit_s=60.0, clock=clock)
        loop = IntakeLoop(intake, clock=clock, emit=emit, trouble=trouble, on_change=on_change, pulse=pulse)
        loop.start()
        loops.append(loop)
        return loop, intake, emit

    yield start
    for loop in loops:
        loop.stop()


def raising(error: Exception) -> Callable[[], None]:
    def step() -> None:
        raise error

    return step


def test_it_ends_at_once_although_intake_waits(run: Any) -> None:
    loop, intake, _ = run()
    assert intake.waiting.acquire(timeout=WITHIN_S)
    began_s = time.monotonic()
    loop.stop(timeout_s=WITHIN_S)
    assert time.monotonic() - began_s < WITHIN_S / 2
    assert intake.calls == ["start", "step", "stop"]


def test_a_recheck_is_taken_up_at_once_and_before_the_step(run: Any) -> None:
    loop, intake, _ = run()
    assert intake.waiting.acquire(timeout=WITHIN_S)
    loop.recheck(b"/in", b"a.mp4")
    assert intake.waiting.acquire(timeout=WITHIN_S)
    assert intake.calls == ["start", "step", (b"/in", b"a.mp4"), "step"]


@pytest.mark.parametrize(
    ("error", "event"),
    [(LedgerBusy("somebody writes"), "ledger.busy"), (ZeroDivisionError("a bug"), "scan.failed")],
    ids=["a busy ledger", "a bug"],
)
def test_a_step_that_fails_is_logged_and_the_next_one_comes(run: Any, error: Exception, event: str) -> None:
    _, intake, emit = run(raising(error))
    assert intake.stepped.acquire(timeout=WITHIN_S)
    assert intake.stepped.acquire(timeout=WITHIN_S)
    (told,) = emit.named(event)
    assert str(error) in told["cause"]


def test_a_damaged_ledger_ends_the_loop_and_is_handed_on(run: Any) -> None:
    loop, intake, emit = run(raising(LedgerCorrupt("page 7")))
    loop._thread.join(WITHIN_S)
    assert str(loop.damage) == "page 7"
    assert (intake.calls, emit.events) == (["start", "step"], [])


def test_the_driver_hears_after_every_step(run: Any) -> None:
    heard = threading.Event()
    run(on_change=heard.set)
    assert heard.wait(WITHIN_S)


def test_the_figures_are_intakes(run: Any) -> None:
    loop, _, _ = run()
    assert loop.figures() == ("of a root",)
