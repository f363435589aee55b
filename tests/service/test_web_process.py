"""The web face beside the service, with a program of the test's in its place."""

from __future__ import annotations

import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from service import web_process
from service.clock import FakeClock
from service.web_process import STEADY_S, WebProcess

LIMIT_S = 30.0


class Ends:
    """Gathers what is told of its ends; the test waits for the last."""

    def __init__(self, *, lives: int) -> None:
        self.told: list[dict[str, Any]] = []
        self.all = threading.Event()
        self._lives = lives

    def __call__(self, event: str, **fields: Any) -> None:
        assert event == "web.ended"
        self.told.append(fields)
        if len(self.told) == self._lives:
            self.all.set()


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web_process, "FIRST_WAIT_S", 0.01)


def lives(program: list[str], ends: Ends, clock: FakeClock) -> list[dict[str, Any]]:
    with WebProcess([], ends, program=program, clock=clock):
        assert ends.all.wait(LIMIT_S)
    return ends.told


def test_each_end_in_a_row_is_waited_for_longer() -> None:
    clock = FakeClock()
    ends = Ends(lives=3)
    told = lives([sys.executable, "-c", "raise SystemExit(3)"], ends, clock)
    assert [(end["exit_code"], end["retry_in_s"]) for end in told[:3]] == [(3, 0.01), (3, 0.02), (3, 0.04)]


def test_a_host_that_cannot_start_it_is_asked_again(tmp_path: Path) -> None:
    clock = FakeClock()
    told = lives([str(tmp_path / "nowhere")], Ends(lives=2), clock)
    assert [("exit_code" in end, "nowhere" in end["cause"]) for end in told[:2]] == [(False, True)] * 2


def test_after_a_steady_life_the_wait_is_short_again() -> None:
    clock = FakeClock()
    ends = Ends(lives=4)
    process = WebProcess([], ends, program=[sys.executable, "-c", ""], clock=clock)
    begun = process._one_life

    def long_third_life() -> dict[str, Any]:
        if len(ends.told) == 2:
            clock.advance(STEADY_S + 1)
        return begun()

    process._one_life = long_third_life  # type: ignore[method-assign] # time passes while it lives
    with process:
        assert ends.all.wait(LIMIT_S)
    assert [end["retry_in_s"] for end in ends.told[:4]] == [0.01, 0.02, 0.01, 0.02]


def test_it_ends_with_the_block() -> None:
    clock = FakeClock()
    ends = Ends(lives=1)
    with WebProcess([], ends, program=[sys.executable, "-c", "import time; time.sleep(600)"], clock=clock) as process:
        while process._process is None:
            threading.Event().wait(0.01)
        child = process._process
    assert child.poll() is not None
    assert ends.told == []
