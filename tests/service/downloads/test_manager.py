"""Downloads out of the ledger: what lands where, what a stop gives back, and what a kill leaves."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from endings import gone
from media_server import VIDEO, MediaServer, serving

from service import sidecars
from service.clock import SystemClock
from service.configuration import load
from service.downloads.job import Download
from service.downloads.manager import Downloads
from service.ledger.ledger import Ledger, attach_ledger, open_ledger
from service.ledger.request_values import Request, RequestState
from service.ledger.values import ServiceStart
from service.logs import Recorder
from service.received.reception import Reception
from service.received.recovery import settle
from service.received.refusal import Refusal
from service.state import make_received_root
from service.state_identity import identity, made_identity

WITHIN_S = 120.0


@dataclass
class Web:
    """What a web process has: a ledger, settings, a manager."""

    home: Path
    ledger: Ledger
    settings: dict[str, Any] = field(default_factory=dict)
    emit: Recorder = field(default_factory=Recorder)

    @property
    def configuration(self) -> Any:
        given = {"profile": "embedded", "state.dir": self.home / "state", "output.dir": self.home / "out"}
        given |= {"disk.low_water_mib": 0, "download.allow_private_addresses": True}
        return load(given | self.settings, environ={"HOME": str(self.home)}).configuration

    @property
    def received(self) -> Path:
        return self.home / "state" / "received"

    def manager(self) -> Downloads:
        return Downloads(self.configuration, lambda: self.ledger, clock=SystemClock(), emit=self.emit)

    def ask(self, url: str, wake: Callable[[], None] = lambda: None) -> Request | Refusal:
        reception = Reception(self.configuration, self.ledger, clock=SystemClock(), emit=self.emit, wake=wake)
        return reception.ask_url(url)

    def until(self, request: Request, *states: RequestState) -> Request:
        end_s = time.monotonic() + WITHIN_S
        while (found := self.ledger.request(request.request_id)).state not in states:
            assert time.monotonic() < end_s, found
            time.sleep(0.05)
        return found

    def files(self) -> set[str]:
        return {str(path.relative_to(self.received)) for path in self.received.rglob("*") if path.is_file()}


@pytest.fixture
def web(tmp_path: Path) -> Iterator[Web]:
    open_ledger(tmp_path / "state" / "l.sqlite3").close()
    ledger = attach_ledger(tmp_path / "state" / "l.sqlite3", output_root=b"/out")
    made = Web(tmp_path, ledger)
    make_received_root(made.configuration)
    yield made
    ledger.close()


@pytest.fixture(scope="module")
def server() -> Iterator[MediaServer]:
    with serving() as made:
        yield made


def test_what_is_asked_for_lands_with_its_description(web: Web, server: MediaServer) -> None:
    manager = web.manager()
    manager.start()
    asked, refused = web.ask(server.url("/clip.mp4?key=secret"), manager.wake), web.ask(server.url("/list"))
    there = web.until(asked, RequestState.WAITING, RequestState.FAILED)
    no = web.until(refused, RequestState.REFUSED, RequestState.FAILED)
    manager.stop()
    assert (there.state, there.file) == (RequestState.WAITING, os.fsencode(web.received / "clip.mp4"))
    assert (there.bytes_done, there.bytes_total) == (len(VIDEO), len(VIDEO))
    assert web.files() == {"clip.mp4", "clip.info.json"}
    assert (web.received / "clip.mp4").read_bytes() == VIDEO
    (sidecar,) = sidecars.read(there.root, there.path)
    assert json.loads(sidecar.content)["title"] == "clip"
    assert (no.reason, no.begun) == ("playlist", 1)
    assert "secret" not in str(web.emit.events)
    (done,) = web.emit.named("download.done")
    assert (done["size_bytes"], done["path"]) == (len(VIDEO), b"clip.mp4")


def test_what_would_land_away_from_the_service_is_left_for_the_web_face_there(web: Web, server: MediaServer) -> None:
    asked = web.ask(server.url("/clip.mp4"))
    made_identity(web.home / "state")
    web.ledger.note_start(ServiceStart((), (), b"/out", "cpu", "k", 1, host="studio", state_id="another"))
    manager = web.manager()
    assert not manager.look()
    assert web.ledger.request(asked.request_id).state is RequestState.RECEIVED
    web.ledger.note_start(ServiceStart((), (), b"/out", "cpu", "k", 1, state_id=identity(web.home / "state")))
    assert manager.look()
    assert web.ledger.request(asked.request_id).state is RequestState.WAITING


def test_a_stop_gives_back_what_is_under_way(web: Web, server: MediaServer) -> None:
    manager = web.manager()
    manager.start()
    asked = web.ask(server.url("/slow.mp4"), manager.wake)
    web.until(asked, RequestState.DOWNLOADING)
    while not web.emit.named("download.started"):
        time.sleep(0.05)
    manager.stop(timeout_s=30)
    found = web.ledger.request(asked.request_id)
    assert (found.state, found.begun) == (RequestState.RECEIVED, 0)
    assert gone(web.emit.named("download.started")[0]["pid"])
    assert web.files() == set()


MANAGER = """
import sys, time
from pathlib import Path
from service.clock import SystemClock
from service.configuration import load
from service.downloads.manager import Downloads
from service.ledger.ledger import attach_ledger
home = Path(sys.argv[1])
given = {"profile": "embedded", "state.dir": home / "state", "output.dir": home / "out"}
given |= {"disk.low_water_mib": 0, "download.allow_private_addresses": True}
ledger = attach_ledger(home / "state" / "l.sqlite3")
def emit(event, **fields):
    if event == "download.started":
        print(fields["pid"], flush=True)
configuration = load(given, environ={"HOME": str(home)}).configuration
Downloads(configuration, lambda: ledger, clock=SystemClock(), emit=emit).start()
time.sleep(600)
"""


def test_a_kill_leaves_no_process_and_no_half_file(web: Web, server: MediaServer) -> None:
    asked = web.ask(server.url("/slow.mp4"))
    command = [sys.executable, "-c", MANAGER, str(web.home)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as manager:
        pid = int(manager.stdout.readline())
        end_s = time.monotonic() + WITHIN_S
        while not any(name.endswith("video.mp4") for name in web.files()):
            assert time.monotonic() < end_s, "the video begins to come"
            time.sleep(0.05)
        manager.kill()
    assert gone(pid)
    settle(web.ledger, os.fsencode(web.received), emit=web.emit)
    found = web.ledger.request(asked.request_id)
    assert (found.state, found.begun, web.files()) == (RequestState.RECEIVED, 1, set())


def test_a_kill_right_after_it_has_landed_fetches_it_no_second_time(web: Web, server: MediaServer) -> None:
    asked = web.ask(server.url("/clip.mp4"))
    dying = "import os\ntype(ledger).video_is_there = lambda *_a, **_k: os.kill(os.getpid(), 9)\nconfiguration ="
    command = [sys.executable, "-c", MANAGER.replace("configuration =", dying), str(web.home)]
    assert subprocess.run(command, stdout=subprocess.DEVNULL, check=False, timeout=WITHIN_S).returncode == -9
    settle(web.ledger, os.fsencode(web.received), emit=web.emit)
    found = web.ledger.request(asked.request_id)
    assert (found.state, found.path, found.bytes_total) == (RequestState.WAITING, b"clip.mp4", len(VIDEO))
    assert web.files() == {"clip.mp4", "clip.info.json"}


def test_what_cannot_be_asked_for_leaves_no_request(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    web.settings["download.allow_private_addresses"] = False
    assert web.ask("http://127.0.0.1:8003/health").reason == "private_address"
    monkeypatch.setattr("service.received.reception.find_spec", lambda _name: None)
    refusal = web.ask("https://example.org/clip.mp4")
    assert (refusal.reason, "pip install" in refusal.detail) == ("unavailable", True)
    assert web.ledger.requests() == []


def test_a_ledger_that_is_away_is_waited_for(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    from service.ledger.errors import LedgerMissing

    monkeypatch.setattr("service.downloads.manager.AFTER_FAILURE_S", 0.05)
    asked = web.ask("http://127.0.0.1:9/clip.mp4")
    away = [LedgerMissing("not yet")] * 3

    def ledger() -> Ledger:
        if away:
            raise away.pop()
        return web.ledger

    manager = Downloads(web.configuration, ledger, clock=SystemClock(), emit=web.emit)
    manager.start()
    found = web.until(asked, RequestState.FAILED)
    manager.stop()
    assert (found.reason, away) == ("unreachable", [])


def test_a_bug_fails_its_request_only(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_given: object, **_named: object) -> None:
        raise KeyError("x")

    monkeypatch.setattr("service.downloads.job.DownloadProcess", broken)
    manager = web.manager()
    manager.start()
    found = [web.until(web.ask("https://example.org/clip.mp4", manager.wake), RequestState.FAILED) for _ in range(2)]
    manager.stop()
    assert [each.reason for each in found] == ["bug", "bug"]


def test_a_bug_outside_a_request_is_told_and_the_next_one_is_fetched(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.downloads.manager.AFTER_FAILURE_S", 0.05)
    monkeypatch.setattr("service.downloads.manager.Download.run", _settled_elsewhere(Download.run))
    web.settings["download.at_once"] = 1
    manager = web.manager()
    manager.start()
    asked = [web.ask("http://127.0.0.1:9/clip.mp4", manager.wake) for _ in range(2)]
    found = [web.until(request, RequestState.FAILED) for request in asked]
    manager.stop()
    assert [each.reason for each in found] == ["interrupted", "unreachable"]
    (told,) = web.emit.named("download.failed")
    assert told["cause"].startswith("IllegalRequestChange")


def _settled_elsewhere(run: Callable[[Download], None]) -> Callable[[Download], None]:
    """The first download finds its request ended by somebody else."""
    first = [True]

    def settled(download: Download) -> None:
        if first.pop() if first else False:
            number = download._request.request_id
            download._ledger.fail_request(number, reason="interrupted", detail="by another")
        run(download)

    return settled


def test_a_host_that_refuses_fails_the_request(web: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    def refusing(*_given: object, **_named: object) -> None:
        raise BlockingIOError(11, "Resource temporarily unavailable")

    monkeypatch.setattr("service.downloads.process.subprocess.Popen", refusing)
    manager = web.manager()
    manager.start()
    found = web.until(web.ask("https://example.org/clip.mp4", manager.wake), RequestState.FAILED)
    manager.stop()
    assert (found.reason, "temporarily unavailable" in found.detail) == ("os_error", True)
    assert web.files() == set()
