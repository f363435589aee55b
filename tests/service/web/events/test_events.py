"""`/events` over real connections: whole at the beginning, right after every change, over when it must be."""

from __future__ import annotations

import hashlib
import os
import shutil
import socket
import sys
import threading
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest

from service.intake.enlist import enlist
from service.ledger.live import LiveText
from service.ledger.lock import state_lock
from service.ledger.request_values import RequestKind
from service.ledger.values import ServiceStart, WorkPause
from service.live.note import JobProgress, LiveNote, StageProgress
from service.web.events import hub, watcher

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parents[2] / "e2e")]

from cheap_hosts import mp4  # noqa: E402 - it lies elsewhere
from served import Served, served  # noqa: E402 - it lies beside this file
from waiting import until  # noqa: E402 - as above

if TYPE_CHECKING:
    from shelf import MakeClient, Shelf

    from service.intake.ports import Settled
    from service.ledger.values import Job

Serve = Callable[[], AbstractContextManager[Served]]


@pytest.fixture
def serve(make_client: MakeClient, monkeypatch: pytest.MonkeyPatch) -> Serve:
    monkeypatch.setattr(hub, "LOOK_S", 0.02)
    return lambda: served(make_client(base_url="http://127.0.0.1").app)


def note(shelf: Shelf, *jobs: JobProgress) -> None:
    written = LiveNote(pid=os.getpid(), at=shelf.clock.wall(), started_at=1.0, pool_up=True, jobs=jobs)
    shelf.ledger.note_live(LiveText(written.pid, written.at, written.model_dump_json()))


def start(shelf: Shelf) -> ServiceStart:
    return ServiceStart((os.fsencode(shelf.inbox),), ("mp4",), os.fsencode(shelf.output), "embedded", "k", os.getpid())


def test_it_begins_with_the_whole_state_and_tells_what_changes(shelf: Shelf, serve: Serve) -> None:
    shelf.done("a.mp4")
    with serve() as server:
        follower = server.follow()
        assert (follower.status, follower.type) == (200, "text/event-stream; charset=utf-8")
        assert follower.last("jobs") == {"counts": {"done": 1}, "changed": [], "reset": True}
        assert [event["event"] for event in follower.events] == ["service", "progress", "requests", "jobs"]
        assert follower.last("service")["ready"] is False
        shelf.clock.advance(1)
        job = shelf.settle(shelf.drop("tips/blåbær.mp4", b"b"))
        until(lambda: follower.states.get("blåbær.mp4") == "queued", "the new video is told")
        shelf.ledger.note_start(start(shelf))
        with state_lock(shelf.home / "state"):
            until(lambda: follower.last("service")["ready"], "the service is ready")
            shelf.ledger.claim(limit=1, now=shelf.clock.wall())
            stage = StageProgress(stage="asr", status="running", backend="asr.x", started_at=2.0)
            note(shelf, JobProgress(job=job.job_id, stages=(stage,)))
            until(lambda: follower.last("progress")["jobs"], "its stages are told")
            assert follower.last("progress")["jobs"][0]["stages"][0]["stage"] == "asr"
            shelf.ledger.note_pause(WorkPause("disk_full", os.fsencode(shelf.output), 512))
            until(lambda: "disk_full" in str(follower.last("service")["reasons"]), "the pause is told")
        until(lambda: not follower.last("service")["current"], "its end is told")
        until(lambda: not follower.last("progress")["jobs"], "what a service that ended did goes on no longer")


def test_two_followers_see_the_end_of_two_hundred_videos(shelf: Shelf, serve: Serve) -> None:
    names = [f"{number:03}.mp4" for number in range(200)]
    with serve() as server:
        followers = [server.follow() for _ in range(2)]
        for follower in followers:
            follower.last("jobs")
        settled, _ = enlist([os.fsencode(shelf.drop(name, mp4(name.encode()))) for name in names])
        for job in live(shelf, settled):
            shelf.clock.advance(0.25)  # the overlap of looks then spans some of them, not all
            if job.path.endswith(b"7.mp4"):
                shelf.ledger.fail(job.job_id, reason="made up")
            else:
                shelf.ledger.finish(job.job_id, document=f"d{job.job_id}", settings_key="k")
        expected = {name: "failed" if name.endswith("7.mp4") else "done" for name in names}
        for follower in followers:
            until(lambda follower=follower: follower.states == expected, "every end is told")
            assert follower.last("jobs")["counts"] == {"done": 180, "failed": 20}
            assert not any(told["reset"] for told in follower.of("jobs")[1:]), "nobody had to read the list again"
            assert not follower.ended


def test_what_was_asked_for_is_told_until_it_is_taken(shelf: Shelf, serve: Serve) -> None:
    ledger = shelf.ledger
    with serve() as server:
        follower = server.follow()
        assert follower.last("requests") == {"requests": []}

        def told(*expected: tuple[str, int | None]) -> bool:
            found = follower.last("requests")["requests"]
            return [(one["state"], one["bytes_done"]) for one in found] == list(expected)

        number = ledger.add_request(RequestKind.URL, b"https://example.org/v").request_id
        until(lambda: told(("received", None)), "it is asked for")
        ledger.claim_download()
        ledger.note_progress(number, done=5, total=10)
        until(lambda: told(("downloading", 5)), "it comes")
        ledger.video_is_there(number, (b"/received", b"v.mp4"), size_bytes=10)
        until(lambda: told(("waiting", 10)), "it is there")
        ledger.request_taken(number, job_id=shelf.done("v.mp4").job_id)
        until(told, "its job is told of instead")
        other = ledger.add_request(RequestKind.UPLOAD, b"w.mp4").request_id
        ledger.fail_request(other, reason="aborted", detail="the connection ended")
        until(lambda: told(("failed", None)), "the other one failed")


def live(shelf: Shelf, settled: list[Settled]) -> list[Job]:
    """Jobs in work, whose contents are known."""
    shelf.ledger.intake.enqueue(settled)
    claimed = shelf.ledger.claim(limit=len(settled), now=shelf.clock.wall())
    shelf.clock.advance(30)
    return [shelf.ledger.identified(job.job_id, hashlib.sha256(job.path).hexdigest()).job for job in claimed]


@pytest.mark.parametrize("how", ["last", "header"])
def test_who_comes_back_is_told_what_it_missed(shelf: Shelf, serve: Serve, how: str) -> None:
    with serve() as server:
        first = server.follow()
        first.last("jobs")
        first.leave()
        shelf.clock.advance(100)
        missed = shelf.done("missed.mp4")
        back = server.follow(first.last_id) if how == "last" else server.follow(**{"last-event-id": first.last_id})
        told = back.last("jobs")
        assert (told["reset"], [job["job"] for job in told["changed"]]) == (False, [missed.job_id])
        shelf.clock.advance(100)
        shelf.settle(shelf.drop("later.mp4", b"later"))
        until(lambda: "later.mp4" in back.states, "it goes on from there")
        assert not any(told["reset"] for told in back.of("jobs"))


@pytest.mark.parametrize("last", ["", "x", "x-1.0", "-", "é", "x-nan", "-" * 99])
def test_who_comes_back_from_elsewhere_reads_the_list_again(shelf: Shelf, serve: Serve, last: str) -> None:
    shelf.done("a.mp4")
    with serve() as server:
        assert server.follow(quote(last)).last("jobs")["reset"] is True


def test_more_than_can_be_told_is_to_be_read(shelf: Shelf, serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watcher, "MOST_CHANGES", 3)
    with serve() as server:
        follower = server.follow()
        follower.last("jobs")
        for name in ("a.mp4", "b.mp4", "c.mp4", "d.mp4"):
            shelf.settle(shelf.drop(name, name.encode()))
        until(lambda: follower.last("jobs")["counts"] == {"queued": 4}, "all are counted")
        assert follower.last("jobs")["reset"] is True
        for name in ("e.mp4", "f.mp4"):
            shelf.clock.advance(100)
            shelf.settle(shelf.drop(name, name.encode()))
            until(lambda: sum(follower.last("jobs")["counts"].values()) > 4, "it is counted")
        until(lambda: follower.states.get("f.mp4") == "queued", "later ones are told again")


def test_a_row_whose_time_is_older_than_what_was_seen_is_told_too(shelf: Shelf, serve: Serve) -> None:
    """Its transaction had taken its time, and then waited for the lock."""
    with serve() as server:
        follower = server.follow()
        follower.last("jobs")
        shelf.clock.advance(10)
        shelf.settle(shelf.drop("new.mp4", b"n"))
        until(lambda: "new.mp4" in follower.states, "the new one")
        shelf.clock.advance(-5)
        shelf.settle(shelf.drop("late.mp4", b"l"))
        until(lambda: "late.mp4" in follower.states, "the one that came late")


def test_a_ledger_that_is_not_there_yet_and_one_that_is_begun_anew(
    tmp_path: Path, empty_ledger: Path, serve: Serve
) -> None:
    path = tmp_path / "state" / "ledger.sqlite3"
    with serve() as server:
        follower = server.follow()
        assert "no ledger here yet" in follower.last("service")["reasons"][0]
        path.parent.mkdir()
        shutil.copy(empty_ledger, path.with_name("new"))
        path.with_name("new").rename(path)
        until(lambda: follower.of("jobs"), "the ledger is found")
        assert follower.last("jobs") == {"counts": {}, "changed": [], "reset": True}
        before = follower.last_id
        shutil.copy(empty_ledger, path.with_name("new"))
        for file in path.parent.glob("ledger.sqlite3*"):
            file.unlink()
        path.with_name("new").rename(path)
        until(lambda: len(follower.of("jobs")) == 2, "the other ledger is found")
        assert follower.last("jobs")["reset"] is True
        assert follower.last_id.partition("-")[0] != before.partition("-")[0]


def test_the_end_of_the_server_ends_it_at_once(shelf: Shelf, serve: Serve) -> None:
    del shelf
    with serve() as server:
        followers = [server.follow() for _ in range(3)]
        for follower in followers:
            follower.last("jobs")
        assert server.end() < 2.5, "answers under way are given 3 s; events are not waited for"
        until(lambda: all(follower.ended for follower in followers), "all have ended")


def test_too_many_followers_are_told_to_come_again(shelf: Shelf, serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    del shelf
    monkeypatch.setattr(hub, "MOST_CLIENTS", 2)
    with serve() as server:
        first, _second = server.follow(), server.follow()
        first.last("jobs")
        assert server.follow().status == 503
        first.leave()
        until(lambda: server.follow().status == 200, "there is room again")


def test_one_that_does_not_read_is_dropped_and_holds_up_nobody(shelf: Shelf, serve: Serve) -> None:
    with serve() as server, socket.socket() as lazy:
        lazy.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        lazy.connect(("127.0.0.1", server.port))
        lazy.sendall(b"GET /events HTTP/1.1\r\nHost: localhost\r\n\r\n")
        follower = server.follow()
        follower.last("jobs")
        following = server.server.config.app.state.hub
        until(lambda: following.clients == 2, "both follow")
        big = tuple(StageProgress(stage="x", status="done", reason="y" * 1000) for _ in range(400))
        shelf.ledger.note_start(start(shelf))
        with state_lock(shelf.home / "state"):
            for number in range(1, 400):
                note(shelf, JobProgress(job=number, stages=big))
                until(lambda number=number: _at(follower) >= number, "the other one is told at once")
                if following.clients == 1:
                    break
        assert following.clients == 1
        assert not follower.ended


def _at(follower: Any) -> int:
    jobs = follower.last("progress")["jobs"]
    return jobs[0]["job"] if jobs else 0


def test_nobody_looks_when_nobody_follows(shelf: Shelf, serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    del shelf
    looks = []
    real = watcher.Watcher.changes
    monkeypatch.setattr(watcher.Watcher, "changes", lambda self: (looks.append(threading.get_ident()), real(self))[1])
    with serve() as server:
        assert not looks
        follower = server.follow()
        until(lambda: len(looks) > 3, "it looks again and again")
        follower.leave()
        until(lambda: server.server.config.app.state.hub.clients == 0, "it has left")
        until(lambda: _still(looks), "nobody looks any more")


def _still(looks: list[int]) -> bool:
    before = len(looks)
    time.sleep(0.2)
    return len(looks) == before


def test_a_bug_in_a_look_ends_the_streams_and_not_the_server(
    shelf: Shelf, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serve() as server:
        follower = server.follow()
        follower.last("jobs")
        with monkeypatch.context() as broken:
            broken.setattr(watcher.Watcher, "changes", lambda _self: 1 / 0)
            until(lambda: follower.ended, "the stream has ended")
        job = shelf.settle(shelf.drop("a.mp4"))
        back = server.follow(follower.last_id)
        assert [told["job"] for told in back.last("jobs")["changed"]] == [job.job_id]
