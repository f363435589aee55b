"""`process` over canned models: which file gets what answer, and what a second call does."""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from actors.backend import Failure, Outcome, StageItem, StageStatus
from actors.pool.base import ActorSpec
from actors.pool.fake_pool import FakePool
from service.clock import Clock, FakeClock
from service.configuration import load
from service.errors import StateLocked
from service.ledger.ledger import attach_ledger
from service.ledger.lock import state_lock
from service.ledger.values import WorkPause
from service.logs import Recorder
from service.patience import OnPause
from service.processing import PAUSED_AT_MOST_S, Processed, ProgressEvent, process

sys.path.insert(0, str(Path(__file__).parents[1] / "e2e"))
cheap = importlib.import_module("cheap_hosts")

Answer = tuple[str, str, str | None]


@dataclass
class Desk:
    """Folders, and `process` on them; `fails` says how decoding a file with this size fails."""

    home: Path
    fails: dict[int, Failure] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    told: list[ProgressEvent] = field(default_factory=list)
    emit: Recorder = field(default_factory=Recorder)

    def put(self, name: str, payload: bytes) -> Path:
        path = self.home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(cheap.mp4(payload))
        return path

    def process(
        self,
        *paths: Path,
        force: bool = False,
        output: str = "out",
        on_pause: OnPause = lambda _pause: None,
        clock: Clock | None = None,
        **flags: Any,
    ) -> list[Processed]:
        given = {
            "profile": "embedded",
            "pool.num_cpus": 8,
            "disk.low_water_mib": 0,
            "state.dir": self.home / "state",
            "output.dir": self.home / output,
        }
        configuration = load(given | flags, environ={"HOME": str(self.home)}).configuration
        return process(
            configuration,
            paths,
            force=force,
            emit=self.emit,
            progress=self.told.append,
            on_pause=on_pause,
            clock=clock,
            pool_factory=lambda _configuration: FakePool(self.host),
        )

    def answers(self, *paths: Path, **options: Any) -> list[Answer]:
        return [(p.path.name, p.status, p.document and p.document.name) for p in self.process(*paths, **options)]

    def host(self, spec: ActorSpec) -> Any:
        return Watched(self, cheap.cheap_host(spec))


class Watched:
    def __init__(self, desk: Desk, host: Any) -> None:
        self._desk = desk
        self.load, self.close, self._host = host.load, host.close, host

    def call(self, operation: str, items: Sequence[StageItem]) -> list[Outcome]:
        self._desk.calls.append(operation)
        failure = self._desk.fails.get(items[0].source.size) if operation == "decode" and items[0].source else None
        if failure is not None:
            return [Outcome(StageStatus.FAILED, reason="made_up", failure=failure, detail="as the test says")]
        outcomes: list[Outcome] = self._host.call(operation, items)
        return outcomes


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_every_file_gets_an_answer_in_order_those_that_cannot_be_taken_last(desk: Desk) -> None:
    good, bad, bug = desk.put("good.mp4", b"1"), desk.put("bad.mp4", b"22"), desk.put("bug.mp4", b"333")
    desk.fails = {bad.stat().st_size: Failure.BAD_INPUT, bug.stat().st_size: Failure.BUG}
    assert desk.answers(bug, good, desk.home / "none.mp4", bad) == [
        ("bug.mp4", "failed", None),
        ("good.mp4", "complete", "good.json"),
        ("bad.mp4", "rejected", None),
        ("none.mp4", "refused", None),
    ]
    assert [told["reason"] for told in desk.emit.named("file.rejected")] == ["missing"]


def test_a_folder_stands_for_its_videos_and_keeps_its_structure(desk: Desk) -> None:
    desk.put("in/a/one.mp4", b"1")
    desk.put("in/b/one.mp4", b"2")
    (desk.home / "in" / "notes.txt").write_text("no video")
    found = desk.process(desk.home / "in")
    assert [p.document and p.document.relative_to(desk.home / "out") for p in found] == [
        Path("a/one.json"),
        Path("b/one.json"),
    ]


def test_the_same_file_twice_is_one(desk: Desk) -> None:
    path = desk.put("a.mp4", b"1")
    assert desk.answers(path, path.parent / "." / "a.mp4") == [("a.mp4", "complete", "a.json")]


def test_the_same_bytes_twice_share_a_document(desk: Desk) -> None:
    first, second = desk.put("a.mp4", b"1"), desk.put("b.mp4", b"1")
    assert desk.answers(first, second) == [("a.mp4", "complete", "a.json"), ("b.mp4", "complete", "a.json")]


# What a second call does: (what happened before it, options) -> (operations that run, answer's status)
AGAIN: dict[str, tuple[dict[str, Any], set[str], str]] = {
    "nothing changed": ({}, set(), "complete"),
    "forced": ({"force": True}, {"identify", "decode", "ocr", "fusion"}, "complete"),
    "another output": ({"output": "elsewhere"}, {"identify", "decode", "fusion"}, "complete"),
}


@pytest.mark.parametrize(("options", "operations", "status"), AGAIN.values(), ids=AGAIN.keys())
def test_a_second_call(desk: Desk, options: dict[str, Any], operations: set[str], status: str) -> None:
    path = desk.put("a.mp4", b"1")
    desk.process(path)
    desk.calls.clear()
    (answer,) = desk.process(path, **options)
    assert (answer.status, operations <= set(desk.calls), bool(desk.calls)) == (status, True, bool(operations))
    assert answer.document == desk.home / options.get("output", "out") / "a.json"
    assert answer.document.exists()


def test_a_deleted_document_comes_back_without_the_models(desk: Desk) -> None:
    path = desk.put("a.mp4", b"1")
    (first,) = desk.process(path)
    first.document.unlink()
    desk.calls.clear()
    (second,) = desk.process(path)
    assert (second.status, second.document.exists(), "ocr" in desk.calls) == ("complete", True, False)


@pytest.mark.parametrize(
    ("failure", "force", "after"),
    [
        pytest.param(Failure.BUG, False, "complete", id="failed: tried again"),
        pytest.param(Failure.BAD_INPUT, False, "rejected", id="rejected: stays so"),
        pytest.param(Failure.BAD_INPUT, True, "complete", id="rejected and forced: tried again"),
    ],
)
def test_what_had_no_document(desk: Desk, failure: Failure, after: str, *, force: bool) -> None:
    path = desk.put("a.mp4", b"1")
    desk.fails = {path.stat().st_size: failure}
    (first,) = desk.process(path)
    assert first.document is None
    assert "as the test says" in (first.reason or "")
    desk.fails = {}
    (second,) = desk.process(path, force=force)
    assert second.status == after


def test_what_else_is_queued_is_left_alone(desk: Desk) -> None:
    other, mine = desk.put("other.mp4", b"1"), desk.put("mine.mp4", b"2")
    desk.process(other)
    ledger = attach_ledger(desk.home / "state" / "ledger.sqlite3", output_root=os.fsencode(desk.home / "out"))
    ledger.reprocess(importlib.import_module("service.ledger.values").Selector.all())
    assert desk.answers(mine) == [("mine.mp4", "complete", "mine.json")]
    assert {job.path: str(job.state) for job in ledger.jobs()} == {b"other.mp4": "queued", b"mine.mp4": "done"}
    ledger.close()


def test_progress_counts_the_stages_and_ends_with_the_document(desk: Desk) -> None:
    desk.process(desk.put("a.mp4", b"1"))
    counts = [event.done for event in desk.told]
    assert counts == sorted(counts)
    last = desk.told[-1]
    assert (last.stage, last.done, last.videos) == ("done", last.total, 1)
    assert {"decode", "ocr", "fusion"} & {event.stage for event in desk.told}


def test_beside_a_service_it_is_refused(desk: Desk) -> None:
    (desk.home / "state").mkdir()
    with state_lock(desk.home / "state"), pytest.raises(StateLocked, match=str(os.getpid())):
        desk.process(desk.put("a.mp4", b"1"))
    assert not (desk.home / "out").exists(), "it has touched nothing"


def test_a_full_disk_is_told_waited_for_and_then_given_up(desk: Desk) -> None:
    first, second = desk.put("a.mp4", b"1"), desk.put("b.mp4", b"22")
    desk.fails = {path.stat().st_size: Failure.ENVIRONMENT for path in (first, second)}
    clock, told = FakeClock(), []
    began_s = clock.monotonic()
    flags = {"disk.low_water_mib": 10**9}
    answers = desk.process(first, second, on_pause=told.append, clock=clock, **flags)
    assert [(answer.document, answer.status) for answer in answers] == [(None, "queued")] * 2
    assert all(f"disk_full: {desk.home}/out, " in (answer.reason or "") for answer in answers)
    assert [pause.output_root for pause in told] == [os.fsencode(desk.home / "out")] * len(told)
    assert [pause.reason for pause in told] == ["disk_full"], "it was seen before a write could fail"
    assert clock.monotonic() - began_s == pytest.approx(PAUSED_AT_MOST_S, abs=10.0)


def test_a_disk_that_is_mended_in_time_costs_nothing_but_time(desk: Desk) -> None:
    path, clock = desk.put("a.mp4", b"1"), FakeClock()
    desk.fails = {path.stat().st_size: Failure.ENVIRONMENT}

    def mend(_pause: WorkPause) -> None:
        desk.fails.clear()

    (answer,) = desk.process(path, on_pause=mend, clock=clock)
    assert answer.document == desk.home / "out" / "a.json"
    assert desk.emit.names.count("work.resumed") == 1


def test_a_disk_that_takes_the_probe_and_no_document_is_given_up_too(desk: Desk) -> None:
    path, clock = desk.put("a.mp4", b"1"), FakeClock()
    desk.fails = {path.stat().st_size: Failure.ENVIRONMENT}
    (answer,) = desk.process(path, clock=clock)
    assert (answer.document, answer.status) == (None, "queued")
    assert desk.emit.names.count("work.paused") > 2
