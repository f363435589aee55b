"""What a signal asks of the service; handlers only set what the loop reads."""

from __future__ import annotations

import signal
import threading
from dataclasses import dataclass, field


@dataclass
class StopSignals:
    """Counts the requests to stop: the first drains, the second gives everything back at once.

    Handlers only set what the loop reads: a handler may run between any two instructions.
    """

    wake: threading.Event
    count: int = 0
    name: str = ""
    _before: dict[int, object] = field(default_factory=dict)

    def install(self) -> None:
        """Take SIGTERM and SIGINT over; what was there before comes back with `remove`."""
        for number in (signal.SIGTERM, signal.SIGINT):
            self._before[number] = signal.signal(number, self._on_signal)

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
        self.count += 1
        self.name = signal.Signals(number).name
        self.wake.set()
