"""The live note over a real driver, scheduler and ledger; the pool is the fake, the clock stands still."""

from __future__ import annotations

import importlib
import os
import shutil
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from actors.backend import Failure, Outcome, StageItem, StageStatus
from actors.pool.fake_pool import ActorCrash, ActorHang, FakePool
from service.assembly import assemble
from service.clock import FakeClock
from service.configuration import load
from service.errors import ConfigError
from service.intake.enlist import enlist
from service.intake.figures import RootFigures
from service.ledger.ledger import Ledger, open_ledger, scribble_ledger
from service.live.keeper import AGAIN_S, LEAST_S, VITALS_S, Keeper
from service.live.note import LiveNote, parsed
from service.logs import Recorder
from service.metrics.counters import Counters
from service.metrics.gauges import Collector, Places

sys.path.insert(0, str(Path(__file__).parents[2] / "e2e"))
cheap = importlib.import_module("cheap_hosts")

EVERY_S = 60.0


class Host:
    """A canned host that does at one operation what a test wants."""

    def __init__(self, spec: Any, troubles: dict[str, Any]) -> None:
        self._host, self._troubles = cheap.cheap_host(spec), troubles

    def load(self) -> Any:
        return self._host.load()

    def call(self, operation: str, items: Sequence[StageItem]) -> list[Outcome]:
        trouble = self._troubles.get(operation)
        if isinstance(trouble, BaseException):
            raise trouble
        return [trouble] if trouble is not None else self._host.call(operation, items)

    def close(self) -> None:
        self._host.close()


class FakeIntake:
    ticked_s = 0.0

    def figures(self) -> tuple[RootFigures, ...]:
        return (RootFigures(b"/bl\xc3\xa5b\xe6r", None, watched=True, sweep_s=0.01, events=0, overflows=0),)


class FakeTrouble:
    sentence = None


class Bench:
    def __init__(self, home: Path, empty_ledger: Path) -> None:
        self.home, self.clock, self.troubles = home, FakeClock(), {}
        for name in ("in", "out", "state"):
            (home / name).mkdir()
        flags = {"state.dir": home / "state", "output.dir": home / "out", "profile": "embedded"}
        flags |= {"disk.low_water_mib": 0, "pool.recycle_s": 0.0}
        path, root = home / "state" / "ledger.sqlite3", os.fsencode(home / "out")
        shutil.copy(empty_ledger, path)
        self.ledger = open_ledger(path, output_root=root, clock=self.clock)
        self.counters = Counters(Recorder(), self.clock)
        self.driver = assemble(
            load(flags, environ={"HOME": str(home)}).configuration,
            ledger=self.ledger,
            emit=self.counters,
            pool_factory=lambda _: FakePool(lambda spec: Host(spec, self.troubles)),
            clock=self.clock,
        ).driver
        collector = Collector(
            ledger=self.ledger,
            intake=FakeIntake(),
            driver=self.driver,
            trouble=FakeTrouble(),
            counters=self.counters,
            places=Places(root, os.fsencode(home)),
            low_water_mib=0,
            clock=self.clock,
        )
        self.keeper = Keeper(
            open_ledger=lambda: scribble_ledger(path, clock=self.clock),
            driver=self.driver,
            collector=collector,
            clock=self.clock,
            every_s=EVERY_S,
        )

    def drop(self, *names: str) -> None:
        paths = [self.home / "in" / name for name in names]
        for path in paths:
            path.write_bytes(cheap.mp4(path.name.encode()))
        self.ledger.intake.enqueue(enlist([os.fsencode(path) for path in paths])[0])

    def step(self, times: int = 1, *, claim: bool = True) -> None:
        for _ in range(times):
            self.driver.step(timeout_s=0, claim=claim)

    def note(self) -> LiveNote:
        text = self.ledger.live_note()
        assert text is not None
        note = parsed(text.note)
        assert note is not None
        assert (note.pid, note.at) == (text.pid, text.at)
        return note

    def statuses(self, number: int = 0) -> dict[str, str]:
        return {stage.stage: stage.status for stage in self.note().jobs[number].stages}


@pytest.fixture(scope="module")
def empty_ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated ledger without rows, to be copied: migrating takes longer than most tests."""
    path = tmp_path_factory.mktemp("template") / "ledger.sqlite3"
    open_ledger(path).close()
    return path


@pytest.fixture
def bench(tmp_path: Path, empty_ledger: Path) -> Iterator[Bench]:
    made = Bench(tmp_path, empty_ledger)
    yield made
    made.keeper.close()
    made.driver.close()
    made.ledger.close()


def test_a_video_s_way_through_its_stages(bench: Bench) -> None:
    bench.drop("a.mp4")
    seen: dict[str, list[str]] = {}
    for _ in range(60):
        bench.step()
        bench.clock.advance(LEAST_S)
        bench.keeper.look()
        for job in bench.note().jobs:
            for stage in job.stages:
                told = seen.setdefault(stage.stage, [stage.status])
                told += [stage.status] if told[-1] != stage.status else []
    assert list(seen)[:2] == ["identify", "decode"]
    assert list(seen)[-1] == "fusion"
    assert seen["identify"] == ["running", "done"]
    assert seen["decode"] == ["pending", "running", "done"]
    assert seen["asr"] == ["pending", "running", "done"]
    assert seen["fusion"] == ["pending", "running"]
    assert bench.note().jobs == (), "it is done, and no longer in work"


def test_what_is_under_way_and_what_failed(bench: Bench) -> None:
    bench.troubles["ocr"] = Outcome(StageStatus.FAILED, reason="made up", failure=Failure.BUG)
    bench.troubles["captions"] = ActorHang()
    bench.drop("a.mp4")
    bench.step(40)
    began = bench.clock.wall()
    bench.clock.advance(5)
    bench.keeper.look()
    stages = {stage.stage: stage for stage in bench.note().jobs[0].stages}
    assert (stages["ocr"].status, stages["ocr"].reason) == ("failed", "made up")
    assert (stages["captions"].status, stages["captions"].started_at) == ("running", began)
    assert (stages["fusion"].status, stages["asr"].status) == ("pending", "done")
    assert stages["asr"].backend == "asr.canned"
    assert bench.note().jobs[0].ended == len(stages) - 2
    doing = [actor for actor in bench.note().actors if actor.doing]
    assert [actor.doing for actor in doing] == ["captions"]


def test_actors_and_stages(bench: Bench) -> None:
    bench.keeper.look()
    assert {actor.state for actor in bench.note().actors} == {"absent"}
    assert bench.note().pool_up is False
    settings = {stage.stage: stage for stage in bench.note().stages}
    assert (settings["asr"].available, settings["asr"].backend) == (True, "asr.pocketsphinx")
    assert (settings["diarization"].available, settings["diarization"].status) == (False, "disabled")
    assert settings["diarization"].reason
    bench.troubles["ocr"] = ActorCrash("segfault")
    bench.drop("a.mp4")
    bench.step(60)
    bench.clock.advance(LEAST_S)
    bench.keeper.look()
    actors = {actor.name: actor for actor in bench.note().actors}
    dead = next(actor for actor in actors.values() if "ocr" in actor.stages)
    assert dead.deaths >= 1
    assert dead.starts == dead.deaths + 1
    assert actors["media"].state == "ready"
    assert actors["media"].pid == os.getpid(), "the fake pool's processes are this one"
    (inbox,) = bench.note().vitals.inboxes
    assert inbox.path == "/blåb\\xe6r"
    assert set(bench.note().vitals.free_bytes) == {"output", "state"}


def test_it_writes_when_something_changed_and_seldom_otherwise(bench: Bench) -> None:
    look = bench.keeper.look
    assert look()
    assert not look(), "too early"
    written = 0
    for _ in range(int(EVERY_S) - 1):
        bench.clock.advance(LEAST_S)
        written += look()
    assert written == 0, "nothing has changed"
    bench.clock.advance(LEAST_S)
    assert look(), "a heartbeat has gone by"
    bench.drop("a.mp4")
    bench.step()
    assert not look(), "not more than once a second, whatever happens"
    bench.clock.advance(LEAST_S)
    assert look()
    written = 0
    for _ in range(int(VITALS_S)):
        bench.clock.advance(LEAST_S)
        written += look()
    assert written == 1, "while work goes on memory and disk are told anew"


def test_a_locked_ledger_is_not_waited_for_and_the_note_comes_later(bench: Bench) -> None:
    bench.drop("a.mp4")
    bench.step()
    before = bench.clock.monotonic()
    with bench.ledger.database.write():
        assert not bench.keeper.look()
    assert bench.clock.monotonic() == before
    bench.clock.advance(AGAIN_S)
    assert bench.keeper.look()
    assert len(bench.note().jobs) == 1


def test_a_ledger_that_may_not_be_opened_ends_nothing(bench: Bench) -> None:
    def refused() -> Ledger:
        raise ConfigError("it may not be read")

    bench.keeper._open, opened = refused, bench.keeper._open
    assert not bench.keeper.look()
    bench.keeper._open = opened
    bench.clock.advance(AGAIN_S)
    assert bench.keeper.look()


@pytest.mark.parametrize(
    ("text", "known"),
    [
        ('{"pid": 1, "at": 2.0, "started_at": 1.0, "pool_up": true, "of_a_later_version": [1]}', True),
        ('{"pid": 1}', False),
        ("", False),
        ('{"pid": 1, "at": 2.0, "started_at": 1.0, "pool_up": true, "jobs": [{"job": "x"}]}', False),
    ],
)
def test_notes_of_other_versions(text: str, *, known: bool) -> None:
    assert (parsed(text) is not None) is known
