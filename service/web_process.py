"""The web face beside the service (`run --web`): a process of its own, started again when it ends by itself."""

from __future__ import annotations

import ctypes
import signal
import subprocess
import sys
import threading
from collections.abc import Sequence
from typing import Any, Self

from service.clock import Clock, SystemClock
from service.logs.emitter import Emit

FIRST_WAIT_S, MOST_WAIT_S = 1.0, 60.0
PROGRAM = (sys.executable, "-m", "service.cli.main", "web")
STEADY_S = 300.0
"""After a life as long as this, the next end counts as the first."""
PARTING_S = 8.0
"""How long it may take to end; more than it gives its own clients (`service.web.server.PARTING_S`)."""
_PR_SET_PDEATHSIG = 1


class WebProcess:
    """Keeps it running inside a `with` block; what goes wrong with it is logged, and never ends the service."""

    def __init__(
        self, arguments: Sequence[str], emit: Emit, *, program: Sequence[str] = PROGRAM, clock: Clock | None = None
    ) -> None:
        self._command = [*program, *arguments]
        self._emit = emit
        self._clock = clock or SystemClock()
        self._stopping = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._run, name="web", daemon=True)

    def __enter__(self) -> Self:
        """Begin to keep it running; returns at once."""
        self._thread.start()
        return self

    def __exit__(self, *_exc: object) -> None:
        """End it and wait until it has ended; one that does not within `PARTING_S` is killed."""
        with self._lock:
            self._stopping.set()
            process = self._process
        if process is not None and process.poll() is None:
            process.terminate()
            try:
                process.wait(PARTING_S)
            except subprocess.TimeoutExpired:
                process.kill()
        self._thread.join(PARTING_S)

    def _run(self) -> None:
        wait_s = FIRST_WAIT_S
        while not self._stopping.is_set():
            began_s = self._clock.monotonic()
            ended = self._one_life()
            if self._stopping.is_set():
                return
            if self._clock.monotonic() - began_s > STEADY_S:
                wait_s = FIRST_WAIT_S
            self._emit("web.ended", retry_in_s=wait_s, **ended)
            self._stopping.wait(wait_s)
            wait_s = min(2 * wait_s, MOST_WAIT_S)

    def _one_life(self) -> dict[str, Any]:
        """Start it and wait until it ends; return what the log is told of how."""
        try:
            process = self._begun()
        except OSError as exc:  # the host is short of processes or memory: that may pass
            return {"cause": str(exc)}
        return {} if process is None else {"exit_code": process.wait()}

    def _begun(self) -> subprocess.Popen[bytes] | None:
        with self._lock:
            if self._stopping.is_set():
                return None
            # A session of its own: Ctrl-C in the terminal is the service's to act on, which then ends this one.
            self._process = subprocess.Popen(  # noqa: S603 - ourselves
                self._command,
                stdin=subprocess.DEVNULL,
                start_new_session=True,
                preexec_fn=_die_with_the_service,  # noqa: PLW1509 - prctl takes no lock
            )
            return self._process


def _die_with_the_service() -> None:
    """Have the kernel end it when the thread that started it ends, also by kill -9 (prctl(2), PR_SET_PDEATHSIG)."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
