"""The service manager (systemd) as the service sees it: what it is told, and the watch over the loops."""

from __future__ import annotations

from collections.abc import Callable

from service.bookkeeping import Emit
from service.clock import Clock
from service.notify import Notifier
from service.pulse import LOOP_LIMIT_S, START_LIMIT_S, Pulse
from service.supervisor import Supervisor

STATUS_S = 10.0
"""How often the status line may change: counting 100,000 jobs takes 0.09 s once the ledger has changed."""


class ServiceManager:
    """Told about one process's life: starting, serving, reloading, draining; nobody need be listening.

    beside: pulses of what runs throughout (the log). starting, driver: pulses for whoever starts and drives.
    """

    def __init__(self, notifier: Notifier, *, clock: Clock, emit: Emit, beside: tuple[Pulse, ...] = ()) -> None:
        self.notifier = notifier
        self.starting = Pulse("start", limit_s=START_LIMIT_S, clock=clock)
        self.driver = Pulse("driver", limit_s=LOOP_LIMIT_S, clock=clock)
        self._beside = beside
        self._clock = clock
        self._supervisor = Supervisor(notifier, clock=clock, emit=emit)
        self._status = ""
        self._status_at_s = clock.monotonic()

    def start(self) -> None:
        """Begin: more time is asked for as long as the start goes on."""
        self.restart()
        self._supervisor.start()

    def restart(self) -> None:
        """Watch over a start, the first or one over a ledger that has to be rebuilt."""
        self.driver.rest()
        self.starting.tick()
        self.say(lambda: "starting: the ledger is opened and held against the output", at_once=True)
        self._supervisor.watch(self.starting, self.driver, *self._beside, extending=True)

    def serving(self, *loops: Pulse) -> None:
        """Say that the service is up; from now on these loops, the driver and what runs beside must go on."""
        self.starting.rest()
        self.driver.tick()
        self._supervisor.watch(self.driver, *loops, *self._beside, extending=False)
        self.notifier.ready()

    def draining(self) -> None:
        """Ask for time as long as what is in work goes on; that the service stops has been said in the handler."""
        self.driver.tick()
        self._supervisor.watch(self.driver, *self._beside, extending=True)
        self._supervisor.round()

    def stop(self) -> None:
        """End the watch."""
        self._supervisor.stop()
        self.notifier.close()

    def say(self, line: Callable[[], str], *, at_once: bool = False) -> None:
        """Show a status line; it is made only when somebody listens and the last one is old enough."""
        now_s = self._clock.monotonic()
        if not self.notifier.listened or (now_s < self._status_at_s and not at_once):
            return
        self._status_at_s = now_s + STATUS_S
        text = line()
        if text != self._status:
            self._status = text
            self.notifier.status(text)
