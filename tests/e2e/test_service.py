"""The service as it runs on a host: a process of its own, real files coming and going, commands beside it."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bad_files
import pytest
from processes import WITHOUT_MODELS, Home, Service, until

SETTINGS = WITHOUT_MODELS | {"REELWATCH_LOG__HEARTBEAT_S": "1.0"}
IDLE_STOP_S = 5.0
"""Five times the bound that `tests/bench/idle.py` measures alone: another test may run beside this one."""


@dataclass
class Running:
    """A service, its folders, and a maker of videos that differ."""

    home: Home
    service: Service
    model: bytes
    away: Path
    made: int = 0

    def content(self) -> bytes:
        self.made += 1
        return self.model + bad_files.box(b"free", b"%d" % self.made)

    def put(self, name: str) -> Path:
        """Write a video as `cp` does."""
        path = self.home.inbox / name
        path.write_bytes(self.content())
        return path

    def described(self, path: Path) -> Any:
        """Wait for the document of a file."""
        job = self.home.until_state(path, "done")
        return self.home.document(job.document)


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """One service for the whole module, with a video that was there before it."""
    home = Home(tmp_path_factory.mktemp("service"), SETTINGS)
    away = home.path / "away"
    away.mkdir()
    model = bad_files.clip(away / "model.mp4").read_bytes()
    (home.inbox / "before.mp4").write_bytes(model)
    with home.service() as service:
        yield Running(home, service.ready(), model, away)


def test_what_was_there_before_is_described(running: Running) -> None:
    document = running.described(running.home.inbox / "before.mp4")
    assert (document.status, document.source.relative_path) == ("complete", "before.mp4")
    assert (running.home.output / "before" / "frames" / "before_s001.jpg").stat().st_size > 100


def by_copy(running: Running) -> Path:
    return running.put("copied.mp4")


def by_rename(running: Running) -> Path:
    source = running.away / "renamed.mp4"
    source.write_bytes(running.content())
    return source.rename(running.home.inbox / "renamed.mp4")


def by_hidden_name(running: Running) -> Path:
    hidden = running.home.inbox / ".hidden.mp4.x8Z2"
    hidden.write_bytes(running.content())
    return hidden.rename(running.home.inbox / "hidden.mp4")


def by_link(running: Running) -> Path:
    source = running.away / "linked.mp4"
    source.write_bytes(running.content())
    os.link(source, running.home.inbox / "linked.mp4")
    return running.home.inbox / "linked.mp4"


def by_folder(running: Running) -> Path:
    folder = running.away / "album"
    (folder / "deep").mkdir(parents=True)
    (folder / "deep" / "inside.mp4").write_bytes(running.content())
    return folder.rename(running.home.inbox / "album") / "deep" / "inside.mp4"


def by_slow_writer(running: Running) -> Path:
    path, content = running.home.inbox / "slow.mp4", running.content()
    with path.open("wb") as file:
        file.write(content[: len(content) // 2])
        file.flush()
        seen = running.home.until_state(path, "waiting", "incomplete")
        assert seen.reason in {"empty", "quiet", "writer", "touched", "no_moov", "past_end"}
        file.write(content[len(content) // 2 :])
    return path


@pytest.mark.parametrize(
    "arrive", [by_copy, by_rename, by_hidden_name, by_link, by_folder, by_slow_writer], ids=lambda f: f.__name__
)
def test_a_dropped_file_becomes_its_document(running: Running, arrive: Callable[[Running], Path]) -> None:
    path = arrive(running)
    document = running.described(path)
    assert document.source.relative_path == str(path.relative_to(running.home.inbox))
    assert document.source.size_bytes == path.stat().st_size
    name = str(path.relative_to(running.home.inbox))
    expected = ["file.settled", "job.claimed", "job.done"]

    def told() -> list[str]:
        events = [e["event"] for e in list(running.service.events) if e.get("path") == name]
        return [event for event in events if event in expected]

    # The document is on disk a moment before the log says so.
    until(lambda: "job.done" in told(), "the log tells of the document")
    assert told() == expected


def test_a_sidecar_that_comes_later_is_taken_into_the_document(running: Running) -> None:
    path = running.put("captioned.mp4")
    assert running.described(path).source.caption is None
    path.with_suffix(".txt").write_text("Late words #later", encoding="utf-8")
    until(lambda: running.home.document("captioned").source.caption, "the caption comes")
    document = running.described(path)
    assert (document.source.caption, document.source.hashtags) == ("Late words #later", ("later",))
    decoded = [e for e in running.service.named("stage.done", "captioned.mp4") if e["stage"] == "decode"]
    assert len(running.service.named("job.done", "captioned.mp4")) >= 2
    assert len(decoded) <= 2


def test_a_video_that_is_overwritten_replaces_its_document(running: Running) -> None:
    path = running.put("edited.mp4")
    first = running.described(path)
    path.write_bytes(bad_files.long_clip(running.away / "longer.mp4").read_bytes())
    second = until(
        lambda: (found := running.home.document("edited")).video_id != first.video_id and found, "a new document"
    )
    assert (len(first.shots), len(second.shots)) == (1, 2)
    assert sorted(p.name for p in (running.home.output / "edited" / "frames").iterdir()) == [
        "edited_s001.jpg",
        "edited_s002.jpg",
    ]
    assert not list(running.home.output.glob("edited-*.json"))


def test_a_renamed_video_keeps_its_document(running: Running) -> None:
    path = running.put("first-name.mp4")
    running.described(path)
    moved = path.rename(running.home.inbox / "second-name.mp4")
    until(lambda: running.service.named("file.moved", "first-name.mp4"), "the move is noticed")
    assert running.home.until_state(moved, "done").document == "first-name"
    assert not (running.home.output / "second-name.json").exists()


def test_a_deleted_document_comes_back_only_when_asked_for(running: Running) -> None:
    path = running.put("deleted.mp4")
    running.described(path)
    document = running.home.output / "deleted.json"
    document.unlink()
    beats = len(running.service.named("heartbeat"))
    until(lambda: len(running.service.named("heartbeat")) >= beats + 3, "two full sweeps have passed")
    assert not document.exists()
    assert b"deleted since" in running.home.run("why", path).stdout
    assert running.home.run("reprocess", path).returncode == 0
    until(document.exists, "the document is back")


def test_retry_takes_up_what_was_rejected(running: Running) -> None:
    path = running.home.inbox / "broken.mp4"
    boxes = (b"ftyp", b"isom\0\0\2\0isom"), (b"moov", bytes(100)), (b"mdat", b"")
    path.write_bytes(b"".join(bad_files.box(*each) for each in boxes))
    assert running.home.until_state(path, "rejected").reason
    ended = running.home.run("retry", path)
    assert (ended.returncode, b"queued: " in ended.stdout, ended.stderr) == (0, True, b"")
    running.service.until_event("job.rejected", "broken.mp4", count=2)
    assert running.home.until_state(path, "rejected").run == 1


@pytest.mark.fault("a second service on the same state")
def test_a_second_service_on_the_same_state_is_refused(running: Running) -> None:
    ended = running.home.run("run")
    assert ended.returncode == 75
    assert str(running.service.process.pid).encode() in ended.stderr
    assert running.service.process.poll() is None


def test_process_beside_a_running_service_is_refused(running: Running) -> None:
    ended = running.home.run("process", running.home.inbox / "before.mp4")
    assert (ended.returncode, str(running.service.process.pid).encode() in ended.stderr) == (75, True)


def test_status_beside_the_service_names_it(running: Running) -> None:
    running.described(running.home.inbox / "before.mp4")
    report = running.home.status()
    assert report["service"]["pid"] == running.service.process.pid
    assert report["documents"] == report["states"]["done"] >= 1


def test_the_heartbeat_tells_how_it_is(running: Running) -> None:
    beat = running.service.until_event("heartbeat", count=2)
    assert beat["uptime_s"] >= 1
    assert beat["output_free_mib"] > 0
    assert f"queued={beat['queued']}" in beat["gauges"]


def test_the_log_keeps_to_its_vocabulary(running: Running) -> None:
    assert not running.service.named("log.unknown")
    assert not running.service.other_lines


def test_the_idle_service_ends_at_once(running: Running) -> None:
    """The last of this module: it ends the service of all tests before it."""
    until(lambda: not {job.state for job in running.home.jobs()} & {"queued", "running"}, "idle")
    code, took_s = running.service.terminate()
    assert (code, took_s < IDLE_STOP_S) == (0, True), took_s
    assert running.service.named("service.stopped")
    assert {path.suffix for path in running.home.output.rglob("*") if path.is_file()} <= {".json", ".jpg"}


SLOW = {"REELWATCH_POOL__DRAIN_S": "0.0"}


def a_flood(home: Home, count: int) -> list[Path]:
    model = bad_files.long_clip(home.path / "model.mp4").read_bytes()
    paths = [home.inbox / f"{n:02}.mp4" for n in range(count)]
    for path in paths:
        path.write_bytes(model + bad_files.box(b"free", path.name.encode()))
    return paths


@pytest.mark.parametrize(
    ("end", "attempts"),
    [
        pytest.param(signal.SIGTERM, {1}, id="SIGTERM gives back what is in work, refunded"),
        pytest.param(signal.SIGKILL, {1, 2}, id="SIGKILL loses nothing"),
    ],
)
def test_work_that_is_interrupted_is_finished_by_the_next_start(
    tmp_path: Path, end: signal.Signals, attempts: set[int]
) -> None:
    home = Home(tmp_path, WITHOUT_MODELS | SLOW)
    paths = a_flood(home, 12)
    with home.service() as first:
        first.until_event("job.done")
        first.process.send_signal(end)
        code = first.process.wait(timeout=60)
    done = {job.absolute_path for job in home.jobs() if job.state == "done"}
    assert 0 < len(done) < len(paths), "the end came in the middle of the work"
    if end is signal.SIGTERM:
        assert code == 0, first.log()
        assert {job.state for job in home.jobs()} <= {"done", "queued", "waiting"}
        assert not [job for job in home.jobs() if job.state == "queued" and job.attempts]
    with home.service() as second:
        # The ledger is asked, not the log: a run whose document was out when the kill came is done by recovery.
        until(lambda: {job.state for job in home.jobs()} == {"done"}, "every job done", within_s=120)
        again = {os.fsencode(home.inbox / e["path"]) for e in second.named("job.done")}
        assert second.terminate()[0] == 0
    assert not again & done, "what was done is not done again"
    assert {job.attempts for job in home.jobs()} <= attempts
    assert len(list(home.output.rglob("*.json"))) == len(paths)
    shutil.rmtree(home.inbox)
