"""Folders with real files, a ledger with a clock that stands still, and short ways to bring both into a state."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass, field
from pathlib import Path

from service.clock import FakeClock
from service.intake.ports import Generation, Settled
from service.intake.probe import head_tail
from service.ledger.ledger import Ledger, open_ledger
from service.ledger.values import Job, StoredResult
from service.logs import Recorder

GOLDEN = Path(__file__).resolve().parents[2] / "actors" / "fusion" / "golden" / "document.json"
SAID = "what was found out in confidence"
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

    def publish(self, job: Job) -> Path:
        """Write the document of a job, with its pictures, as fusion leaves them; something is said in it."""
        name = self.ledger.allocate_name(job)
        document = json.loads(GOLDEN.read_text(encoding="utf-8").replace("blåbær", name.rpartition("/")[2]))
        document |= {"video_id": job.sha256[:16]}
        document["source"] |= {"sha256": job.sha256}
        document["processing"] |= {"run_id": job.run_id}
        path = self.output / f"{name}.json"
        for shot in document["shots"]:
            picture = path.parent / shot["keyframe"]
            picture.parent.mkdir(parents=True, exist_ok=True)
            picture.write_bytes(b"\xff\xd8picture\xff\xd9")
        path.write_text(json.dumps(document, ensure_ascii=False), encoding="utf-8")
        return path

    def described(self, name: str | bytes, content: bytes = b"x") -> Job:
        """A file is described, and its document lies in the output; the ledger holds what was heard."""
        job = self.claimed(name, content)
        self.publish(job)
        results = [result(job, stage) for stage in ("asr", "diarization", "ocr", "frames")]
        self.ledger.store_results(results, job_id=job.job_id)
        document = self.ledger.allocate_name(job)
        return self.ledger.finish(job.job_id, document=document, settings_key="k", status="complete")

    def done(self, name: str | bytes, content: bytes = b"x") -> Job:
        """A file is described, as far as the ledger knows."""
        job = self.claimed(name, content)
        document = self.ledger.allocate_name(job)
        return self.ledger.finish(job.job_id, document=document, settings_key="k", status="complete")


def result(job: Job, stage: str) -> StoredResult:
    key = hashlib.sha256(f"{job.sha256} {stage}".encode()).hexdigest()
    return StoredResult(key, job.sha256 or "", stage, f"{stage}.x", 1, "done", f'"{SAID} by {stage}"')
