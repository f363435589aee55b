"""`reelwatch run`: intake in one thread, the driver in the main one, the ledger between them; ended by signals."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass, field

from actors.plan import Plan
from actors.pool.base import Pool
from service import __version__
from service.assembly import Assembly, assemble, make_pool
from service.bookkeeping import Emit
from service.clock import Clock, SystemClock
from service.configuration import Configuration
from service.errors import ConfigError
from service.heartbeat import Heartbeat
from service.intake.intake import Intake
from service.intake.settings import IntakeSettings
from service.intake_loop import IntakeLoop
from service.ledger.ledger import Ledger, open_ledger
from service.ledger.lock import state_lock
from service.ledger.values import ServiceStart
from service.recovery import recover
from service.state import ledger_path, make_output_root, output_root

BUSY_POLL_S = 0.2
"""How long the driver waits for the pool before it looks for new jobs and signals again."""
QUIET_WHOLE_S = 0.7
"""How long a file must be quiet that nobody holds open and whose structure is whole."""
IDLE_POLL_S = 1.0
"""How often an idle driver looks whether another process has changed the ledger (`retry`, `reprocess`)."""


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

    def _on_signal(self, number: int, _frame: object) -> None:
        self.count += 1
        self.name = signal.Signals(number).name
        self.wake.set()


class Daemon:
    """The service: `run` returns its exit code once a signal has ended it."""

    def __init__(self, assembly: Assembly, intake: IntakeLoop, *, wake: threading.Event, emit: Emit) -> None:
        self._assembly = assembly
        self._driver = assembly.driver
        self._ledger = assembly.ledger
        self._clock = assembly.clock
        self._intake = intake
        self._wake = wake
        self._emit = emit
        self._signals = StopSignals(wake)
        self._seen_version = -1
        self._heartbeat = Heartbeat(
            assembly.ledger,
            clock=assembly.clock,
            emit=emit,
            every_s=assembly.configuration.log.heartbeat_s,
            output_root=output_root(assembly.configuration),
            gauges=intake.gauges,
        )

    def run(self) -> int:
        """Serve until a signal asks to stop; 0 when everything was finished or given back."""
        self._signals.install()
        started_s = self._clock.monotonic()
        try:
            self._intake.start()
            self._ready()
            while not self._signals.count:
                self._round()
            self._drain()
        finally:
            self._intake.stop()
            self._driver.close()
            self._emit("service.stopped", uptime_s=round(self._clock.monotonic() - started_s, 1))
            self._signals.remove()
        return 0

    def _ready(self) -> None:
        configuration = self._assembly.configuration
        self._emit(
            "service.ready",
            version=__version__,
            profile=configuration.profile,
            inboxes=[str(inbox) for inbox in configuration.intake.inboxes],
            output=str(configuration.output.dir),
            state=str(configuration.state.dir),
            pid=os.getpid(),
        )

    def _round(self) -> None:
        """Work when there is something to do, sleep when there is not."""
        look = self._driver.busy or self._changed()
        claimed = self._driver.step(timeout_s=BUSY_POLL_S if self._driver.busy else 0.0, claim=look)
        self._heartbeat.beat()
        if not claimed and not self._driver.busy:
            self._wake.wait(IDLE_POLL_S)
            self._wake.clear()

    def _changed(self) -> bool:
        """Whether a queued job may have appeared: somebody wrote to the ledger, or a retry is due."""
        version, due = self._ledger.data_version(), self._ledger.next_due(self._clock.wall())
        changed = version != self._seen_version or (due is not None and due <= self._clock.wall())
        self._seen_version = version
        return changed

    def _drain(self) -> None:
        """Finish what is on the board, within the limit; a second signal ends the wait."""
        self._emit("service.draining", signal=self._signals.name, running=self._driver.active)
        end_s = self._clock.monotonic() + self._assembly.configuration.pool.drain_s
        while self._driver.busy and self._signals.count < 2 and self._clock.monotonic() < end_s:  # noqa: PLR2004 - the second signal
            self._driver.step(timeout_s=BUSY_POLL_S, claim=False)


def run(
    configuration: Configuration,
    emit: Emit,
    *,
    pool_factory: Callable[[Configuration], Pool] = make_pool,
    clock: Clock | None = None,
) -> int:
    """Run the service until SIGTERM or SIGINT; raises `StateLocked`, `ConfigError`, `CannotWork`."""
    if not configuration.intake.inboxes:
        raise ConfigError("there is no folder to watch: give --inbox DIR, or set [intake] inboxes")
    clock = clock or SystemClock()
    with state_lock(configuration.state.dir):
        root = make_output_root(configuration)
        ledger = open_ledger(ledger_path(configuration), output_root=root, clock=clock)
        try:
            inboxes = [os.fsencode(inbox.absolute()) for inbox in configuration.intake.inboxes]
            recover(ledger, output_root=root, inboxes=inboxes, now=clock.wall(), emit=emit)
            wake = threading.Event()
            loop = IntakeLoop(
                Intake(inboxes, _intake_settings(configuration, root), ledger.intake, emit, clock),
                clock=clock,
                emit=emit,
                on_change=_on_change(ledger, wake),
            )
            assembly = assemble(
                configuration,
                ledger=ledger,
                emit=emit,
                recheck=loop.recheck,
                pool_factory=pool_factory,
                clock=clock,
            )
            ledger.note_start(_start(configuration, assembly.plan, inboxes=inboxes, root=root))
            return Daemon(assembly, loop, wake=wake, emit=emit).run()
        finally:
            ledger.close()


def _start(configuration: Configuration, plan: Plan, *, inboxes: list[bytes], root: bytes) -> ServiceStart:
    extensions = configuration.intake.extensions
    return ServiceStart(tuple(inboxes), extensions, root, configuration.profile, plan.settings_key, os.getpid())


def _on_change(ledger: Ledger, wake: threading.Event) -> Callable[[], None]:
    """Return what wakes the driver when the ledger has changed since it was last asked."""
    seen = -1

    def changed() -> None:
        nonlocal seen
        version = ledger.data_version()
        if version != seen:
            seen = version
            wake.set()

    return changed


def _intake_settings(configuration: Configuration, root: bytes) -> IntakeSettings:
    given = configuration.intake
    return IntakeSettings(
        extensions=tuple(extension.lstrip(".") for extension in given.extensions),
        excluded=(root, os.fsencode(configuration.state.dir.absolute())),
        quiet_whole_s=min(QUIET_WHOLE_S, given.quiet_local_s),
        quiet_local_s=given.quiet_local_s,
        quiet_network_s=given.quiet_network_s,
        foreign_quiet_s=given.foreign_quiet_s,
        sweep_s=given.sweep_s,
        incomplete_give_up_s=given.incomplete_give_up_h * 3600.0,
    )
