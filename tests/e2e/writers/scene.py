"""What a writer is, and the stage it works on: a video outside the inbox, and a watched folder to put it in."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from processes import Home, Service, until
from writers.servers import Servers

from service.ledger.values import Job

VENV = Path(sys.executable).parent
STATES_BEFORE_TAKING = frozenset({"waiting", "incomplete"})


class Unavailable(Exception):  # noqa: N818 - a reason to skip, not an error
    """A program or facility that a writer needs is not here."""


@dataclass(frozen=True)
class Writer:
    """One way in which a video comes into a folder.

    taken: the sign by which the file is known to be complete, for the table. replayed: the program cannot run here,
    and its recorded steps are repeated. needs: programs on PATH. server: the one in `servers` that it talks to.
    suffix: of the video. mount: the video arrives in the inbox that is a mount. aborts: the first try is broken off.
    generations: how many complete contents the name holds, one after the other.
    """

    name: str
    write: Callable[[Scene], None]
    taken: str
    replayed: bool = False
    needs: tuple[str, ...] = ()
    server: str | None = None
    suffix: str = ".mp4"
    mount: bool = False
    aborts: bool = False
    generations: int = 1

    @property
    def slug(self) -> str:
        """The name as a file's name."""
        return "".join(c if c.isalnum() else "-" for c in self.name.lower()).strip("-")

    def missing(self) -> str | None:
        """Name the programs that are not installed."""
        absent = [program for program in self.needs if found(program) is None]
        return f"not installed: {', '.join(absent)}" if absent else None


def found(program: str) -> str | None:
    """Find a system's program, servers included; what lies in the test's own environment is not meant."""
    return shutil.which(program, path="/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin")


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@dataclass
class Ledger:
    """The jobs of a home, read at most three times a second however many ask."""

    home: Home
    _jobs: list[Job] = field(default_factory=list)
    _read_s: float = -1.0

    def jobs(self, path: Path) -> list[Job]:
        """Every job of a file, the oldest first."""
        if time.monotonic() > self._read_s + 0.3:
            self._jobs, self._read_s = self.home.jobs(), time.monotonic()
        mine = [job for job in list(self._jobs) if job.absolute_path == os.fsencode(path)]
        return sorted(mine, key=lambda job: job.job_id)


@dataclass
class Scene:
    """What one writer works with. `folder` is watched, everything else is not.

    target: where the video will lie in the end. sha256: of the bytes it must have then. ended_at: wall-clock time after
    which the writer changed nothing, where the file's own times do not tell. waited: what the ledger said of
    unfinished content.
    """

    writer: Writer
    source: Path
    folder: Path
    away: Path
    target: Path
    ledger: Ledger
    service: Service
    servers: Servers
    sha256: str = ""
    ended_at: float = 0.0
    waited: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.sha256 = self.sha256 or sha256(self.source)

    @property
    def content(self) -> bytes:
        return self.source.read_bytes()

    def job(self) -> Job | None:
        """The newest job of the video."""
        return next(reversed(self.ledger.jobs(self.target)), None)

    def replaced(self) -> Path:
        """Once the video is done, make another one of the same size that differs in its last byte; return it."""
        until(
            lambda: (job := self.job()) is not None and job.state == "done", f"{self.target.name} is done", within_s=120
        )
        content = bytearray(self.content)
        content[-1] ^= 1
        path = self.away / f"replaced-{self.target.name}"
        path.write_bytes(content)
        self.sha256 = sha256(path)
        return path

    def run(self, *command: str | Path, **options: Any) -> None:
        """Run a program to its end; it must succeed."""
        given = {"timeout": 120, "stdin": subprocess.DEVNULL, "capture_output": True, "cwd": self.away}
        ended = subprocess.run([str(word) for word in command], check=False, **(given | options))
        assert ended.returncode == 0, (command, ended.returncode, ended.stdout, ended.stderr)

    def broken_off(self, *command: str | Path, when: Callable[[], bool], with_signal: int, **options: Any) -> None:
        """Run a program and end it by a signal as soon as something is so."""
        given = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        with subprocess.Popen([str(word) for word in command], cwd=self.away, **(given | options)) as process:
            try:
                until(when, f"{command} has begun")
                assert process.poll() is None, f"{command} ended before it could be broken off"
                process.send_signal(with_signal)
                process.wait(timeout=60)
            finally:
                process.kill()

    def grown(self, path: Path | None = None, *, share: float = 0.2) -> bool:
        """Tell whether a share of the video is there."""
        path = path or self.target
        return path.exists() and path.stat().st_size >= share * self.source.stat().st_size

    def wait_for_refusal(self) -> None:
        """Wait until the service has looked at an unfinished file and said what it waits for; it must not take it."""

        def refused() -> str | None:
            jobs = self.ledger.jobs(self.target)
            return f"{jobs[-1].state}({jobs[-1].reason})" if jobs and jobs[-1].reason != "quiet" else None

        self.waited.append(until(refused, f"{self.writer.name}: the service looks at the unfinished file"))
        time.sleep(1.5)  # longer than the shortest quiet window: were it taken, it would be now
        assert {job.state for job in self.ledger.jobs(self.target)} <= STATES_BEFORE_TAKING, self.waited
