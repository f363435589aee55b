"""Clocks that jump, injected: windows are monotonic, and wall time is for what outlives a boot."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from films import film
from intake_bench import WINDOW_S, Bench

from service.clock import FakeClock
from service.intake.ports import Generation, Settled
from service.ledger.jobs import CLOCK_STEP_S
from service.ledger.ledger import Ledger, open_ledger
from service.logs.render import timestamp

DAY_S = 86_400.0


@pytest.fixture
def bench(tmp_path: Path) -> Iterator[Bench]:
    (tmp_path / "in").mkdir()
    made = Bench(tmp_path / "in")
    yield made
    made.intake.stop()


JUMPS = [
    pytest.param(-DAY_S, id="a-day-back", marks=pytest.mark.fault("the clock is set back by a day")),
    pytest.param(DAY_S, id="a-day-on", marks=pytest.mark.fault("the clock is set forward by a day")),
    pytest.param(-0.3, id="a-step-of-ntp", marks=pytest.mark.fault("NTP steps the clock")),
    pytest.param(8 * 3600.0, id="asleep", marks=pytest.mark.fault("the host is suspended")),
]
"""While a host sleeps, its monotonic clock stands still and the other one does not: to us the same as a step."""


@pytest.mark.parametrize("jump_s", JUMPS)
def test_a_quiet_window_is_as_long_as_ever(bench: Bench, jump_s: float) -> None:
    path = film(bench.root / "a.mp4")
    bench.run(WINDOW_S / 2)
    bench.clock.wall_s += jump_s
    bench.run(WINDOW_S / 2 - 1)
    assert bench.state(path) == "waiting"
    bench.run(2)
    assert bench.state(path) == "queued"


@pytest.mark.parametrize("jump_s", JUMPS)
def test_a_file_that_is_not_whole_is_given_up_no_earlier(bench: Bench, jump_s: float) -> None:
    path = film(bench.root / "a.mp4")
    os.truncate(path, path.stat().st_size - 20)
    bench.run(2 * WINDOW_S)
    assert bench.state(path) == "incomplete"
    bench.clock.wall_s += jump_s
    bench.run(600)
    assert bench.state(path) == "incomplete"


@pytest.mark.parametrize("mtime_s", [0, 1, 4_102_444_800], ids=["1970", "a-second-later", "2100"])
@pytest.mark.fault("a file's time lies in the future, or in 1970")
def test_a_files_own_time_says_nothing(bench: Bench, mtime_s: int) -> None:
    path = film(bench.root / "a.mp4")
    os.utime(path, (mtime_s, mtime_s))
    bench.run(WINDOW_S + 2)
    assert bench.state(path) == "queued"


@pytest.fixture
def retried(tmp_path: Path) -> Iterator[tuple[Ledger, FakeClock]]:
    """A job that is tried again in a minute."""
    clock = FakeClock()
    ledger = open_ledger(tmp_path / "ledger.sqlite3", output_root=b"/out", clock=clock)
    ledger.intake.enqueue([Settled(b"/in", b"a.mp4", Generation(1, 2, 3, 4, "five"))])
    (job,) = ledger.claim(limit=1, now=clock.wall())
    ledger.retry_later(job.job_id, not_before=clock.wall() + 60.0, reason="made_up")
    yield ledger, clock
    ledger.close()


# Seconds on the clock's face; how far it is set meanwhile; whether the retry is due then.
RETRIES: list[Any] = [
    pytest.param(59.0, 0.0, False, id="not-yet"),
    pytest.param(60.0, 0.0, True, id="after-its-minute"),
    pytest.param(1.0, -DAY_S, True, id="a-day-back", marks=pytest.mark.fault("the clock is set back by a day")),
    pytest.param(1.0, DAY_S, True, id="a-day-on", marks=pytest.mark.fault("the clock is set forward by a day")),
    pytest.param(59.0, -0.5, False, id="half-a-second-back", marks=pytest.mark.fault("NTP steps the clock")),
    pytest.param(60.0 + CLOCK_STEP_S, -CLOCK_STEP_S, True, id="the-largest-step-that-passes-unseen"),
]


@pytest.mark.parametrize(("passed_s", "step_s", "due"), RETRIES)
def test_a_retry_is_never_postponed_by_a_clock(
    retried: tuple[Ledger, FakeClock], passed_s: float, step_s: float, due: object
) -> None:
    ledger, clock = retried
    clock.advance(passed_s)
    clock.wall_s += step_s
    next_s = ledger.next_due(clock.wall())
    assert next_s is not None
    assert (next_s <= clock.wall()) is due
    assert bool(ledger.claim(limit=1, now=clock.wall())) is due


@pytest.mark.fault("daylight saving begins")
def test_daylight_saving_is_for_people(monkeypatch: pytest.MonkeyPatch) -> None:
    """Seconds since the epoch know no seasons, and the log's times are UTC."""
    before_s = 1_774_745_999.0  # 2026-03-29 00:59:59 UTC, a second before Europe's clocks go from 2 to 3
    told = []
    for zone in ("Europe/Oslo", "UTC"):
        monkeypatch.setenv("TZ", zone)
        time.tzset()
        told.append([timestamp(before_s + seconds) for seconds in (0.0, 1.0)])
    monkeypatch.undo()
    time.tzset()
    assert told[0] == told[1] == ["2026-03-29T00:59:59.000Z", "2026-03-29T01:00:00.000Z"]
