"""A download as the web process has it: started, followed within its bounds, ended with everything it has started."""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress

from service.clock import Clock
from service.downloads.order import Fetched, NotFetched, Order, Progress, line, said

POLL_S = 0.5
_READ_BYTES = 64 * 1024
_PASSED_ON = ("PATH", "LANG", "LC_ALL", "PYTHONPATH", "SSL_CERT_FILE", "SSL_CERT_DIR", "TZ")
"""Of the environment: no proxies, which would connect for it, no tokens, no home with settings of somebody's."""


class DownloadProcess:
    """One download under way; `kill` may come from another thread, and is final."""

    def __init__(self, order: Order, *, clock: Clock) -> None:
        self._order = order
        self._clock = clock
        self._deadline_s = clock.monotonic() + order.most_s
        self._killed = False
        self._process = subprocess.Popen(
            # -P: the folder it runs in holds what strangers sent, and must not be where modules come from.
            [sys.executable, "-P", "-m", "service.downloads.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=_environment(order.folder),
            cwd=order.folder,
            start_new_session=True,
        )
        if self._process.stdin is None or self._process.stdout is None:
            raise AssertionError("both are pipes")
        self._input, self._output = self._process.stdin, self._process.stdout

    @property
    def pid(self) -> int:
        """The number of the process, which leads a group of its own."""
        return self._process.pid

    def follow(self, progressed: Callable[[Progress], NotFetched | None]) -> Fetched | NotFetched | None:
        """Wait for the end and return it; None when it was killed. Nothing of it runs afterwards.

        progressed: told how it goes; what it returns ends the download.
        """
        try:
            with suppress(BrokenPipeError):  # it has ended already, which is seen below
                self._input.write(line(self._order))
                self._input.close()
            return self._followed(progressed)
        finally:
            self.kill()
            self._process.wait()
            self._output.close()

    def kill(self) -> None:
        """End it at once, with whatever it has started."""
        self._killed = True
        if self._process.returncode is None:  # else its number may be another's by now
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)

    def _followed(self, progressed: Callable[[Progress], NotFetched | None]) -> Fetched | NotFetched | None:
        for text in self._lines():
            if text is None:
                detail = f"it took longer than {self._order.most_s:g} s (download.most_s)"
                return NotFetched("timed_out", detail, final=False)
            word = said(text)
            if not isinstance(word, Progress):
                return word
            refusal = progressed(word)
            if refusal is not None:
                return refusal
        if self._killed:
            return None
        return NotFetched(
            "died", "its process ended before it was done: it took too much memory, or crashed", final=False
        )

    def _lines(self) -> Iterator[bytes | None]:
        """Yield what it says, line by line, until it ends; None once its time is up."""
        rest = b""
        with selectors.DefaultSelector() as selector:
            selector.register(self._output, selectors.EVENT_READ)
            while self._clock.monotonic() < self._deadline_s:
                if not selector.select(timeout=POLL_S):
                    continue
                chunk = os.read(self._output.fileno(), _READ_BYTES)
                if not chunk:
                    return
                *lines, rest = (rest + chunk).split(b"\n")
                yield from lines
        yield None


def _environment(folder: str) -> dict[str, str]:
    kept = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    return kept | {"HOME": folder, "TMPDIR": folder, "YTDLP_NO_PLUGINS": "1", "PYTHONDONTWRITEBYTECODE": "1"}
