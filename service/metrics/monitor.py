"""Tells how the service is doing, from one collector: in heartbeat and live note, and to Prometheus where asked for."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from service import __version__
from service.assembly import Assembly
from service.configuration import Configuration
from service.intake_loop import IntakeLoop
from service.ledger.ledger import scribble_ledger
from service.ledger_trouble import LedgerTrouble
from service.live.keeper import Keeper
from service.logs.emitter import Emit
from service.metrics.counters import Counters
from service.metrics.gauges import Collector, Places
from service.metrics.heartbeat import Heartbeat
from service.metrics.values import Values, values
from service.state import output_root

if TYPE_CHECKING:
    from service.metrics.server import MetricsServer


class Monitor:
    """Owned by the driver's loop, which calls `beat` every round; serves metrics between `start` and `stop`."""

    def __init__(self, assembly: Assembly, intake: IntakeLoop, *, trouble: LedgerTrouble, counters: Counters) -> None:
        self._configuration = given = assembly.configuration
        self._clock = assembly.clock
        self._emit: Emit = counters
        self.collector = Collector(
            ledger=assembly.ledger,
            intake=intake,
            driver=assembly.driver,
            trouble=trouble,
            counters=counters,
            places=Places(output_root(given), os.fsencode(given.state.dir.absolute())),
            low_water_mib=given.disk.low_water_mib,
            clock=assembly.clock,
        )
        every_s = given.log.heartbeat_s
        self._heartbeat = Heartbeat(self.collector, clock=assembly.clock, emit=counters, every_s=every_s)
        place = assembly.ledger.database.place
        self._keeper = Keeper(
            open_ledger=lambda: scribble_ledger(place, clock=assembly.clock),
            driver=assembly.driver,
            collector=self.collector,
            clock=assembly.clock,
            every_s=every_s,
        )
        self._server: MetricsServer | None = None

    def start(self) -> None:
        """Begin to serve metrics, where that is asked for; raises `ConfigError` where it cannot be done."""
        listen = self._configuration.metrics.address
        if listen is None:
            return
        from service.metrics.exposition import registry_of  # noqa: PLC0415 - only who asks for metrics pays for them
        from service.metrics.server import MetricsServer  # noqa: PLC0415 - as above

        self._server = MetricsServer(*listen, registry_of(self.values), self._emit)
        self._emit("metrics.serving", address=self._server.address)

    def change(self, configuration: Configuration) -> None:
        """Go by other settings from now on, as far as that can be while it serves."""
        self._heartbeat.every_s = self._keeper.every_s = configuration.log.heartbeat_s
        self.collector.low_water_bytes = configuration.disk.low_water_mib * 2**20

    def values(self) -> Values:
        """Return every metric's values now; from any thread."""
        return values(self.collector.gauges(), version=__version__, profile=self._configuration.profile)

    def beat(self) -> None:
        """Note that the driver's loop goes round; emit the heartbeat and leave the live note when they are due."""
        self.collector.ticked_s = self._clock.monotonic()
        self._heartbeat.beat()
        self._keeper.look()

    def stop(self) -> None:
        """Serve no longer, and leave no more notes."""
        self._keeper.close()
        if self._server is not None:
            self._server.close()
            self._server = None
