"""What a signal asks of the service; handlers only set what the loop reads, and tell the service manager."""

from __future__ import annotations

import os
import signal
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass
class StopSignals:
    """Counts the requests to stop: the first drains, the second gives everything back at once. `reload`: SIGHUP came.

    Handlers only set what the loop reads: a handler may run between any two instructions. on_stop is called in one,
    and must be fit for that.
    """

    wake: threading.Event
    on_stop: Callable[[], None] = lambda: None
    count: int = 0
    name: str = ""
    reload: bool = False
    _terminal: bool = False
    _before: dict[int, object] = field(default_factory=dict)

    def install(self) -> None:
        """Take SIGTERM, SIGINT and SIGHUP over; what was there before comes back with `remove`."""
        self._terminal = _has_terminal()
        for number in (signal.SIGTERM, signal.SIGINT):
            self._before[number] = signal.signal(number, self._on_signal)
        self._before[signal.SIGHUP] = signal.signal(signal.SIGHUP, self._on_hangup)

    def remove(self) -> None:
        """Put the former handlers back."""
        for number, handler in self._before.items():
            signal.signal(number, handler)  # type: ignore[arg-type] # what `signal` returned may be given back to it

    def wait(self, timeout_s: float) -> bool:
        """Wait for a request, or for whatever else wakes the loop; return whether one has come."""
        self.wake.wait(timeout_s)
        self.wake.clear()
        return self.count > 0

    def _on_signal(self, number: int, _frame: object) -> None:
        self.on_stop()
        self.count += 1
        self.name = signal.Signals(number).name
        self.wake.set()

    def _on_hangup(self, number: int, frame: object) -> None:
        # The kernel sends it too when the terminal goes away in which the service was started by hand.
        if self._terminal and not _has_terminal():
            self._on_signal(number, frame)
            return
        self.reload = True
        self.wake.set()


def _has_terminal() -> bool:
    return sys.__stdin__ is not None and os.isatty(0)
