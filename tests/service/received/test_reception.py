"""Requests by path and by upload as the web face makes them: what ledger, folder and log have afterwards."""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from service.clock import FakeClock
from service.configuration import load
from service.ledger.errors import LedgerBusy
from service.ledger.ledger import Ledger, attach_ledger, open_ledger
from service.ledger.request_values import Request, RequestKind, RequestState
from service.logs import Recorder
from service.received.reception import Reception
from service.received.recovery import settle
from service.received.refusal import Refusal
from service.received.upload import LOOK_EVERY_BYTES, Upload
from service.state import make_received_root

MIB = 2**20


@dataclass
class Counter:
    """A reception over a ledger and folders."""

    home: Path
    ledger: Ledger
    settings: dict[str, Any] = field(default_factory=dict)
    clock: FakeClock = field(default_factory=FakeClock)
    emit: Recorder = field(default_factory=Recorder)

    def __post_init__(self) -> None:
        (self.home / "in").mkdir()
        make_received_root(self.configuration)

    @property
    def configuration(self) -> Any:
        given = {
            "profile": "embedded",
            "intake.inboxes": [str(self.home / "in")],
            "state.dir": self.home / "state",
            "output.dir": self.home / "out",
            "disk.low_water_mib": 0,
            "requests.upload_mib": 3,
        }
        return load(given | self.settings, environ={"HOME": str(self.home)}).configuration

    @property
    def reception(self) -> Reception:
        return Reception(self.configuration, self.ledger, clock=self.clock, emit=self.emit)

    @property
    def received(self) -> Path:
        return self.home / "state" / "received"

    def files(self) -> dict[str, int]:
        """Everything in the folder with its size, what comes in included."""
        return {
            str(path.relative_to(self.received)): path.stat().st_size
            for path in self.received.rglob("*")
            if path.is_file()
        }

    def upload(self, name: str, *chunks: bytes, **options: Any) -> Request | Refusal:
        """Send a file; what ended it."""
        begun = self.reception.begin_upload(name, **options)
        if isinstance(begun, Refusal):
            return begun
        with begun as upload:
            for chunk in chunks:
                refusal = upload.write(chunk)
                if refusal is not None:
                    return refusal
            return upload.finish()


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("template") / "l.sqlite3"
    open_ledger(path).close()
    return path.read_bytes()


@pytest.fixture
def counter(tmp_path: Path, template: bytes) -> Iterator[Counter]:
    (tmp_path / "l.sqlite3").write_bytes(template)
    ledger = attach_ledger(tmp_path / "l.sqlite3", output_root=b"/out", clock=FakeClock())
    yield Counter(tmp_path, ledger)
    ledger.close()


def test_a_path_becomes_a_request_that_waits(counter: Counter) -> None:
    (counter.home / "in" / "clip.mp4").write_bytes(b"x")
    asked = counter.reception.ask_path(os.fsencode(counter.home / "in" / "clip.mp4"), force=True)
    assert isinstance(asked, Request)
    assert (asked.kind, asked.state, asked.force, asked.path) == (
        RequestKind.PATH,
        RequestState.WAITING,
        True,
        b"clip.mp4",
    )
    assert counter.ledger.waiting_requests(limit=9) == [asked]
    assert counter.emit.names == ["request.received"]


def test_a_path_that_is_not_admitted_leaves_no_request(counter: Counter) -> None:
    refusal = counter.reception.ask_path(b"/etc/passwd")
    assert isinstance(refusal, Refusal)
    assert (refusal.reason, counter.ledger.requests(), counter.emit.names) == ("outside_roots", [], [])


def test_the_running_service_s_inboxes_count_and_further_roots(counter: Counter) -> None:
    from service.ledger.values import ServiceStart

    for name in ("by-flag", "further"):
        (counter.home / name).mkdir()
        (counter.home / name / "clip.mp4").write_bytes(b"x")
    counter.settings["requests.roots"] = [str(counter.home / "further")]
    flags = (os.fsencode(counter.home / "in" / ".." / "by-flag"),)
    counter.ledger.note_start(ServiceStart(flags, (".mp4",), b"/out", "embedded", "k", 1))
    asked = [
        counter.reception.ask_path(os.fsencode(counter.home / name / "clip.mp4")) for name in ("by-flag", "further")
    ]
    assert [found.root for found in asked] == [os.fsencode(counter.home / name) for name in ("by-flag", "further")]


def test_an_upload_appears_whole_and_waits_for_the_service(counter: Counter) -> None:
    counter.clock.advance(1.0)
    request = counter.upload("../Tips/Cl\u00efp.MP4", b"a" * MIB, b"b" * 10, least_bytes=MIB)
    assert isinstance(request, Request)
    assert (request.state, request.root) == (RequestState.WAITING, os.fsencode(counter.received))
    assert (os.fsdecode(request.path), request.bytes_done) == ("Cl\u00efp.mp4", MIB + 10)
    assert request.asked.decode() == "../Tips/Cl\u00efp.MP4"
    assert counter.files() == {"Cl\u00efp.mp4": MIB + 10}
    assert (counter.received / "Cl\u00efp.mp4").read_bytes() == b"a" * MIB + b"b" * 10
    assert counter.emit.names == ["request.received", "upload.done"]


def test_until_then_it_lies_hidden_and_its_progress_is_told(counter: Counter) -> None:
    upload = counter.reception.begin_upload("clip.mp4")
    with upload:
        upload.write(b"x" * 40)
        counter.clock.advance(5.0)
        upload.write(b"x" * 20)
        (name,) = counter.files()
        assert name.startswith(".incoming/")
        found = counter.ledger.request(upload.request.request_id)
        assert (found.state, found.bytes_done, found.bytes_total) == (RequestState.RECEIVED, 60, None)


REFUSED = {
    "extension": ("clip.exe", (b"x",), {}),
    "too_large": ("clip.mp4", (), {"least_bytes": 3 * MIB + 1}),
    "too_large ": ("clip.mp4", (b"x" * MIB,) * 4, {}),
    "empty": ("clip.mp4", (), {}),
}


@pytest.mark.parametrize(("reason", "case"), REFUSED.items(), ids=REFUSED)
def test_what_cannot_be_taken_leaves_nothing(counter: Counter, reason: str, case: Any) -> None:
    name, chunks, options = case
    refusal = counter.upload(name, *chunks, **options)
    assert isinstance(refusal, Refusal)
    assert (refusal.reason, counter.files()) == (reason.strip(), {})
    states = {request.state for request in counter.ledger.requests()}
    assert states <= {RequestState.REFUSED}


def test_what_would_not_be_decoded_is_not_received(counter: Counter) -> None:
    counter.settings |= {"media.max_file_mib": 2}
    refusal = counter.upload("clip.mp4", least_bytes=2 * MIB + 1)
    assert isinstance(refusal, Refusal)
    assert (refusal.reason, "media.max_file_mib" in refusal.detail) == ("too_large", True)


def test_a_disk_that_is_full_takes_none_and_one_that_fills_ends_it(
    counter: Counter, monkeypatch: pytest.MonkeyPatch
) -> None:
    counter.settings |= {"disk.low_water_mib": 100, "requests.upload_mib": 1000}
    free = [150 * MIB]
    monkeypatch.setattr("service.received.upload.free_bytes", lambda _path: free[0])
    assert counter.upload("clip.mp4", least_bytes=51 * MIB).reason == "disk_full"
    upload = counter.reception.begin_upload("clip.mp4", least_bytes=40 * MIB)
    with upload:
        assert upload.write(b"x" * LOOK_EVERY_BYTES) is None
        free[0] = 99 * MIB
        assert upload.write(b"x" * LOOK_EVERY_BYTES).reason == "disk_full"
    assert counter.files() == {}
    assert counter.ledger.request(upload.request.request_id).state is RequestState.REFUSED


def test_a_write_that_fails_ends_it(counter: Counter) -> None:
    upload = counter.reception.begin_upload("clip.mp4")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    with upload:
        resource.setrlimit(resource.RLIMIT_FSIZE, (MIB, before[1]))
        try:
            refusal = upload.write(b"x" * 2 * MIB)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert refusal is not None
    assert (refusal.reason, counter.files()) == ("not_written", {})


def test_an_upload_that_breaks_off_leaves_nothing_but_its_end(counter: Counter) -> None:
    upload = counter.reception.begin_upload("clip.mp4")
    with upload:
        upload.write(b"x" * 1000)
    found = counter.ledger.request(upload.request.request_id)
    assert (found.state, found.reason) == (RequestState.FAILED, "aborted")
    assert "after 1000 bytes" in (found.detail or "")
    assert counter.files() == {}
    assert counter.emit.names == ["request.received", "request.failed"]


KILLED = """
import os, sys
from pathlib import Path
from service.clock import SystemClock
from service.configuration import load
from service.ledger.ledger import attach_ledger
from service.received.reception import Reception
home = Path(sys.argv[1])
flags = {"profile": "embedded", "state.dir": home / "state", "output.dir": home / "out", "disk.low_water_mib": 0}
ledger = attach_ledger(home / "l.sqlite3")
configuration = load(flags, environ={"HOME": str(home)}).configuration
reception = Reception(configuration, ledger, clock=SystemClock(), emit=lambda *_given, **_fields: None)
with reception.begin_upload("clip.mp4") as upload:
    upload.write(b"x" * 1000)
    os.kill(os.getpid(), 9)
"""


APPEARED = KILLED.replace(
    "    os.kill(os.getpid(), 9)\n",
    "    type(ledger).video_is_there = lambda *_given, **_named: os.kill(os.getpid(), 9)\n    upload.finish()\n",
).replace('"clip.mp4")', '"clip.mp4", force=True)')


def test_a_kill_right_after_it_has_appeared_loses_neither_the_video_nor_how_it_was_asked_for(counter: Counter) -> None:
    assert subprocess.run([sys.executable, "-c", APPEARED, str(counter.home)], check=False).returncode == -9
    settle(counter.ledger, os.fsencode(counter.received), emit=counter.emit)
    (found,) = counter.ledger.requests()
    assert (found.state, found.force, found.path) == (RequestState.WAITING, True, b"clip.mp4")
    assert counter.files() == {"clip.mp4": 1000}


def test_another_s_video_at_its_place_is_not_taken_for_it(counter: Counter) -> None:
    subprocess.run([sys.executable, "-c", APPEARED, str(counter.home)], check=False)
    (counter.received / "clip.mp4").write_bytes(b"another's")
    settle(counter.ledger, os.fsencode(counter.received), emit=counter.emit)
    (found,) = counter.ledger.requests()
    assert (found.state, found.file) == (RequestState.FAILED, None)


def test_a_ledger_that_is_busy_costs_no_upload(counter: Counter, monkeypatch: pytest.MonkeyPatch) -> None:
    there, busy = Ledger.video_is_there, [LedgerBusy("a moment")] * 3

    def sometimes(*given: Any, **named: Any) -> None:
        if busy:
            raise busy.pop()
        there(*given, **named)

    def never(*_given: Any, **_named: Any) -> None:
        raise LedgerBusy("for long")

    monkeypatch.setattr(Ledger, "video_is_there", sometimes)
    monkeypatch.setattr(Ledger, "note_progress", never)
    upload = counter.reception.begin_upload("clip.mp4")
    assert isinstance(upload, Upload)
    with upload:
        counter.clock.advance(5.0)
        assert upload.write(b"x" * 10) is None
        found = upload.finish()
    assert isinstance(found, Request)
    assert (found.state, busy) == (RequestState.WAITING, [])


def test_a_kill_in_the_middle_is_settled_by_the_next_start(counter: Counter) -> None:
    ended = subprocess.run([sys.executable, "-c", KILLED, str(counter.home)], check=False)
    assert ended.returncode == -9
    assert list(counter.files().values()) == [1000]
    with counter.reception.begin_upload("other.mp4") as mine:
        mine.write(b"y" * 10)
        settle(counter.ledger, os.fsencode(counter.received), emit=counter.emit)
        assert list(counter.files().values()) == [10], "what another process receives stays"
        mine.finish()
    assert {request.state: request.reason for request in counter.ledger.requests()} == {
        RequestState.FAILED: "interrupted",
        RequestState.WAITING: None,
    }
    assert counter.emit.names == ["request.received", "received.swept", "request.failed", "upload.done"]
