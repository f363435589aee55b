"""A command line with folders and a ledger of its own."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from service.cli import common, main
from service.host import Share
from service.intake.ports import Generation, Observation, Settled
from service.ledger.ledger import Ledger, open_ledger
from service.ledger.states import State
from service.ledger.values import Job, ServiceStart
from service.state import LEDGER_FILE

sys.path[:0] = [str(Path(__file__).resolve().parent)]

GOLDEN = Path(__file__).resolve().parents[2] / "actors" / "fusion" / "golden" / "document.json"


@dataclass
class Home:
    """Folders, a ledger, and commands run on them in this process, as `main` runs them."""

    path: Path
    monkeypatch: pytest.MonkeyPatch
    ledger: Ledger | None = None
    made: int = field(default=0)

    @property
    def inbox(self) -> Path:
        return self.path / "inbox"

    @property
    def output(self) -> Path:
        return self.path / "output"

    def run(self, *arguments: str | Path) -> Result:
        """Run a command; an error of ours ends it as it would end the program."""
        runner = CliRunner()
        with self.monkeypatch.context() as patch:
            patch.setattr(main.sys, "exit", _exit)
            # This process is the tests': what it gave up to others it could not take back.
            patch.setattr(common, "take_share", lambda _configuration: Share(0, "none", 1, None))
            return runner.invoke(_Program(), [os.fspath(argument) for argument in arguments])

    def open(self) -> Ledger:
        """Make the ledger; it stays open beside the commands, as a service's would."""
        self.ledger = open_ledger(self.path / "state" / LEDGER_FILE, output_root=os.fsencode(self.output))
        return self.ledger

    def start(self, *, inbox: Path | None = None, profile: str = "cpu", running: bool = False) -> Ledger:
        """Make the ledger, as a service leaves it that was started with flags nobody else knows."""
        ledger = self.open()
        pid = os.getpid()
        watched = os.fsencode(inbox or self.inbox)
        ledger.note_start(ServiceStart((watched,), (".mp4", ".gif"), os.fsencode(self.output), profile, "theirs", pid))
        if running:
            (self.path / "state" / "lock").write_text(str(pid))
        return ledger

    @contextmanager
    def said(self) -> Iterator[list[str]]:
        """What is said on stderr."""
        lines: list[str] = []
        with self.monkeypatch.context() as patch:
            patch.setattr(common.click, "echo", lambda message, **_options: lines.append(message))
            yield lines

    def settle(self, name: str, *, content: str = "x" * 64) -> Job:
        """A file passes the gates."""
        self.made += 1
        generation = Generation(device=1, inode=self.made, size=9, mtime_ns=1, head_tail=content)
        self.ledger.intake.enqueue([Settled(os.fsencode(self.inbox), name.encode(), generation)])
        return self.ledger.find(os.fsencode(self.inbox / name))[0]

    def wait(self, name: str, state: State, reason: str, detail: str) -> None:
        """Intake says why a file waits."""
        self.made += 1
        where = os.fsencode(self.inbox), name.encode()
        self.ledger.intake.observe([Observation(*where, 1, self.made, 9, 1, state, reason, detail)])

    def work(self, name: str, *, sha256: str) -> Job:
        """Settle, claim and identify."""
        job = self.settle(name, content=sha256)
        self.ledger.claim(limit=1, now=self.ledger.clock.wall(), only=[job.job_id])
        return self.ledger.identified(job.job_id, sha256).job

    def describe(self, name: str, *, sha256: str = "a" * 64, write: bool = True) -> Job:
        """From a settled file to its document."""
        job = self.work(name, sha256=sha256)
        document = self.ledger.allocate_name(job)
        if write:
            target = self.output / f"{document}.json"
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(GOLDEN, target)
        return self.ledger.finish(job.job_id, document=document, settings_key="older")


class _Program:
    """What `CliRunner` runs: the whole program, not only click's part of it."""

    name = "reelwatch"

    def main(self, args: list[str], prog_name: str, **_extra: object) -> int:  # noqa: ARG002 - click's call
        raise SystemExit(main._run(args))


def _exit(code: int) -> None:
    raise SystemExit(code)


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Home]:
    """Settings by environment, so that commands need no flags."""
    for name in [name for name in os.environ if name.startswith("REELWATCH_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("XDG_CONFIG_HOME", "XDG_STATE_HOME", "STATE_DIRECTORY", "CONFIGURATION_DIRECTORY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("REELWATCH_INTAKE__INBOXES", f'["{tmp_path}/inbox"]')
    monkeypatch.setenv("REELWATCH_OUTPUT__DIR", str(tmp_path / "output"))
    monkeypatch.setenv("REELWATCH_STATE__DIR", str(tmp_path / "state"))
    monkeypatch.chdir(tmp_path)
    made = Home(tmp_path, monkeypatch)
    made.inbox.mkdir()
    yield made
    if made.ledger is not None:
        made.ledger.close()
