"""What a start does before it serves: the ledger opened and in step with the output, intake and driver put together."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass

from actors.plan import Plan
from actors.pool.base import Pool
from service.assembly import Assembly, assemble
from service.clock import Clock
from service.configuration import Configuration
from service.housekeeping.assembly import make_housekeeping
from service.housekeeping.housekeeping import Housekeeping
from service.intake.intake import Intake
from service.intake.settings import IntakeSettings
from service.intake_loop import IntakeLoop
from service.ledger.errors import LedgerCorrupt
from service.ledger.ledger import Ledger, open_ledger
from service.ledger.values import ServiceStart
from service.ledger_trouble import LedgerTrouble
from service.manager import ServiceManager
from service.metrics.counters import Counters
from service.pulse import SCAN_LIMIT_S, Pulse
from service.received.recovery import settle
from service.recovery import recover
from service.request_loop import RequestLoop
from service.state import ledger_place, make_received_root, watched_roots
from service.state_identity import made_identity
from service.watched_pool import WatchedPool

QUIET_WHOLE_S = 0.7
"""How long a file must be quiet that nobody holds open and whose structure is whole."""


@dataclass(frozen=True)
class Setting:
    """What a service is made of, however often its ledger has to be opened.

    root: the output folder. reread: loads the settings again, the same flags given; raises `ConfigError`.
    """

    configuration: Configuration
    emit: Counters
    pool_factory: Callable[[Configuration], Pool]
    clock: Clock
    root: bytes
    manager: ServiceManager
    reread: Callable[[], Configuration]


@dataclass(frozen=True)
class Prepared:
    """A service that only has to be run."""

    assembly: Assembly
    intake: IntakeLoop
    housekeeping: Housekeeping
    requests: RequestLoop


def prepare(
    setting: Setting, *, trouble: LedgerTrouble, wake: threading.Event, damage: LedgerCorrupt | None
) -> Prepared:
    """Open the ledger and put a service together over it; whoever gets it closes its ledger.

    damage: what was found in the ledger while it served. Raises what the ledger raises, and `ConfigError`.
    """
    setting.manager.restart()
    ledger = open_ledger(
        ledger_place(setting.configuration),
        output_root=setting.root,
        clock=setting.clock,
        announces=setting.configuration.webhook.announces,
        damage=None if damage is None else str(damage),
    )
    try:
        return _over(ledger, setting, trouble=trouble, wake=wake)
    except BaseException:
        ledger.close()
        raise


def _over(ledger: Ledger, setting: Setting, *, trouble: LedgerTrouble, wake: threading.Event) -> Prepared:
    configuration, emit, clock, root = setting.configuration, setting.emit, setting.clock, setting.root
    pulse = Pulse("intake", limit_s=SCAN_LIMIT_S, clock=clock)
    starting = setting.manager.starting
    starting.tick()
    settle(ledger, make_received_root(configuration), emit=emit)
    places = _places(configuration)
    recover(ledger, output_root=root, inboxes=places, now=clock.wall(), emit=emit, tick=starting.tick)
    starting.tick()
    loop = IntakeLoop(
        make_intake(configuration, ledger, root=root, emit=emit, clock=clock, pulse=pulse),
        clock=clock,
        emit=emit,
        trouble=trouble,
        on_change=_on_change(ledger, wake),
        pulse=pulse,
    )
    assembly = assemble(
        configuration,
        ledger=ledger,
        emit=emit,
        recheck=loop.recheck,
        pool_factory=lambda given: WatchedPool(setting.pool_factory(given), setting.manager.driver),
        clock=clock,
    )
    housekeeping = make_housekeeping(
        configuration, ledger=ledger, clock=clock, emit=emit, trouble=trouble, forget=loop.recheck
    )
    ledger.note_start(_start(configuration, assembly.plan, root=root))
    requests = RequestLoop(ledger, emit=emit, trouble=trouble, wake=wake.set)
    return Prepared(assembly, loop, housekeeping, requests)


def make_intake(
    configuration: Configuration, ledger: Ledger, *, root: bytes, emit: Counters, clock: Clock, pulse: Pulse
) -> Intake:
    """Make the intake that a configuration asks for; it has not looked at anything yet. root: the output folder."""
    settings = _intake_settings(configuration, root)
    return Intake(watched_roots(configuration), settings, ledger.intake, emit, clock, tick=pulse.tick)


def _places(configuration: Configuration) -> list[bytes]:
    """Return every folder in which a source of a document may lie."""
    archive = configuration.done.move_to
    others = [*configuration.requests.roots, *([] if archive is None else [archive])]
    return [*watched_roots(configuration), *(os.fsencode(folder.absolute()) for folder in others)]


def _start(configuration: Configuration, plan: Plan, *, root: bytes) -> ServiceStart:
    given = configuration.intake
    inboxes = tuple(os.fsencode(inbox.absolute()) for inbox in given.inboxes)
    return ServiceStart(
        inboxes,
        given.extensions,
        root,
        configuration.profile,
        plan.settings_key,
        os.getpid(),
        host=socket.gethostname(),
        state_id=made_identity(configuration.state.dir),
    )


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
        wait_for_holes=given.wait_for_holes,
    )
