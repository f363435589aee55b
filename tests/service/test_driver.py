"""The driver with the real ledger, scheduler and fusion over the fake pool; time is told, models are canned."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from actors.backend import Failure, Outcome, StageItem, StageStatus
from actors.errors import EnvironmentFault
from actors.fusion.published import published
from actors.pool.base import ActorSpec, HostReport
from actors.pool.fake_pool import ActorCrash, ActorHang, FakePool
from service.assembly import Assembly, assemble
from service.clock import FakeClock
from service.configuration import load
from service.driver import CannotWork
from service.intake.enlist import enlist
from service.ledger.errors import LedgerBusy, LedgerUnavailable
from service.ledger.ledger import open_ledger
from service.ledger.states import State
from service.ledger.values import Selector
from service.recovery import recover

sys.path.insert(0, str(Path(__file__).parents[1] / "e2e"))
cheap = importlib.import_module("cheap_hosts")

Answer = Callable[[], Outcome | None]


def failed(failure: Failure, reason: str = "made up") -> Answer:
    return lambda: Outcome(StageStatus.FAILED, reason=reason, failure=failure)


def crash() -> Outcome:
    raise ActorCrash("segfault")


def hang() -> Outcome:
    raise ActorHang


@dataclass
class Script:
    """What goes wrong: per operation, what happens at each call before it works; and every call that was made."""

    troubles: dict[str, list[Answer]] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)

    def host(self, spec: ActorSpec) -> Any:
        return ScriptedHost(self, cheap.cheap_host(spec))


class ScriptedHost:
    def __init__(self, script: Script, host: Any) -> None:
        self._script = script
        self._host = host

    def load(self) -> HostReport:
        report: HostReport = self._host.load()
        return report

    def call(self, operation: str, items: Sequence[StageItem]) -> list[Outcome]:
        self._script.calls.append(operation)
        trouble = self._script.troubles.get(operation)
        if trouble:
            outcome = trouble.pop(0)()
            if outcome is not None:
                return [outcome]
        outcomes: list[Outcome] = self._host.call(operation, items)
        return outcomes

    def close(self) -> None:
        self._host.close()


class Bench:
    """A service without intake on a temporary folder."""

    def __init__(self, home: Path, script: Script) -> None:
        (home / "in").mkdir()
        (home / "out").mkdir()
        self.home = home
        self.clock = FakeClock()
        self.events: list[tuple[str, dict[str, Any]]] = []
        self.script = script
        self.configuration = load(
            {
                "state.dir": home / "state",
                "output.dir": home / "out",
                "intake.inboxes": [home / "in"],
                "profile": "embedded",
                "disk.low_water_mib": 0,
                "pool.recycle_s": 0.0,
            },
            environ={"HOME": str(home)},
        ).configuration
        self.ledger = open_ledger(
            home / "state" / "ledger.sqlite3", output_root=os.fsencode(home / "out"), clock=self.clock
        )
        self.assembly = self.assemble()

    def assemble(self) -> Assembly:
        return assemble(
            self.configuration,
            ledger=self.ledger,
            emit=lambda event, **fields: self.events.append((event, fields)),
            pool_factory=lambda _configuration: FakePool(self.script.host),
            clock=self.clock,
        )

    def drop(self, name: str, payload: bytes = b"x") -> Path:
        path = self.home / "in" / name
        path.write_bytes(cheap.mp4(payload))
        settled, refused = enlist([self.home / "in"])
        assert not refused
        self.ledger.intake.enqueue(settled)
        return path

    def run(self, *, steps: int = 400, seconds_a_step: float = 0.01) -> None:
        for _ in range(steps):
            claimed = self.assembly.driver.step(timeout_s=0)
            self.clock.advance(seconds_a_step)
            due = self.ledger.next_due(self.clock.wall())
            paused = "work.paused" in self.names()[-3:]
            if not claimed and not self.assembly.driver.busy and (paused or due is None or due > self.clock.wall()):
                return
        pytest.fail("the driver does not come to rest")

    def state(self, path: Path) -> State:
        return self.ledger.find(os.fsencode(path))[0].state

    def names(self) -> list[str]:
        return [name for name, _ in self.events]


@pytest.fixture
def script() -> Script:
    return Script()


@pytest.fixture
def bench(tmp_path: Path, script: Script) -> Any:
    made = Bench(tmp_path, script)
    yield made
    made.assembly.driver.close()
    made.ledger.close()


def test_a_file_becomes_its_document(bench: Bench) -> None:
    path = bench.drop("a.mp4")
    bench.run()
    assert bench.state(path) is State.DONE
    found = published(os.fsencode(bench.home / "out"), "a")
    assert found is not None
    assert found.status == "complete"
    assert (bench.home / "out" / "a" / "frames" / "a_s002.jpg").is_file()


def test_a_second_run_uses_what_is_stored_and_a_reprocessed_stage_runs_alone(bench: Bench) -> None:
    path = bench.drop("a.mp4")
    bench.run()
    bench.script.calls.clear()
    bench.ledger.reprocess(Selector.of(os.fsencode(path)), stages=("ocr", "captions"))
    bench.run()
    assert sorted(bench.script.calls) == ["captions", "decode", "fusion", "identify", "ocr"]
    assert bench.state(path) is State.DONE


@pytest.mark.parametrize(
    ("operation", "trouble", "state", "calls", "event"),
    [
        pytest.param("decode", [failed(Failure.BAD_INPUT)], State.REJECTED, 1, "job.rejected", id="bad-input"),
        pytest.param("decode", [failed(Failure.BUG)], State.FAILED, 1, "job.failed", id="bug"),
        pytest.param("decode", [failed(Failure.TRANSIENT)] * 9, State.FAILED, 4, "job.failed", id="transient-for-good"),
        pytest.param("decode", [failed(Failure.TRANSIENT)], State.DONE, 2, "job.retry", id="transient"),
        pytest.param("decode", [crash], State.DONE, 2, "actor.died", id="one-death"),
        pytest.param("decode", [crash, crash], State.PARKED, 2, "job.parked", id="two-deaths"),
        pytest.param("decode", [hang, hang], State.PARKED, 2, "actor.killed", id="two-hangs"),
        pytest.param("ocr", [failed(Failure.BUG)], State.DONE, 1, "stage.failed", id="optional-bug"),
        pytest.param("ocr", [crash, crash], State.PARKED, 2, "job.parked", id="optional-deaths"),
        pytest.param("ocr", [hang, hang], State.PARKED, 2, "job.parked", id="optional-hangs"),
        pytest.param(
            "fusion", [failed(Failure.ENVIRONMENT, "disk_full")], State.DONE, 3, "work.resumed", id="disk-full"
        ),
        pytest.param("identify", [failed(Failure.SOURCE_CHANGED)], State.SUPERSEDED, 1, "job.superseded", id="changed"),
        pytest.param("identify", [failed(Failure.SOURCE_CHANGED, "missing")], State.GONE, 1, "file.gone", id="gone"),
        pytest.param(
            "identify", [failed(Failure.BAD_INPUT, "unreadable")], State.BLOCKED, 1, "file.blocked", id="blocked"
        ),
    ],
)
def test_trouble_ends_in_a_named_state(
    bench: Bench, operation: str, trouble: list[Answer], state: State, calls: int, event: str
) -> None:
    path = bench.drop("a.mp4")
    bench.script.troubles[operation] = list(trouble)
    for _ in range(8):
        bench.run(seconds_a_step=5.0)
        bench.clock.advance(400.0)
    job = next(job for job in bench.ledger.jobs(list(State)) if job.absolute_path == os.fsencode(path))
    assert job.state is state
    assert bench.script.calls.count(operation) == calls
    assert event in bench.names()


@pytest.mark.parametrize(
    ("trouble", "status"), [([crash, crash], "failed"), ([hang, hang], "timed_out")], ids=["deaths", "hangs"]
)
def test_a_parked_video_still_gets_what_the_other_stages_found(
    bench: Bench, trouble: list[Answer], status: str
) -> None:
    bench.drop("a.mp4")
    bench.script.troubles["ocr"] = list(trouble)
    for _ in range(4):
        bench.run(seconds_a_step=5.0)
    found = published(os.fsencode(bench.home / "out"), "a")
    assert found is not None
    assert (found.status, str(found.stages["ocr"])) == ("partial", status)


def test_a_full_disk_costs_no_attempt_and_pauses_the_rest(bench: Bench) -> None:
    path, other = bench.drop("a.mp4", b"a"), bench.drop("b.mp4", b"b")
    bench.script.troubles["fusion"] = [failed(Failure.ENVIRONMENT, "disk_full")] * 2
    bench.run()
    assert {bench.state(path), bench.state(other)} == {State.QUEUED}
    assert bench.names().count("work.paused") == 1
    bench.clock.advance(6.0)
    bench.run()
    jobs = bench.ledger.jobs()
    assert {job.state for job in jobs} == {State.DONE}
    assert {job.attempts for job in jobs} == {1}


LEDGER_CALLS = ("claim", "identified", "results_of", "allocate_name", "store_results", "finish")


@pytest.mark.parametrize("error", [LedgerBusy("locked"), LedgerUnavailable("full", reason="disk_full")], ids=repr)
@pytest.mark.parametrize("call", LEDGER_CALLS)
def test_what_the_ledger_does_not_take_is_told_again(
    bench: Bench, monkeypatch: pytest.MonkeyPatch, call: str, error: Exception
) -> None:
    """Two videos, so that one's answers wait behind what is owed about the other."""
    paths = [bench.drop("a.mp4", b"a"), bench.drop("b.mp4", b"b")]
    real, refused = getattr(type(bench.ledger), call), []

    def refusing(self: Any, *arguments: Any, **named: Any) -> Any:
        if len(refused) < 3:
            refused.append(call)
            raise error
        return real(self, *arguments, **named)

    def prompt(self: FakePool, *, timeout_s: float) -> Any:
        """Every actor works on while the driver waits for the ledger, as processes of their own do."""
        found = list(answer(self, timeout_s=timeout_s))
        while more := answer(self, timeout_s=0):
            found += more
        return found

    answer = FakePool.wait
    monkeypatch.setattr(FakePool, "wait", prompt)
    monkeypatch.setattr(type(bench.ledger), call, refusing)
    for _ in range(3):
        with pytest.raises(type(error)):
            bench.run()
        bench.clock.advance(10_000.0)  # the actors have answered long since: nobody is overdue
    bench.run()
    assert [bench.state(path) for path in paths] == [State.DONE] * 2
    assert {job.attempts for job in bench.ledger.jobs()} == {1}
    assert not {"actor.killed", "job.retry", "job.released"} & set(bench.names())
    assert bench.names().count("job.done") == 2


def test_what_the_ledger_does_not_take_to_the_end_is_recovered_by_the_next_start(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = bench.drop("a.mp4")
    bench.assembly.driver.step(timeout_s=0)

    def refuse(*_arguments: Any, **_named: Any) -> Any:
        raise LedgerUnavailable("full")

    with monkeypatch.context() as patched:
        patched.setattr(type(bench.ledger), "release", refuse)
        bench.assembly.driver.close()
    assert bench.names()[-1] == "ledger.busy"
    assert bench.state(path) is State.RUNNING
    root = os.fsencode(bench.home / "out")
    recover(bench.ledger, output_root=root, inboxes=[], now=bench.clock.wall(), emit=lambda *_a, **_k: None)
    bench.assembly = bench.assemble()
    bench.run()
    assert bench.state(path) is State.DONE


@pytest.mark.fault("no process can be started")
def test_a_host_without_room_for_a_process_costs_no_attempt(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = [bench.drop("a.mp4", b"a"), bench.drop("b.mp4", b"b")]
    real, refusals = FakePool.start, [3]

    def start(self: FakePool, spec: ActorSpec) -> None:
        if spec.name == "fusion" and refusals[0]:
            refusals[0] -= 1
            raise EnvironmentFault("no_processes", "Resource temporarily unavailable; raise the limit of processes")
        real(self, spec)

    monkeypatch.setattr(FakePool, "start", start)
    for _ in range(4):
        bench.run()
        bench.clock.advance(61.0)
    bench.run()
    assert [bench.state(path) for path in paths] == [State.DONE] * 2
    assert {job.attempts for job in bench.ledger.jobs()} == {1}
    (paused, *_) = [fields for event, fields in bench.events if event == "work.paused"]
    assert (paused["reason"], "TasksMax" in paused["remedy"]) == ("no_processes", True)
    assert not {"actor.died", "job.parked", "node.lost"} & set(bench.names())


def test_a_suspect_runs_alone(bench: Bench) -> None:
    suspect = bench.drop("a.mp4", b"a")
    bench.script.troubles["decode"] = [crash]
    others = [bench.drop(f"{n}.mp4", b"%d" % n) for n in range(3)]
    bench.run()
    assert {bench.state(path) for path in [suspect, *others]} == {State.DONE}
    told = [(event, fields["path"]) for event, fields in bench.events if event in {"job.claimed", "job.done"}]
    again = [place for place, what in enumerate(told) if what == ("job.claimed", b"a.mp4")][1]
    assert told[again + 1] == ("job.done", b"a.mp4")
    before = told[:again]
    assert len([1 for event, path in before if event == "job.claimed" and path != b"a.mp4"]) == len(
        [1 for event, _ in before if event == "job.done"]
    )


def test_the_same_bytes_twice_make_one_document_that_names_both(bench: Bench) -> None:
    first = bench.drop("a.mp4", b"same")
    bench.run()
    second = bench.drop("b.mp4", b"same")
    bench.run()
    assert (bench.state(first), bench.state(second)) == (State.DONE, State.DUPLICATE)
    found = published(os.fsencode(bench.home / "out"), "a")
    assert found is not None
    assert found.document.source.also_at == (str(second),)
    assert not (bench.home / "out" / "b.json").exists()


def test_what_is_given_back_is_finished_by_the_next_start(bench: Bench) -> None:
    path = bench.drop("a.mp4")
    for _ in range(3):
        bench.assembly.driver.step(timeout_s=0)
    assert bench.state(path) is State.RUNNING
    bench.assembly.driver.give_back()
    assert bench.state(path) is State.QUEUED
    assert bench.ledger.find(os.fsencode(path))[0].attempts == 0
    bench.assembly = bench.assemble()
    bench.run()
    assert bench.state(path) is State.DONE


def test_a_document_published_before_the_ledger_heard_of_it_is_not_made_again(bench: Bench) -> None:
    path = bench.drop("a.mp4")
    real = bench.ledger.finish
    object.__setattr__(bench.ledger, "finish", lambda *_a, **_k: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        bench.run()
    object.__setattr__(bench.ledger, "finish", real)
    assert bench.state(path) is State.RUNNING
    root = os.fsencode(bench.home / "out")
    recover(bench.ledger, output_root=root, inboxes=[], now=bench.clock.wall(), emit=lambda *_a, **_k: None)
    assert bench.state(path) is State.DONE


def test_an_actor_that_never_comes_up_ends_the_service_with_a_reason(bench: Bench) -> None:
    bench.drop("a.mp4")
    bench.script.troubles["identify"] = [crash] * 99
    for number in range(20):
        bench.drop(f"{number}.mp4", b"%d" % number)
    with pytest.raises(CannotWork, match="media actor died 5 times"):
        bench.run()
