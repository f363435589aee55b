"""Starts the real service as a process of its own, drops the clip into its inbox and follows it to the document."""

from __future__ import annotations

import json
import os
import queue
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from service.assets import demo_clip
from service.errors import ReelwatchError, UsageError

READY_S = 60.0
DOCUMENT_S = 300.0
"""Far beyond what the sample takes on two slow cores, so that a demo that hangs ends."""
STOP_S = 60.0
_TAIL = 15
"""Lines of the log shown when the demo fails."""

_SETTINGS = """\
# Settings of the demo. Run the service on these folders again with `reelwatch run --config` and this file.
profile = "embedded"

[intake]
inboxes = ["inbox"]

[output]
dir = "output"

[state]
dir = "state"
"""

LogEvent = dict[str, Any]


class DemoFailed(ReelwatchError):  # noqa: N818 - reads as what it is
    """The demo's service did not make the document."""


@dataclass(frozen=True, slots=True)
class Folders:
    """Where the demo happens."""

    home: Path

    @property
    def inbox(self) -> Path:
        """Where the clip is dropped."""
        return self.home / "inbox"

    @property
    def output(self) -> Path:
        """Where the document appears."""
        return self.home / "output"

    @property
    def settings(self) -> Path:
        """The settings file of the demo's service."""
        return self.home / "reelwatch.toml"

    def make(self) -> None:
        """Make them; raises `UsageError` where something lies already, which the demo's service might take for its."""
        if self.home.exists() and (not self.home.is_dir() or any(self.home.iterdir())):
            raise UsageError(f"--keep {self.home}: is not empty. Name a new folder.")
        self.inbox.mkdir(parents=True, exist_ok=True)
        self.settings.write_text(_SETTINGS, encoding="utf-8")


def describe_sample(folders: Folders, tell: Callable[[LogEvent], None]) -> Path:
    """Let the service describe the sample clip; `tell` hears every log event. Returns the document's path.

    Raises `DemoFailed` with the end of the log.
    """
    folders.make()
    with _service(folders) as log:
        log.until("service.ready", within_s=READY_S, tell=tell)
        clip = folders.inbox / demo_clip().name
        shutil.copyfile(demo_clip(), clip)
        tell({"event": "demo.dropped", "path": str(clip)})
        done = log.until("job.done", within_s=DOCUMENT_S, tell=tell)
    return folders.output / str(done["document"])


@contextmanager
def _service(folders: Folders) -> Iterator[_Log]:
    """Run the service; stop it in order at the end, whatever happened."""
    # -P: a stranger's module in the working directory is not to be run.
    command = [sys.executable, "-P", "-m", "service.cli.main", "run", "--config", str(folders.settings)]
    process = subprocess.Popen(  # noqa: S603 - our own command
        command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=_environment()
    )
    assert process.stderr is not None  # noqa: S101 - PIPE was asked for; tells the type checker
    log = _Log(process.stderr)
    try:
        yield log
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(timeout=STOP_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        log.close()


def _environment() -> dict[str, str]:
    """Return an environment in which only the demo's settings hold, and in which this very program is started."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("REELWATCH_")}
    inherited.pop("STATE_DIRECTORY", None)
    source = str(Path(__file__).resolve().parents[2])
    path = os.pathsep.join(part for part in (source, os.environ.get("PYTHONPATH", "")) if part)
    return inherited | {"PYTHONPATH": path, "REELWATCH_LOG__FORMAT": "json", "REELWATCH_LOG__LEVEL": "debug"}


class _Log:
    """The service's log as events; a thread reads it, so that waiting can end in time."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._lines: queue.Queue[bytes | None] = queue.Queue()
        self._tail: list[str] = []
        self._stream = stream
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def until(self, event: str, *, within_s: float, tell: Callable[[LogEvent], None]) -> LogEvent:
        """Return the first event of a name; raises `DemoFailed` when the log ends or the time is up before it."""
        deadline_s = time.monotonic() + within_s
        while (left_s := deadline_s - time.monotonic()) > 0:
            with suppress(queue.Empty):
                line = self._lines.get(timeout=left_s)
                if line is None:
                    raise self._failure("the service ended by itself")
                found = self._parse(line)
                tell(found)
                if found.get("event") == event:
                    return found
                if found.get("event") in {"job.failed", "job.rejected", "job.parked"}:
                    raise self._failure(str(found.get("detail") or found.get("reason")))
        raise self._failure(f"{event} did not come within {within_s:g} s")

    def close(self) -> None:
        """Let go of the stream."""
        self._thread.join(timeout=1.0)
        self._stream.close()

    def _failure(self, why: str) -> DemoFailed:
        tail = "\n".join(self._tail[-_TAIL:])
        return DemoFailed(f"the demo failed: {why}. `reelwatch doctor` may tell more. The end of its log:\n{tail}")

    def _parse(self, line: bytes) -> LogEvent:
        text = line.decode("utf-8", "backslashreplace").rstrip()
        self._tail.append(text)
        with suppress(ValueError):
            found = json.loads(text)
            if isinstance(found, dict):
                return found
        return {}

    def _read(self) -> None:
        for line in self._stream:
            self._lines.put(line)
        self._lines.put(None)
