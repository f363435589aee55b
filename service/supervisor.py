"""Watches over the loops from a thread of its own, and tells the service manager only while all of them go on."""

from __future__ import annotations

import threading
from collections.abc import Collection

from service.bookkeeping import Emit
from service.clock import Clock
from service.notify import Notifier
from service.pulse import Pulse

LOOK_S = 20.0
"""How often the loops are looked at; a third of the unit's `WatchdogSec=60`."""
PINGS = 3
"""Pings in one watchdog interval: one may be late, and one lost."""
EXTENSION_S = 60.0
"""For how much longer the manager is asked to wait, at every look, while a start or a drain goes on."""


class Supervisor:
    """Feeds the watchdog of the service manager; a loop that stands still is logged, with its stack, and feeding ends.

    A start or a stop that goes on is granted more time as well. `round` is one look.
    """

    def __init__(self, notifier: Notifier, *, clock: Clock, emit: Emit) -> None:
        self._notifier = notifier
        self._clock = clock
        self._emit = emit
        self._pulses: tuple[Pulse, ...] = ()
        self._stuck: set[str] = set()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="supervisor", daemon=True)
        self._extending = False

    @property
    def every_s(self) -> float:
        """How often it looks."""
        watchdog_s = self._notifier.watchdog_s
        return LOOK_S if watchdog_s is None else min(LOOK_S, watchdog_s / PINGS)

    def watch(self, *pulses: Pulse, extending: bool) -> None:
        """Watch over these loops from now on; extending: a start or a stop, for which time is to be asked."""
        self._pulses, self._extending = pulses, extending

    def start(self) -> None:
        """Begin to look."""
        self._thread.start()

    def stop(self) -> None:
        """Look no more; the service ends."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(timeout=1.0)

    def round(self) -> Collection[str]:
        """Look at every pulse, tell the manager, and return the names of the loops that stand still."""
        late = {pulse.name: pulse for pulse in self._pulses if pulse.late_s() > 0}
        for name, pulse in late.items():
            if name not in self._stuck:
                self._emit("service.stuck", loop=name, seconds=round(pulse.late_s(), 1), traceback=pulse.where())
        for name in self._stuck - late.keys():
            self._emit("service.unstuck", loop=name)
        self._stuck = set(late)
        if late:
            self._notifier.status(f"stuck: {', '.join(sorted(late))}. The log has the stack of each.")
        else:
            if self._extending:
                self._notifier.extend(EXTENSION_S)
            # Also then: a ledger is rebuilt in a service that has long said READY, and its watchdog goes on.
            self._notifier.watchdog()
        return late.keys()

    def _run(self) -> None:
        while not self._stopping.is_set():
            self.round()
            self._stopping.wait(self.every_s)
