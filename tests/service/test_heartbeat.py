"""The line that says once a minute how the service is doing."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.clock import FakeClock
from service.disk import free_mib
from service.heartbeat import Heartbeat
from service.intake.ports import Generation, Observation, Settled
from service.ledger.ledger import Ledger, open_ledger
from service.ledger.states import State
from service.logs import Recorder

ROOT = b"/in"


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def ledger(tmp_path: Path, clock: FakeClock) -> Iterator[Ledger]:
    opened = open_ledger(tmp_path / "ledger.sqlite3", output_root=b"/out", clock=clock)
    yield opened
    opened.close()


def test_it_beats_when_due_and_not_in_between(ledger: Ledger, clock: FakeClock, tmp_path: Path) -> None:
    emit = Recorder()
    heart = Heartbeat(ledger, clock=clock, emit=emit, every_s=60, output_root=os.fsencode(tmp_path), gauges=dict)
    at = []
    for second in range(125):
        before = len(emit.events)
        heart.beat()
        at += [second] * (len(emit.events) - before)
        clock.advance(1)
    assert at == [0, 60, 120]


def test_its_figures_are_the_ledgers(ledger: Ledger, clock: FakeClock, tmp_path: Path) -> None:
    ledger.intake.enqueue([Settled(ROOT, b"%d.mp4" % n, Generation(1, n, 9, 1, str(n))) for n in range(4)])
    failed, rejected, running = ledger.claim(limit=3, now=clock.wall())
    ledger.fail(failed.job_id, reason="bug")
    ledger.reject(rejected.job_id, reason="not_media")
    clock.advance(30)
    ledger.intake.observe([Observation(ROOT, b"w.mp4", 1, 9, 9, 1, State.WAITING, "quiet", "it waits")])
    clock.advance(12.25)
    emit = Recorder()
    heart = Heartbeat(
        ledger,
        clock=clock,
        emit=emit,
        every_s=60,
        output_root=os.fsencode(tmp_path),
        gauges=lambda: {"sweep_s": 0.0421},
    )
    heart.beat()
    ((_, figures),) = emit.events
    expected = {
        "waiting": 1,
        "queued": 1,
        "running": 1,
        "failed": 2,
        "oldest_waiting_s": 12.2,
        "oldest_queued_s": 42.2,
        "scan_ms": 42,
        "uptime_s": 0,
    }
    assert {name: figures[name] for name in expected} == expected
    assert "last_done_s" not in figures, "nothing is done yet: unknown is not 0"
    assert figures["resident_mib"] > 5
    assert "queued=1 running=1 failed=2" in figures["gauges"]
    assert running.state is State.RUNNING


def test_free_space_is_unknown_where_there_is_no_folder(tmp_path: Path) -> None:
    assert free_mib(os.fsencode(tmp_path / "gone")) is None
    assert free_mib(os.fsencode(tmp_path)) > 0
