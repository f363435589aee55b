"""A ledger with a clock that stands still, and a receiver on loopback."""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from service.clock import FakeClock
from service.intake.ports import Generation, Settled
from service.intake.probe import head_tail
from service.ledger.ledger import Ledger, open_ledger
from service.ledger.values import Job
from service.logs import Recorder

sys.path[:0] = [str(Path(__file__).resolve().parent)]

ALL = ("done", "failed", "rejected", "parked", "duplicate")


@dataclass
class Site:
    """Folders, real files in them, and what the ledger has been told of them."""

    home: Path
    clock: FakeClock = field(default_factory=FakeClock)
    emit: Recorder = field(default_factory=Recorder)
    announces: tuple[str, ...] = ALL

    def __post_init__(self) -> None:
        for folder in (self.inbox, self.output, self.archive):
            folder.mkdir(exist_ok=True)
        self.ledger = self.open()

    @property
    def inbox(self) -> Path:
        return self.home / "in"

    @property
    def output(self) -> Path:
        return self.home / "out"

    @property
    def archive(self) -> Path:
        return self.home / "archive"

    def open(self) -> Ledger:
        output = os.fsencode(self.output)
        return open_ledger(self.home / "l.sqlite3", output_root=output, clock=self.clock, announces=self.announces)

    def reopen(self) -> Ledger:
        """What a process sees that comes after a crash."""
        self.ledger.close()
        self.ledger = self.open()
        return self.ledger

    def drop(self, name: str | bytes, content: bytes = b"x") -> Path:
        path = self.inbox / os.fsdecode(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path

    def settle(self, path: Path) -> Job:
        """A file passes the gates."""
        with path.open("rb") as file:
            stat = os.fstat(file.fileno())
            ends = head_tail(file.fileno(), size=stat.st_size)
        generation = Generation(stat.st_dev, stat.st_ino, stat.st_size, stat.st_mtime_ns, ends)
        below = os.fsencode(path.relative_to(self.inbox))
        self.ledger.intake.enqueue([Settled(os.fsencode(self.inbox), below, generation)])
        return self.ledger.find(os.fsencode(path))[0]

    def claimed(self, name: str | bytes, content: bytes = b"x") -> Job:
        """A file is claimed and identified; it may have been ended by that, as a copy."""
        job = self.settle(self.drop(name, content))
        self.ledger.claim(limit=1, now=self.clock.wall(), only=[job.job_id])
        return self.ledger.identified(job.job_id, hashlib.sha256(content).hexdigest()).job

    def done(self, name: str | bytes, content: bytes = b"x") -> Job:
        """A file is described, as far as the ledger knows."""
        job = self.claimed(name, content)
        document = self.ledger.allocate_name(job)
        return self.ledger.finish(job.job_id, document=document, settings_key="k", status="complete")


@pytest.fixture(scope="session")
def empty_ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated ledger without rows, to be copied: migrating takes longer than most tests."""
    path = tmp_path_factory.mktemp("template") / "l.sqlite3"
    open_ledger(path).close()
    return path


@pytest.fixture
def site(tmp_path: Path, empty_ledger: Path) -> Iterator[Site]:
    shutil.copy(empty_ledger, tmp_path / "l.sqlite3")
    made = Site(tmp_path)
    yield made
    made.ledger.close()
