"""What a start does with what the last process left."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from actors.document import parse, render
from actors.fusion.removal import without
from service.clock import FakeClock
from service.intake.ports import Generation, Settled
from service.ledger.ledger import Ledger, open_ledger
from service.ledger.states import State
from service.ledger.values import Job
from service.logs import Recorder
from service.recovery import recover

GOLDEN = Path(__file__).resolve().parents[1] / "actors" / "fusion" / "golden" / "document.json"


class Site:
    """An inbox, an output and a ledger, as a dead service left them."""

    def __init__(self, home: Path) -> None:
        self.clock = FakeClock()
        self.home = home
        self.inbox, self.output = home / "in", home / "out"
        self.inbox.mkdir()
        self.output.mkdir()
        self.emit = Recorder()
        self.ledger: Ledger = self.open()

    def open(self) -> Ledger:
        return open_ledger(self.home / "ledger.sqlite3", output_root=os.fsencode(self.output), clock=self.clock)

    def running(self, name: str, *, identified: bool = True) -> Job:
        generation = Generation(1, len(name), 9, 1, name)
        self.ledger.intake.enqueue([Settled(os.fsencode(self.inbox), name.encode(), generation)])
        (job,) = self.ledger.claim(limit=1, now=self.clock.wall())
        return self.ledger.identified(job.job_id, digest(name)).job if identified else job

    def publish(self, name: str, *, sha256: str, run_id: str, relative_path: str) -> None:
        document = json.loads(GOLDEN.read_text(encoding="utf-8"))
        document |= {"video_id": sha256[:16]}
        document["source"] |= {"sha256": sha256, "relative_path": relative_path}
        document["processing"]["run_id"] = run_id
        (self.output / f"{name}.json").write_text(json.dumps(document), encoding="utf-8")

    def draft(self, name: str) -> Path:
        """What fusion leaves that is killed while it writes."""
        path = self.output / name
        path.parent.mkdir(exist_ok=True)
        draft = path.with_name(f".reelwatch-{path.name}.json")
        draft.write_text("{")
        return draft

    def reopen(self) -> None:
        self.ledger.close()
        self.ledger = self.open()

    def recover(self) -> None:
        recover(
            self.ledger,
            output_root=os.fsencode(self.output),
            inboxes=[os.fsencode(self.inbox)],
            now=self.clock.wall(),
            emit=self.emit,
        )


def digest(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    made = Site(tmp_path)
    yield made
    made.ledger.close()


# What lies in the output: (digest of, run) or nothing; what becomes of the job, and the reason that is logged.
LEFT: dict[str, tuple[Any, State, str]] = {
    "its own document": (("a.mp4", "{run}"), State.DONE, "published"),
    "nothing": (None, State.QUEUED, ""),
    "the document of an earlier run": (("a.mp4", "{job}.7"), State.QUEUED, ""),
    "the document of other content": (("b.mp4", "{run}"), State.QUEUED, ""),
}


@pytest.mark.parametrize(("lying", "state", "reason"), LEFT.values(), ids=LEFT.keys())
def test_a_run_that_was_cut_short(site: Site, lying: Any, state: State, reason: str) -> None:
    job = site.running("a.mp4")
    if lying is not None:
        content, run = lying
        run_id = run.format(run=job.run_id, job=job.job_id)
        site.publish("a", sha256=digest(content), run_id=run_id, relative_path="a.mp4")
    site.recover()
    after = site.ledger.job(job.job_id)
    assert (after.state, after.attempts) == (state, 1)
    assert after.document == ("a" if state is State.DONE else None)
    (told,) = site.emit.named("job.recovered")
    assert (told["path"], told["from_state"]) == (b"a.mp4", "running")
    assert told["reason"] == reason or state is State.QUEUED
    site.recover()
    assert site.emit.names.count("job.recovered") == 1, "it is safe to repeat"


def test_a_run_that_had_not_been_identified_goes_back(site: Site) -> None:
    job = site.running("a.mp4", identified=False)
    site.recover()
    assert site.ledger.job(job.job_id).state is State.QUEUED


@pytest.mark.parametrize("end", [None, State.FAILED, State.QUEUED], ids=["running", "failed", "queued"])
def test_what_a_run_without_end_left_in_the_output_goes(site: Site, end: State | None) -> None:
    job = site.running("album/a.mp4")
    name = site.ledger.allocate_name(job)
    if end is State.FAILED:
        site.ledger.fail(job.job_id, reason="attempts")
    elif end is State.QUEUED:
        site.ledger.release(job.job_id, refund=False)
    draft = site.draft(name)
    site.reopen()
    site.recover()
    assert not draft.exists()


def test_a_start_does_not_walk_over_an_output_that_is_at_rest(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    job = site.running("new.mp4", identified=False)
    site.reopen()
    monkeypatch.setattr("actors.fusion.published._directories", lambda _root: pytest.fail("it walked"))
    site.recover()
    assert site.ledger.job(job.job_id).state is State.QUEUED


def test_without_a_ledger_everything_is_brought_to_rest(site: Site) -> None:
    draft = site.draft("of/nobody")
    site.recover()
    assert not draft.exists()


def test_documents_without_a_ledger_are_taken_up_with_their_sources(site: Site) -> None:
    (site.inbox / "here.mp4").touch()
    for name in ("here", "gone"):
        site.publish(name, sha256=digest(name), run_id="3.0", relative_path=f"{name}.mp4")
    (site.output / "broken.json").write_text("{}")
    site.recover()
    jobs = {job.document: job for job in site.ledger.jobs()}
    assert {name: (job.state, job.root, job.path) for name, job in jobs.items()} == {
        "here": (State.DONE, os.fsencode(site.inbox), b"here.mp4"),
        "gone": (State.DONE, b"", b""),
    }
    (told,) = site.emit.named("ledger.rebuilt")
    assert (told["count"], told["reason"]) == (2, "missing")


def test_a_ledger_that_was_there_before_takes_nothing_up(site: Site) -> None:
    site.reopen()
    site.publish("stranger", sha256=digest("x"), run_id="3.0", relative_path="x.mp4")
    site.recover()
    assert site.ledger.jobs() == []


def test_a_damaged_ledger_is_put_aside_and_said_so(site: Site) -> None:
    site.ledger.close()
    (site.home / "ledger.sqlite3").write_bytes(b"no database" * 100)
    site.ledger = site.open()
    site.recover()
    (told,) = site.emit.named("ledger.rebuilt")
    assert told["reason"] == "damaged"
    assert Path(told["moved_to"]).read_bytes().startswith(b"no database")


def test_an_output_that_is_not_there_is_left_so(site: Site) -> None:
    site.output.rmdir()
    site.recover()
    assert not site.output.exists()


def test_moves_and_purges_that_were_cut_short_are_ended_before_anything_is_claimed(site: Site) -> None:
    for name in ("moved", "purged"):
        (site.inbox / f"{name}").write_bytes(b"x")
        job = site.running(name)
        site.publish(name, sha256=digest(name), run_id=job.run_id, relative_path=name)
        site.ledger.finish(job.job_id, document=name, settings_key="k")
    moved, purged = sorted(site.ledger.jobs(), key=lambda job: job.job_id)
    assert site.ledger.begin_move(moved, (os.fsencode(site.home / "archive"), b"moved"), sidecars=[]) is not None
    assert site.ledger.begin_purge(purged, ["document"]) is not None
    site.recover()
    assert [job.chore for job in site.ledger.jobs()] == [None, None]
    assert site.ledger.archived(moved.job_id).reason == "interrupted", "the file had not left"
    assert (site.inbox / "moved").exists()
    assert [path.name for path in site.output.glob("*.json")] == ["moved.json"]


def test_a_lost_ledger_learns_from_documents_how_old_they_are_and_what_was_taken_from_them(site: Site) -> None:
    site.publish("a", sha256=digest("a"), run_id="9.9", relative_path="a")
    path = site.output / "a.json"
    document = parse(path.read_bytes())
    path.write_bytes(render(without(document, ["transcript"], on="2026-01-01")))
    site.recover()
    (job,) = site.ledger.jobs()
    assert job.purged == ("transcript",)
    assert job.described_at == datetime(2025, 10, 4, 18, 30, tzinfo=UTC).timestamp()
