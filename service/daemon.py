"""`reelwatch run`: intake in one thread, the driver in the main one, the ledger between them; ended by signals."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from functools import partial

from actors.pool.base import Pool
from service import __version__
from service.assembly import make_pool
from service.bookkeeping import Emit
from service.clock import Clock, SystemClock
from service.configuration import Configuration
from service.errors import ConfigError, ReelwatchError
from service.ledger.errors import LedgerCorrupt, LedgerError
from service.ledger.lock import state_lock
from service.ledger_trouble import PASSING, LedgerTrouble, patiently
from service.manager import ServiceManager
from service.metrics.counters import Counters
from service.metrics.monitor import Monitor
from service.notify import Notifier
from service.preparation import Prepared, Setting, prepare
from service.pulse import Pulse
from service.reload import Reloader
from service.signals import StopSignals
from service.state import make_output_root, require_local_state
from service.status_line import status_line

BUSY_POLL_S = 0.2
"""How long the driver waits for the pool before it looks for new jobs and signals again."""
IDLE_POLL_S = 1.0
"""How often an idle driver looks whether another process has changed the ledger (`retry`, `reprocess`)."""
REBUILDS_AT_MOST = 3
"""A disk that damages the ledger again and again is beyond what the service can mend."""
DUE_ASKED_S = 30.0
"""How long an answer to when the next retry is due is believed while nothing else changes: a clock may be set."""


class Daemon:
    """The service: `run` returns its exit code once a signal has ended it."""

    def __init__(self, prepared: Prepared, setting: Setting, *, signals: StopSignals, trouble: LedgerTrouble) -> None:
        self._assembly = assembly = prepared.assembly
        self._driver = assembly.driver
        self._ledger = assembly.ledger
        self._clock = assembly.clock
        self._intake = prepared.intake
        self._requests = prepared.requests
        self._signals = signals
        self._trouble = trouble
        self._emit = setting.emit
        self._manager = setting.manager
        self._monitor = Monitor(assembly, prepared.intake, trouble=trouble, counters=setting.emit)
        self._reloader = Reloader(setting, prepared, monitor=self._monitor, trouble=trouble)
        self._asked: tuple[object, ...] = ()
        self._due: float | None = None

    def run(self) -> int:
        """Serve until a signal asks to stop; 0 when everything was finished or given back.

        Raises `LedgerCorrupt` when the ledger turns out to be damaged: it is to be rebuilt, and served again.
        """
        started_s, why, in_order = self._clock.monotonic(), {}, True
        try:
            self._monitor.start()
            self._intake.start()
            self._reloader.housekeeping.start()
            self._requests.start()
            self._ready()
            self._manager.serving(self._intake.pulse, self._ledger.database.writing)
            while not self._signals.count:
                self._round()
            self._drain()
        except LedgerCorrupt:
            why = {"reason": "ledger_damaged"}
            raise
        except ReelwatchError:
            raise
        except Exception:
            in_order = False  # a bug, which a video in work may bring out: refunded, it would end every start to come
            raise
        finally:
            self._requests.stop()
            self._intake.stop()
            self._driver.close(give_back=in_order)
            self._reloader.housekeeping.stop()
            self._monitor.stop()
            self._emit("service.stopped", uptime_s=round(self._clock.monotonic() - started_s, 1), **why)
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
        self._manager.driver.tick()
        if self._signals.reload:
            self._reload()
        damage = self._intake.damage or self._reloader.housekeeping.damage or self._requests.damage
        if damage is not None:
            raise damage
        self._trouble.require_hope()
        if not self._attempt(self._work):
            self._signals.wait(IDLE_POLL_S)

    def _work(self) -> bool:
        """Do what there is to do; False when there was nothing."""
        self._monitor.beat()
        self._manager.say(self._status)
        look = self._driver.busy or self._changed()
        claimed = self._driver.step(timeout_s=BUSY_POLL_S if self._driver.busy else 0.0, claim=look)
        return claimed > 0 or self._driver.busy

    @property
    def configuration(self) -> Configuration:
        """The settings in force."""
        return self._reloader.configuration

    def _reload(self) -> None:
        """Read the settings again; the service manager, which waits for it, is told whatever comes of it."""
        self._signals.reload = False
        self._manager.notifier.reloading()
        try:
            self._attempt(self._reloaded)
        finally:
            self._manager.notifier.ready()

    def _reloaded(self) -> bool:
        self._reloader.reload()
        return True

    def _status(self) -> str:
        states = None
        with suppress(LedgerError):  # a ledger that is locked is what the line is to tell
            states = self._ledger.counts().states
        figures = self._intake.figures()
        return status_line(states, figures, pause=self._driver.pause, trouble=self._trouble.sentence)

    def _attempt(self, work: Callable[[], bool]) -> bool:
        """Do something for which the ledger is needed; while it cannot be used, what is to be told to it is kept."""
        try:
            found = work()
        except PASSING as exc:
            self._trouble.met("driver", exc)
            return False
        self._trouble.passed("driver")
        return found

    def _changed(self) -> bool:
        """Whether a queued job may have appeared: somebody wrote to the ledger, or a retry is due."""
        now = self._clock.wall()
        asked = self._ledger.data_version(), self._driver.lost_roots, self._clock.monotonic() // DUE_ASKED_S
        changed = asked != self._asked
        if changed:
            self._asked, self._due = asked, self._ledger.next_due(now, without=self._driver.lost_roots)
        return changed or (self._due is not None and self._due <= now)

    def _drain(self) -> None:
        """Finish what is on the board, within the limit; a second signal ends the wait."""
        self._manager.draining()
        self._manager.say(lambda: f"draining: {self._driver.active} in work", at_once=True)
        self._emit("service.draining", signal=self._signals.name, running=self._driver.active)
        end_s = self._clock.monotonic() + self.configuration.pool.drain_s
        while self._driver.busy and self._signals.count < 2 and self._clock.monotonic() < end_s:  # noqa: PLR2004 - the second signal
            self._manager.driver.tick()
            if not self._attempt(self._finish_some):
                self._signals.wait(BUSY_POLL_S)

    def _finish_some(self) -> bool:
        self._monitor.beat()
        self._driver.step(timeout_s=BUSY_POLL_S, claim=False)
        return True


def run(
    configuration: Configuration,
    emit: Emit,
    *,
    pool_factory: Callable[[Configuration], Pool] = make_pool,
    clock: Clock | None = None,
    reread: Callable[[], Configuration] | None = None,
    beside: tuple[Pulse, ...] = (),
    notifier: Notifier | None = None,
) -> int:
    """Run the service until SIGTERM or SIGINT; raises `StateLocked`, `ConfigError`, `CannotWork`.

    reread: loads the settings again, for SIGHUP. beside: pulses of what else must go on, besides loops and log.
    notifier: the way to the service manager.
    """
    if not configuration.intake.inboxes:
        raise ConfigError("there is no folder to watch: give --inbox DIR, or set [intake] inboxes")
    clock = clock or SystemClock()
    notifier, emit = notifier or Notifier(), Counters(emit, clock)
    manager = ServiceManager(notifier, clock=clock, emit=emit, beside=(*beside, *emit.pulses))
    signals = StopSignals(threading.Event(), notifier.stopping)
    signals.install()
    try:
        require_local_state(configuration)
        with state_lock(configuration.state.dir):
            manager.start()
            root = make_output_root(configuration)
            again = reread or (lambda: configuration)
            return _serve(Setting(configuration, emit, pool_factory, clock, root, manager, again), signals)
    finally:
        manager.stop()
        signals.remove()


def _serve(setting: Setting, signals: StopSignals) -> int:
    """Serve until a signal ends it; a ledger that is damaged meanwhile is put aside and built again."""
    damage: LedgerCorrupt | None = None
    for _ in range(1 + REBUILDS_AT_MOST):
        given = setting.configuration
        trouble = LedgerTrouble(
            given.state.dir, low_water_mib=given.disk.low_water_mib, clock=setting.clock, emit=setting.emit
        )
        preparing = partial(prepare, setting, trouble=trouble, wake=signals.wake, damage=damage)
        try:
            prepared = patiently(preparing, trouble, wait=signals.wait, clock=setting.clock)
        except PASSING:
            if signals.count:
                return 0  # it was asked to stop while it waited for the ledger
            raise
        try:
            daemon = Daemon(prepared, setting, signals=signals, trouble=trouble)
            try:
                return daemon.run()
            finally:
                setting = replace(setting, configuration=daemon.configuration)
        except LedgerCorrupt as exc:
            damage = exc
        finally:
            prepared.assembly.ledger.close()
    raise damage or AssertionError("only damage leads here")
