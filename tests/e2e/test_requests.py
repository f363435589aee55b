"""A running service takes up what another process asks for through the ledger, and what lands in its own folder."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
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
    settings = WITHOUT_MODELS | {"REELWATCH_INTAKE__QUIET_NETWORK_S": "3600.0", "REELWATCH_INTAKE__SWEEP_S": "600.0"}
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
    why = asking.home.run("why", asking.received / "nothing.mp4")
    assert b"there is no such file" in why.stdout


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
