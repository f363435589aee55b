"""The servers that writers talk to: on 127.0.0.1, with settings and keys of their own, gone with the test."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any


class NotStarted(Exception):  # noqa: N818 - a reason to skip where a host forbids it, raised with the server's words
    """A server did not come up."""


class Servers:
    """Starts what is asked for, once, and ends everything at the end.

    folder: the servers' own. served: what they let their clients reach.
    """

    def __init__(self, folder: Path, *, served: Path) -> None:
        self.folder = folder
        self.served = served
        self.mounted_inbox = folder / "mounted-inbox"
        self.stack = ExitStack()
        self._started: dict[str, Any] = {}

    def start(self, name: str, make: Callable[[Servers], Any]) -> None:
        """Start a server; a failure is kept for whoever asks for it."""
        if name not in self._started:
            try:
                self._started[name] = make(self)
            except NotStarted as error:
                self._started[name] = error
            except subprocess.CalledProcessError as error:
                self._started[name] = NotStarted(f"{_words(error.cmd)} ended with {error.returncode}: {error.stderr}")

    def get(self, name: str) -> Any:
        """Return a started server; raises `NotStarted` where it did not come up."""
        server = self._started[name]
        if isinstance(server, NotStarted):
            raise server
        return server

    def daemon(self, *command: str | Path, death_signal: str = "KILL", **options: Any) -> subprocess.Popen[bytes]:
        """Start a program that ends with this, together with the processes it starts.

        `setpriv` has the kernel end it also where the tests are killed; it counts from the thread that starts it, so
        servers are started by the one that lives longest.
        """
        words = ["setpriv", "--pdeathsig", death_signal, *map(str, command)]
        with (self.folder / f"{Path(command[0]).name}.log").open("ab") as log:
            given = {"stdin": subprocess.DEVNULL, "stdout": log, "stderr": subprocess.STDOUT}
            process = subprocess.Popen(words, start_new_session=True, **(given | options))
        self.stack.callback(end, process)
        return process

    def until_listening(self, process: subprocess.Popen[bytes], port: int, *, within_s: float = 30.0) -> None:
        """Wait until something answers on a port; raises `NotStarted` with the end of the logs."""
        end_s = time.monotonic() + within_s
        while time.monotonic() < end_s and process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
            except OSError:
                time.sleep(0.1)
            else:
                return
        raise NotStarted(f"{_words(process.args)} does not listen: {self.logs()}")

    def close(self) -> None:
        self.stack.close()

    def logs(self) -> str:
        """The end of what each has said."""
        return " ".join(path.read_text(errors="replace")[-400:] for path in sorted(self.folder.glob("*.log")))


def end(process: subprocess.Popen[bytes]) -> None:
    """End a program and everything in its session, at once if it does not go."""
    for how in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, how)
            process.wait(timeout=5)
        except ProcessLookupError:
            process.wait()
            return
        except subprocess.TimeoutExpired:
            continue


def _words(command: Any) -> str:
    return " ".join(map(str, command)) if isinstance(command, Sequence) else str(command)
