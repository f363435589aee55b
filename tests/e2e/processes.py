"""The product as its users start it: commands and the service in processes of their own, on a test's own folders."""

from __future__ import annotations

import ctypes
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from actors.document import parse
from service.ledger.errors import LedgerMissing
from service.ledger.ledger import read_ledger
from service.ledger.place import Place, ServerPlace
from service.ledger.values import Job

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = (sys.executable, "-m", "service.cli.main")
MODELS = ("VAD", "ASR", "DIARIZATION", "CAPTIONS", "OBJECTS", "OCR", "AUDIO")

WITHOUT_MODELS = {
    **{f"REELWATCH_STAGES__{stage}__BACKENDS": "[]" for stage in MODELS},
    "REELWATCH_POOL__KIND": '"local"',
    "REELWATCH_POOL__NUM_CPUS": "2",
}
"""Decoding and fusion only, in child processes: what starts in a second."""

DAC_OVERRIDE, DAC_READ_SEARCH = 1, 2
_PR_CAPBSET_DROP = 24


def obey_permissions() -> None:
    """Have the program that is started next obey the permissions of files, also when it is root's."""
    if os.geteuid() == 0:
        libc = ctypes.CDLL(None, use_errno=True)
        for capability in (DAC_OVERRIDE, DAC_READ_SEARCH):
            if libc.prctl(_PR_CAPBSET_DROP, capability, 0, 0, 0):
                raise OSError(ctypes.get_errno(), "the bounding set of capabilities cannot be lowered")


def until(true: Callable[[], Any], what: str, *, within_s: float = 60.0) -> Any:
    """Poll until something is so, and return it; the test fails after `within_s`."""
    end_s = time.monotonic() + within_s
    while time.monotonic() < end_s:
        found = true()
        if found:
            return found
        time.sleep(0.1)
    pytest.fail(f"not within {within_s:g} s: {what}")


@dataclass
class Home:
    """Folders, and the commands on them."""

    path: Path
    settings: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.inbox.mkdir(parents=True, exist_ok=True)

    @property
    def inbox(self) -> Path:
        return self.path / "in"

    @property
    def output(self) -> Path:
        return self.path / "out"

    @property
    def ledger(self) -> Place:
        """Where the ledger is, by the settings."""
        url = self.settings.get("REELWATCH_STATE__LEDGER", "")
        return ServerPlace(url) if url else self.path / "state" / "ledger.sqlite3"

    @property
    def environ(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("REELWATCH_")}
        return kept | {
            "HOME": str(self.path),
            "PYTHONPATH": str(ROOT),
            "OMP_NUM_THREADS": "1",
            "REELWATCH_PROFILE": '"embedded"',
            "REELWATCH_STATE__DIR": str(self.path / "state"),
            "REELWATCH_OUTPUT__DIR": str(self.output),
            "REELWATCH_INTAKE__INBOXES": json.dumps([str(self.inbox)]),
            "REELWATCH_INTAKE__QUIET_LOCAL_S": "0.3",
            "REELWATCH_INTAKE__FOREIGN_QUIET_S": "0.5",
            "REELWATCH_INTAKE__SWEEP_S": "1.0",
            "REELWATCH_DISK__LOW_WATER_MIB": "0",
            "REELWATCH_LOG__LEVEL": '"debug"',
            "REELWATCH_LOG__FORMAT": '"json"',
            **self.settings,
        }

    def start(self, *arguments: str | bytes | Path, **options: Any) -> subprocess.Popen[bytes]:
        """Start a command."""
        command = [*PROGRAM, *arguments]
        given = {"env": self.environ, "cwd": self.path, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        return subprocess.Popen(command, **(given | options))

    def run(
        self, *arguments: str | bytes | Path, within_s: float = 120, **options: Any
    ) -> subprocess.CompletedProcess[bytes]:
        """Run a command to its end."""
        with self.start(*arguments, **options) as process:
            stdout, stderr = process.communicate(timeout=within_s)
        return subprocess.CompletedProcess(arguments, process.returncode, stdout, stderr)

    def status(self) -> dict[str, Any]:
        """What `status --json` prints."""
        ended = self.run("status", "--json")
        assert ended.returncode == 0, ended.stderr
        return json.loads(ended.stdout)

    def jobs(self) -> list[Job]:
        """Every job in the ledger."""
        with suppress(LedgerMissing):
            ledger = read_ledger(self.ledger, output_root=os.fsencode(self.output))
            try:
                return ledger.jobs()
            finally:
                ledger.close()
        return []

    def job(self, path: Path | bytes) -> Job | None:
        """The newest job of a file; None while there is none."""
        return max((j for j in self.jobs() if j.absolute_path == os.fsencode(path)), key=_age, default=None)

    def until_state(self, path: Path, *states: str, within_s: float = 60.0) -> Job:
        """Wait for a file's newest job to come into one of these states."""

        def reached() -> Job | None:
            job = self.job(path)
            return job if job is not None and job.state in states else None

        return until(reached, f"{path.name} is {' or '.join(states)}, but {self.job(path)}", within_s=within_s)

    def document(self, name: str) -> Any:
        """A document that lies in the output, read by the product's own reader; None where there is none."""
        path = self.output / f"{name}.json"
        return parse(path.read_bytes()) if path.exists() else None

    @contextmanager
    def service(self, **options: Any) -> Iterator[Service]:
        """Run the service; whatever happens, it has ended afterwards."""
        serving = Service(self.start("run", stdout=subprocess.DEVNULL, **options))
        try:
            yield serving
        finally:
            serving.kill()


class Service:
    """A running service and what it has logged."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self.process = process
        self.events: list[dict[str, Any]] = []
        self.other_lines: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def ready(self) -> Service:
        """Wait until it watches its inboxes."""
        self.until_event("service.ready")
        return self

    def named(self, event: str, path: str | None = None) -> list[dict[str, Any]]:
        """The events of a name, of one file where asked."""
        return [e for e in list(self.events) if e["event"] == event and path in {None, e.get("path")}]

    def until_event(self, event: str, path: str | None = None, *, count: int = 1, within_s: float = 60.0) -> Any:
        """Wait for an event's `count`th occurrence and return it."""

        def come() -> Any:
            assert self.process.poll() is None or self.named(event, path), self.log()
            return self.named(event, path)[count - 1 :]

        return until(come, f"{event} {path or ''}\n{self.log()}", within_s=within_s)[0]

    def terminate(self, *, within_s: float = 60.0) -> tuple[int, float]:
        """Ask it to end, as systemd does; return exit code and seconds."""
        began_s = time.monotonic()
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(timeout=within_s)
        took_s = time.monotonic() - began_s
        self._reader.join(timeout=5)
        return code, took_s

    def kill(self) -> None:
        """End it at once, as a crash would."""
        self.process.kill()
        self.process.wait()
        self._reader.join(timeout=5)
        self.process.stderr.close()

    def log(self) -> str:
        """The end of its log."""
        return "\n".join([*self.other_lines[-20:], *map(str, self.events[-20:])])

    def _read(self) -> None:
        for line in self.process.stderr:
            event = log_event(line)
            if event is None:
                self.other_lines.append(line.decode(errors="replace"))
            else:
                self.events.append(event)


def log_event(line: bytes) -> dict[str, Any] | None:
    """A line of the log as an event; None for what is none."""
    with suppress(ValueError):
        found = json.loads(line)
        if isinstance(found, dict) and "event" in found:
            return found
    return None


def _age(job: Job) -> int:
    return job.job_id
