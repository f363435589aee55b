"""The line that says once a minute how the service is doing."""

from __future__ import annotations

import shutil
from typing import Any

import pytest

from service.intake.ports import Generation, Observation, Settled
from service.ledger.errors import LedgerBusy
from service.ledger.ledger import Ledger
from service.ledger.states import State
from service.ledger.values import WorkPause
from service.logs.emitter import LogFigures
from service.logs.examples import HEARTBEAT
from service.logs.vocabulary import EVENTS
from service.metrics.heartbeat import Heartbeat

ROOT = b"/in"


def heart(bench: Any, **changed: Any) -> Heartbeat:
    return Heartbeat(bench.make(**changed), clock=bench.clock, emit=bench.emit, every_s=60)


def beat(bench: Any, heart: Heartbeat) -> dict[str, Any]:
    heart.beat()
    return bench.emit.named("heartbeat")[-1]


def test_it_beats_when_due_and_not_in_between(bench: Any) -> None:
    heartbeat = heart(bench)
    at = []
    for second in range(125):
        before = len(bench.emit.events)
        heartbeat.beat()
        at += [second] * (len(bench.emit.events) - before)
        bench.clock.advance(1)
    assert at == [0, 60, 120]


def test_its_figures_are_the_ledgers(bench: Any) -> None:
    ledger, clock = bench.ledger, bench.clock
    ledger.intake.enqueue([Settled(ROOT, b"%d.mp4" % n, Generation(1, n, 9, 1, str(n))) for n in range(4)])
    failed, rejected, running = ledger.claim(limit=3, now=clock.wall())
    ledger.fail(failed.job_id, reason="bug")
    ledger.reject(rejected.job_id, reason="not_media")
    clock.advance(30)
    ledger.intake.observe([Observation(ROOT, b"w.mp4", 1, 9, 9, 1, State.WAITING, "quiet", "it waits")])
    clock.advance(12.25)
    figures = beat(bench, heart(bench))
    expected = {
        "seen": 5,
        "settling": 1,
        "queued": 1,
        "running": 1,
        "failed": 2,
        "oldest_settling_s": 12.2,
        "oldest_queued_s": 42.2,
        "uptime_s": 42,
    }
    assert {name: figures[name] for name in expected} == expected
    assert "last_done_s" not in figures, "nothing is done yet: unknown is not 0"
    assert figures["ledger_mib"] > 0
    assert figures["resident_mib"] > 5
    assert "queued=1 running=1 failed=2" in figures["gauges"]
    assert running.state is State.RUNNING


def test_its_figures_are_the_intakes(bench: Any) -> None:
    lost = bench.root(b"/lost", lost="gone", sweep_s=0.5, overflows=1)
    bench.intake.roots = (bench.root(sweep_s=0.0421, overflows=2), lost, bench.root(b"/well"))
    figures = beat(bench, heart(bench))
    assert (figures["scan_ms"], figures["overflows"], figures["roots_lost"]) == (500.0, 3, 1)
    assert isinstance(figures["watches"], int)


def test_events_are_a_mean_since_the_last_beat(bench: Any) -> None:
    heartbeat = heart(bench)
    bench.intake.roots = (bench.root(events=1000),)
    assert "events_per_s" not in beat(bench, heartbeat), "a mean over no time is not known"
    bench.intake.roots = (bench.root(events=1030), bench.root(b"/new", events=90))
    bench.clock.advance(60)
    assert beat(bench, heartbeat)["events_per_s"] == 2.0


def test_a_ledger_that_is_built_again_is_no_new_start(bench: Any) -> None:
    bench.clock.advance(100)
    assert beat(bench, heart(bench))["uptime_s"] == 100
    assert bench.make().gauges().started_s == bench.clock.wall() - 100


def test_it_tells_of_a_pause_and_the_pool(bench: Any) -> None:
    calm = beat(bench, heart(bench))
    assert (calm["paused"], calm["pool_up"], "reason" in calm) == (False, False, False)
    bench.driver.pause, bench.driver.pool_up = WorkPause("disk_full", b"/out", 512), True
    paused = beat(bench, heart(bench))
    assert (paused["paused"], paused["reason"], paused["pool_up"]) == (True, "disk_full", True)


def test_a_ledger_that_cannot_be_used_is_a_pause(bench: Any) -> None:
    bench.trouble.sentence = "locked"
    paused = beat(bench, heart(bench))
    assert (paused["paused"], paused["reason"]) == (True, "ledger")


def test_it_tells_what_became_of_the_log(bench: Any) -> None:
    assert "log_dropped" not in beat(bench, heart(bench)), "nobody counted"
    bench.with_log(LogFigures({"info": 9}, suppressed=4, dropped=2))
    figures = beat(bench, heart(bench))
    assert (figures["log_suppressed"], figures["log_dropped"]) == (4, 2)


class BusyLedger:
    def data_version(self) -> int:
        return 1

    def counts(self) -> None:
        raise LedgerBusy("locked")

    def size_bytes(self) -> int:
        raise LedgerBusy("locked")


def test_the_ledger_is_counted_again_only_when_it_has_changed(bench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    collector, asked = bench.collector, []
    real = Ledger.counts
    monkeypatch.setattr(Ledger, "counts", lambda ledger: asked.append(1) or real(ledger))
    collector.gauges()
    collector.gauges()
    assert len(asked) == 1
    bench.ledger.intake.enqueue([Settled(ROOT, b"new.mp4", Generation(1, 1, 9, 1, "x"))])
    assert collector.gauges().counts.states == {State.QUEUED: 1}
    assert len(asked) == 2


def test_a_locked_ledger_does_not_silence_it(bench: Any) -> None:
    figures = beat(bench, heart(bench, ledger=BusyLedger()))
    assert not figures.keys() & {"seen", "queued", "running", "failed", "settling", "oldest_queued_s"}
    assert figures["output_free_mib"] > 0


def test_what_cannot_be_known_is_left_out(bench: Any) -> None:
    shutil.rmtree(bench.home / "out")
    figures = beat(bench, heart(bench))
    assert not figures.keys() & {"output_free_mib", "scan_ms", "last_done_s"}
    assert figures["state_free_mib"] > 0


def test_its_example_shows_every_figure() -> None:
    assert HEARTBEAT.keys() | {"gauges", "reason"} == EVENTS["heartbeat"].fields - {
        "job",
        "video_id",
        "attempt",
        "run_id",
        "root",
    }


@pytest.mark.parametrize("name", ["settling", "paused", "pool_up", "ledger_mib"])
def test_the_summary_is_the_fields(bench: Any, name: str) -> None:
    figures = beat(bench, heart(bench))
    assert f"{name}={figures[name]}" in figures["gauges"].split()
