"""What becomes of a request whose video is there: which job it gets, and why it gets none."""

from __future__ import annotations

import importlib
import os
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from service.clock import FakeClock, SystemClock
from service.intake.enlist import look
from service.intake.ports import Settled
from service.ledger.ledger import Ledger, attach_ledger, open_ledger
from service.ledger.request_values import Request, RequestKind, RequestState
from service.ledger.states import State
from service.ledger.values import Job
from service.ledger_trouble import LedgerTrouble
from service.logs import Recorder
from service.request_loop import RequestLoop
from service.submission import _job_of

sys.path.insert(0, str(Path(__file__).parents[1] / "e2e"))
cheap = importlib.import_module("cheap_hosts")


@dataclass
class Desk:
    """A ledger with an inbox, a root beside it, and the loop over it."""

    home: Path
    ledger: Ledger
    emit: Recorder = field(default_factory=Recorder)
    woken: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        for name in ("in/tips", "other"):
            (self.home / name).mkdir(parents=True)
        trouble = LedgerTrouble(self.home, low_water_mib=0, clock=FakeClock(), emit=self.emit)
        self.loop = RequestLoop(self.ledger, emit=self.emit, trouble=trouble, wake=self.woken.set)

    def put(self, path: str, content: str = "one") -> None:
        (self.home / path).write_bytes(cheap.mp4(content.encode()))

    def asked(self, path: str, *, root: str = "in", force: bool = False) -> Request:
        """Ask for a path, and have it taken."""
        place = (os.fsencode(self.home / root), os.fsencode(path))
        asked = self.ledger.add_request(RequestKind.PATH, b"/".join(place), force=force, location=place)
        self.loop.round()
        return self.ledger.request(asked.request_id)

    def job_of(self, request: Request) -> Job:
        assert request.state is RequestState.TAKEN, request
        return self.ledger.job(request.job_id)

    def work(self) -> None:
        """Have everything that is queued described."""
        for job in self.ledger.claim(limit=10, now=2e9):
            sha256 = job.head_tail[:64].ljust(64, "0")
            if self.ledger.identified(job.job_id, sha256).goes_on:
                self.ledger.finish(job.job_id, document=f"d{job.job_id}", settings_key="k")


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("template") / "l.sqlite3"
    open_ledger(path).close()
    return path.read_bytes()


@pytest.fixture
def desk(tmp_path: Path, template: bytes) -> Iterator[Desk]:
    (tmp_path / "l.sqlite3").write_bytes(template)
    ledger = open_ledger(tmp_path / "l.sqlite3", output_root=os.fsencode(tmp_path / "out"), clock=FakeClock())
    yield Desk(tmp_path, ledger)
    ledger.close()


@pytest.mark.parametrize("root", ["in", "other"])
def test_a_file_is_queued_at_once_below_its_own_root(desk: Desk, root: str) -> None:
    desk.put(f"{root}/clip.mp4")
    job = desk.job_of(desk.asked("clip.mp4", root=root))
    assert (job.state, job.root, job.path) == (State.QUEUED, os.fsencode(desk.home / root), b"clip.mp4")
    assert desk.woken.is_set()
    assert [fields["way"] for _, fields in desk.emit.events] == ["path"]


def link(place: Path) -> None:
    place.symlink_to("/etc/passwd")


def linked_folder(place: Path) -> None:
    (place.parents[1] / "away").mkdir()
    (place.parents[1] / "away" / place.name).write_bytes(cheap.mp4(b"elsewhere"))
    place.parent.rmdir()
    place.parent.symlink_to(place.parents[1] / "away")


REFUSALS = {
    "missing": lambda _place: None,
    "empty": Path.touch,
    "not_a_file": Path.mkdir,
    "unreadable": link,
    "unreadable ": linked_folder,
}


@pytest.mark.parametrize(("reason", "make"), REFUSALS.items(), ids=REFUSALS)
def test_what_is_no_file_beneath_its_root_is_refused(desk: Desk, reason: str, make: object) -> None:
    make(desk.home / "in" / "tips" / "clip.mp4")
    refused = desk.asked("tips/clip.mp4")
    assert (refused.state, refused.reason, refused.job_id) == (RequestState.REFUSED, reason.strip(), None)
    assert refused.detail
    assert desk.ledger.jobs() == []
    assert [(event, fields["reason"]) for event, fields in desk.emit.events] == [("request.refused", reason.strip())]


def test_a_file_that_waits_at_a_gate_goes_on_with_its_job(desk: Desk) -> None:
    desk.put("in/clip.mp4")
    status = (desk.home / "in" / "clip.mp4").stat()
    place = (os.fsencode(desk.home / "in"), b"clip.mp4")
    seen = desk.ledger.intake
    seen.observe(
        [_observed(place, status.st_dev, status.st_ino, size=status.st_size, mtime_ns=status.st_mtime_ns)],
    )
    (waiting,) = desk.ledger.jobs()
    job = desk.job_of(desk.asked("clip.mp4"))
    assert (job.job_id, job.state) == (waiting.job_id, State.QUEUED)


def _observed(place: tuple[bytes, bytes], device: int, inode: int, *, size: int, mtime_ns: int) -> object:
    from service.intake.ports import Observation

    return Observation(*place, device, inode, size, mtime_ns, State.WAITING, "writer", "somebody has it open")


def test_a_known_file_keeps_its_root_and_its_document(desk: Desk) -> None:
    desk.put("in/tips/clip.mp4")
    first = desk.job_of(desk.asked("tips/clip.mp4"))
    desk.work()
    again = desk.job_of(desk.asked("clip.mp4", root="in/tips"))
    assert (again.job_id, again.root) == (first.job_id, os.fsencode(desk.home / "in"))


STATES = {
    # state: (asked once more, forced)
    State.DONE: (State.QUEUED, State.QUEUED),  # no document lies in this output, so it is fused again
    State.FAILED: (State.QUEUED, State.QUEUED),
    State.REJECTED: (State.REJECTED, State.QUEUED),
}


@pytest.mark.parametrize("force", [False, True])
@pytest.mark.parametrize("state", STATES)
def test_what_has_ended_is_reopened_as_process_does_it(desk: Desk, state: State, *, force: bool) -> None:
    desk.put("in/clip.mp4")
    desk.asked("clip.mp4")
    (job,) = desk.ledger.claim(limit=1, now=2e9)
    desk.ledger.identified(job.job_id, "a" * 64)
    if state is State.DONE:
        desk.ledger.finish(job.job_id, document="clip", settings_key="k")
    elif state is State.FAILED:
        desk.ledger.fail(job.job_id, reason="oom", detail="")
    else:
        desk.ledger.reject(job.job_id, reason="no_streams", detail="")
    again = desk.job_of(desk.asked("clip.mp4", force=force))
    assert (again.job_id, again.state) == (job.job_id, STATES[state][force])


def test_a_bug_fails_its_request_only(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.put("in/clip.mp4")
    desk.put("in/other.mp4", "two")

    def broken(root: bytes, path: bytes) -> object:
        if path == b"clip.mp4":
            raise KeyError(path)
        return found(root, path)

    found = look
    monkeypatch.setattr("service.request_loop.look", broken)
    failed, taken = desk.asked("clip.mp4"), desk.asked("other.mp4")
    assert (failed.state, failed.reason, taken.state) == (RequestState.FAILED, "bug", RequestState.TAKEN)
    assert [event for event, _ in desk.emit.events] == ["request.failed", "request.taken"]


def test_what_another_process_asks_is_taken_within_two_seconds(desk: Desk) -> None:
    desk.put("in/clip.mp4")
    desk.loop.start()
    other, clock = attach_ledger(desk.home / "l.sqlite3"), SystemClock()
    place = (os.fsencode(desk.home / "in"), b"clip.mp4")
    asked_s = clock.monotonic()
    other.add_request(RequestKind.PATH, b"clip.mp4", location=place)
    assert desk.woken.wait(timeout=30)
    took_s = clock.monotonic() - asked_s
    other.close()
    desk.loop.stop()
    assert took_s < 10, "two seconds on a host that is not busy with other tests"


def test_the_job_is_the_content_s_though_its_path_waits_again(desk: Desk) -> None:
    """Intake goes on beside: it may note in that moment that the path, which it saw change, waits."""
    desk.put("in/clip.mp4")
    job = desk.job_of(desk.asked("clip.mp4"))
    place = (os.fsencode(desk.home / "in"), b"clip.mp4")
    desk.ledger.intake.observe([_observed(place, 1, 2, size=3, mtime_ns=4)])
    assert desk.ledger.find(b"/".join(place))[0].state is State.WAITING
    settled = look(*place)
    assert isinstance(settled, Settled)
    assert _job_of(desk.ledger, settled).job_id == job.job_id
