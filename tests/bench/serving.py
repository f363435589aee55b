"""The real service in a process of its own, as a bench uses it: started, given files, followed by its log, stopped."""

from __future__ import annotations

import json
import os
import queue
import secrets
import signal
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from usage import ProgramFailed, tree_cpu_s, tree_mib

ROOT = Path(__file__).resolve().parents[2]
DEMO_CLIP = ROOT / "service" / "demo" / "sample.mp4"
WITHIN_S = 600.0
_STOP_S = 120.0
_TAIL = 12
_TROUBLE = {"job.failed", "job.rejected", "job.parked"}

LogEvent = dict[str, Any]


class Service:
    """A context in which `reelwatch run` (or another command that logs JSON) serves the folder `inbox`."""

    def __init__(self, home: Path, *, settings: str = "", command: Sequence[str | Path] | None = None) -> None:
        self.home, self.inbox, self.output = home, home / "inbox", home / "output"
        self.inbox.mkdir(parents=True, exist_ok=True)
        file = home / "reelwatch.toml"
        folders = '[intake]\ninboxes = ["inbox"]\n[output]\ndir = "output"\n[state]\ndir = "state"\n'
        file.write_text(f'profile = "embedded"\n{folders}{settings}', encoding="utf-8")
        self._command = command or [sys.executable, "-m", "service.cli.main", "run", "--config", file]
        self._heard: queue.Queue[LogEvent | None] = queue.Queue()
        self._tail: list[str] = []

    def __enter__(self) -> Self:
        inherited = {name: value for name, value in os.environ.items() if not name.startswith("REELWATCH_")}
        env = inherited | {"PYTHONPATH": str(ROOT), "REELWATCH_LOG__FORMAT": "json", "REELWATCH_LOG__LEVEL": "debug"}
        self.started_s = time.monotonic()
        self._process = subprocess.Popen(
            [str(part) for part in self._command],
            env=env,
            cwd=self.home,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
        )
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()
        self.heard_first = self.until("service.ready")
        self.ready_s = self.heard_first[-1]["heard_s"] - self.started_s
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    def stop(self) -> float:
        """Ask it to end, as systemd does; return the seconds that took. Ended it may be already."""
        asked_s = time.monotonic()
        self._process.send_signal(signal.SIGTERM)
        try:
            self._process.wait(timeout=_STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        took_s = time.monotonic() - asked_s
        self._listener.join(timeout=_STOP_S)
        return took_s

    def kill(self) -> None:
        """End it as a crash would."""
        self._process.kill()
        self._process.wait()
        self._listener.join(timeout=_STOP_S)

    @property
    def pid(self) -> int:
        """The service's own process, in which the driver runs."""
        return self._process.pid

    def cpu_s(self) -> float:
        """Return what the service and its actors have taken so far."""
        return tree_cpu_s(self.pid)

    def resident_mib(self) -> float:
        """Return what the service and its actors hold."""
        return tree_mib(self.pid)

    def until(self, name: str, *, count: int = 1) -> list[LogEvent]:
        """Return everything logged until an event of this name came `count` times; raises `ProgramFailed`."""
        heard: list[LogEvent] = []
        end_s = time.monotonic() + WITHIN_S
        while count:
            try:
                event = self._heard.get(timeout=max(0.0, end_s - time.monotonic()))
            except queue.Empty:
                raise ProgramFailed(f"{name} did not come within {WITHIN_S:g} s: {self._tail}") from None
            if event is None or event.get("event") in _TROUBLE:
                raise ProgramFailed(f"the service failed before {name}: {self._tail}")
            heard.append(event)
            count -= event.get("event") == name
        return heard

    def _listen(self) -> None:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            self._tail = [*self._tail[1 - _TAIL :], line.decode(errors="replace").rstrip()]
            try:
                event = json.loads(line)
            except ValueError:
                continue  # a library's own words
            if isinstance(event, dict):
                self._heard.put({**event, "heard_s": time.monotonic()})
        self._process.stderr.close()
        self._heard.put(None)


def unlike(clip: Path) -> bytes:
    """Return an MP4 with bytes no other has: a `free` box at its end, which players and decoders pass over."""
    nonce = secrets.token_bytes(16)
    return clip.read_bytes() + struct.pack(">I4s", 8 + len(nonce), b"free") + nonce


def drop(inbox: Path, name: str, content: bytes) -> float:
    """Put a whole file into the inbox by a rename; return the monotonic time of the rename."""
    unfinished = inbox / f".{name}.part"
    unfinished.write_bytes(content)
    unfinished.rename(inbox / name)
    return time.monotonic()
