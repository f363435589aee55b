"""A running service takes up what another process asks for through the ledger, and what lands in its own folder."""

from __future__ import annotations

import json
import os
import subprocess
import threading
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from http.client import HTTPConnection
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import bad_files
import pytest
from processes import WITHOUT_MODELS, Home, Service, until

from service.ledger.ledger import attach_ledger
from service.ledger.request_values import ENDED, Request, RequestKind, RequestState


@dataclass
class Asking:
    """A service, and the ledger beside it as the web process has it."""

    home: Home
    service: Service
    model: bytes

    @property
    def other(self) -> Path:
        """A folder that nobody watches."""
        return self.home.path / "other"

    @property
    def received(self) -> Path:
        return self.home.path / "state" / "received"

    def put(self, folder: Path, name: str, content: str) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / name
        path.write_bytes(self.model + bad_files.box(b"free", content.encode()))
        return path

    def asked(self, root: Path, name: str, *, force: bool = False) -> Request:
        """Ask for a path, and wait for what becomes of the request."""
        place = (os.fsencode(root), os.fsencode(name))
        with closing(attach_ledger(self.home.path / "state" / "ledger.sqlite3")) as ledger:
            number = ledger.add_request(RequestKind.PATH, b"/".join(place), force=force, location=place).request_id
            return until(lambda: (found := ledger.request(number)).state in ENDED and found, f"request {number}")

    def document_of(self, request: Request) -> Any:
        assert request.state is RequestState.TAKEN, request
        job = until(lambda: self._done(request.job_id), f"job {request.job_id} is done")
        return self.home.document(job.document)

    def _done(self, job_id: int) -> Any:
        return next((job for job in self.home.jobs() if job.job_id == job_id and job.state == "done"), None)


@pytest.fixture(scope="module")
def asking(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asking]:
    settings = WITHOUT_MODELS | {"REELWATCH_DOWNLOAD__ALLOW_PRIVATE_ADDRESSES": "true"}
    settings |= {"REELWATCH_INTAKE__SWEEP_S": "600.0"}  # what is found is found by its event
    home = Home(tmp_path_factory.mktemp("requests"), settings)
    model = bad_files.clip(home.path / "model.mp4").read_bytes()
    with home.service() as service:
        yield Asking(home, service.ready(), model)


def test_a_path_that_nobody_watches_is_described_as_any_other(asking: Asking) -> None:
    asking.put(asking.other / "tips", "clip.mp4", "one")
    document = asking.document_of(asking.asked(asking.other, "tips/clip.mp4"))
    assert (document.status, document.source.relative_path) == ("complete", "tips/clip.mp4")
    assert (asking.home.output / "tips" / "clip.json").is_file()


def test_what_is_done_answers_with_its_job_and_force_describes_it_anew(asking: Asking) -> None:
    asking.put(asking.other, "twice.mp4", "two")
    first = asking.asked(asking.other, "twice.mp4")
    asking.document_of(first)
    again = asking.asked(asking.other, "twice.mp4")
    assert again.job_id == first.job_id
    (job,) = (job for job in asking.home.jobs() if job.job_id == first.job_id)
    assert (job.state, job.run) == ("done", 0)
    asking.asked(asking.other, "twice.mp4", force=True)
    until(lambda: any(j.job_id == first.job_id and j.run == 1 and j.state == "done" for j in asking.home.jobs()), "run")


def test_a_file_in_an_inbox_skips_the_gates(asking: Asking) -> None:
    path = asking.home.inbox / "held.mp4"
    with path.open("wb") as file:  # whoever has it open keeps it at a gate
        file.write(asking.model + bad_files.box(b"free", b"three"))
        file.flush()
        asking.home.until_state(path, "waiting")
        request = asking.asked(asking.home.inbox, "held.mp4")
        assert asking.document_of(request).source.relative_path == "held.mp4"


def test_what_lands_in_the_service_s_own_folder_is_found_as_in_an_inbox(asking: Asking) -> None:
    assert asking.received.stat().st_mode & 0o777 == 0o700
    hidden = asking.put(asking.received / ".incoming", "upload", "four")
    hidden.rename(asking.received / "landed.mp4")
    job = asking.home.until_state(asking.received / "landed.mp4", "done")
    assert (job.root, job.document) == (os.fsencode(asking.received), "landed")


@dataclass
class Face:
    """A web process beside the service."""

    port: int

    def post(self, body: bytes, kind: str) -> Any:
        return self._asked("POST", "/analyze", body, {"Content-Type": kind})

    def taken(self, asked: Any) -> Any:
        """Wait until a request has a job that is done."""
        number = asked["request"]

        def done() -> Any:
            found = self._asked("GET", f"/analyze/{number}")
            assert found["state"] not in {"refused", "failed"}, found
            return found["job"] is not None and found["job"]["state"] == "done" and found

        return until(done, f"request {number} is described")

    def video(self, video_id: str) -> bytes:
        """What a player gets."""
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=60)) as connection:
            connection.request("GET", f"/documents/{video_id}/video")
            return connection.getresponse().read()

    def _asked(self, method: str, path: str, *given: Any) -> Any:
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=60)) as connection:
            connection.request(method, path, *given)
            return json.loads(connection.getresponse().read())


@pytest.fixture(scope="module")
def face(asking: Asking) -> Iterator[Face]:
    with asking.home.start("web", "--port", "0", stdout=subprocess.DEVNULL) as process:
        yield Face(int(_said(process).rstrip(b"/\n").rpartition(b":")[2]))
        process.terminate()
        process.stderr.read()


def _said(process: subprocess.Popen[bytes]) -> bytes:
    """The line that says where it listens."""
    return next(line for line in process.stderr if line.startswith(b"Reelwatch is at"))


def test_an_upload_is_described(asking: Asking, face: Face) -> None:
    content = asking.model + bad_files.box(b"free", b"seven")
    head = b'--B\r\nContent-Disposition: form-data; name="file"; filename="sent.mp4"\r\n\r\n'
    asked = face.post(head + content + b"\r\n--B--\r\n", "multipart/form-data; boundary=B")
    found = face.taken(asked)
    assert found["path"] == str(asking.received / "sent.mp4")
    assert asking.home.document(found["job"]["document"]).source.relative_path == "sent.mp4"
    assert face.video(found["job"]["video_id"]) == content


def test_a_video_by_its_url_is_described_with_what_the_web_says_of_it(asking: Asking, face: Face) -> None:
    asking.put(asking.home.path / "served", "tips.mp4", "eight")
    handler = partial(SimpleHTTPRequestHandler, directory=str(asking.home.path / "served"))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/tips.mp4"
        found = face.taken(face.post(json.dumps({"url": url}).encode(), "application/json"))
        server.shutdown()
    assert found["path"] == str(asking.received / "tips.mp4")
    document = asking.home.document(found["job"]["document"])
    assert (document.status, document.source.platform_id) == ("complete", "tips")


def test_a_restart_leaves_jobs_of_a_root_that_nobody_watches_as_they_are(asking: Asking) -> None:
    """The last test here: it ends the service."""
    asking.put(asking.other, "kept.mp4", "five")
    request = asking.asked(asking.other, "kept.mp4")
    asking.document_of(request)
    before = {job.job_id: job.state for job in asking.home.jobs()}
    assert asking.service.terminate()[0] == 0
    with asking.home.service() as service:
        service.ready()
        asking.put(asking.other, "late.mp4", "six")
        late = asking.asked(asking.other, "late.mp4")
        asking.document_of(late)
        after = {job.job_id: job.state for job in asking.home.jobs()}
    assert {number: after[number] for number in before} == before
    assert not service.named("root.lost")
