"""Starts services for tests in hundredths of a second: a warm process with everything imported forks each of them.

A start of Python with the product's libraries takes more than a second of CPU, and these tests live many lives.

    python tests/faults/stagehand.py      reads one JSON object a line, `{"stderr": …, "environ": {…}, "cwd": …}`
                                          answers `{"pid": …}`, and later `{"pid": …, "code": …}`
"""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
_POLL_S = 0.02


class Stagehand:
    """The warm process, as tests use it; any thread may call."""

    def __init__(self) -> None:
        environ = {**os.environ, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
        command = [sys.executable, __file__]
        self._process = subprocess.Popen(command, env=environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._codes: dict[int, int] = {}
        self._told = threading.Condition()
        self._started: list[int] = []
        self._asking = threading.Lock()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def start(self, environ: Mapping[str, str], *, cwd: Path) -> Life:
        """Fork a service; its log is read through a FIFO."""
        with self._asking:
            fifo = cwd / f"stderr-{len(list(cwd.glob('stderr-*')))}"
            os.mkfifo(fifo)
            order = {"stderr": str(fifo), "environ": dict(environ), "cwd": str(cwd)}
            self._send(order)
            stderr = fifo.open("rb")  # waits until the child has opened its end
            with self._told:
                assert self._told.wait_for(lambda: self._started, timeout=60)
                return Life(self, self._started.pop(), stderr)

    def code(self, pid: int, timeout: float | None) -> int:
        """Wait for a child's exit code, negative for a signal; raises `subprocess.TimeoutExpired`."""
        with self._told:
            if not self._told.wait_for(lambda: pid in self._codes, timeout=timeout):
                raise subprocess.TimeoutExpired(str(pid), timeout or 0.0)
            return self._codes[pid]

    def close(self) -> None:
        """End the warm process; services it has started go on."""
        self._process.stdin.close()
        self._process.wait()
        self._reader.join()
        self._process.stdout.close()

    def _send(self, order: Mapping[str, Any]) -> None:
        self._process.stdin.write(json.dumps(order).encode() + b"\n")
        self._process.stdin.flush()

    def _read(self) -> None:
        for line in self._process.stdout:
            said = json.loads(line)
            with self._told:
                if "code" in said:
                    self._codes[said["pid"]] = said["code"]
                else:
                    self._started.append(said["pid"])
                self._told.notify_all()


class Life:
    """One forked service, with the methods of `subprocess.Popen` that `processes.Service` uses."""

    def __init__(self, stagehand: Stagehand, pid: int, stderr: Any) -> None:
        self._stagehand = stagehand
        self.pid = pid
        self.stderr = stderr

    def poll(self) -> int | None:
        try:
            return self._stagehand.code(self.pid, 0.0)
        except subprocess.TimeoutExpired:
            return None

    def wait(self, timeout: float | None = None) -> int:
        return self._stagehand.code(self.pid, timeout)

    def send_signal(self, number: signal.Signals) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


def _serve() -> None:
    _import_everything()
    children: set[int] = set()
    while True:
        ready, _, _ = select.select([sys.stdin.buffer], [], [], _POLL_S)
        if ready:
            line = sys.stdin.buffer.raw.readline()  # unbuffered, or `select` would miss a second order
            if not line:
                return
            children.add(_fork(json.loads(line)))
        for pid in list(children):
            found, status = os.waitpid(pid, os.WNOHANG)
            if found:
                children.discard(pid)
                _say(pid=pid, code=os.waitstatus_to_exitcode(status))


def _import_everything() -> None:
    import alembic.command
    import cv2

    import actors.fusion.backend
    import actors.media.backend
    import actors.media.decoder
    import service.daemon

    cv2.setNumThreads(1)
    del alembic, actors, service


def _fork(order: Mapping[str, Any]) -> int:
    pid = os.fork()
    if pid:
        _say(pid=pid)
        return pid
    code = 99
    try:
        code = _live(order)
    finally:
        sys.stderr.flush()
        os._exit(code)


def _live(order: Mapping[str, Any]) -> int:
    import staged_service

    os.setsid()
    log = os.open(order["stderr"], os.O_WRONLY)
    nothing = os.open(os.devnull, os.O_RDWR)
    for target, source in ((0, nothing), (1, nothing), (2, log)):
        os.dup2(source, target)
    os.close(log)
    os.chdir(order["cwd"])
    os.environ.clear()
    os.environ.update(order["environ"])
    try:
        staged_service.run()
    except SystemExit as end:
        return int(end.code or 0)
    return 0


def _say(**said: int) -> None:
    sys.stdout.write(json.dumps(said) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    _serve()
