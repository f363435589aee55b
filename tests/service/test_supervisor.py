"""What the service manager is told about loops that go on, and about those that do not."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.clock import FakeClock
from service.logs import Recorder
from service.notify import Notifier
from service.pulse import Pulse
from service.supervisor import LOOK_S, Supervisor

sys.path.insert(0, str(Path(__file__).parent))
from notify_socket import NotifySocket

LOOPS = ("intake", "driver", "ledger", "log")


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[NotifySocket]:
    with NotifySocket(tmp_path / "notify") as listening:
        yield listening


class Watched:
    """Four loops under watch, on a clock of their own."""

    def __init__(self, manager: NotifySocket) -> None:
        self.clock, self.emit = FakeClock(), Recorder()
        self.pulses = {name: Pulse(name, limit_s=60.0, clock=self.clock) for name in LOOPS}
        notifier = manager.notifier(WATCHDOG_USEC="60000000")
        self.supervisor = Supervisor(notifier, clock=self.clock, emit=self.emit)
        self.watch(extending=False)

    def watch(self, *, extending: bool) -> None:
        self.supervisor.watch(*self.pulses.values(), extending=extending)

    def live(self, seconds: float, *, frozen: str = "") -> None:
        """Let time pass, every loop but the frozen one ticking."""
        for _ in range(int(seconds / LOOK_S)):
            for name, pulse in self.pulses.items():
                if name != frozen:
                    pulse.tick()
            self.clock.advance(LOOK_S)
            self.supervisor.round()


@pytest.fixture
def watched(manager: NotifySocket) -> Watched:
    return Watched(manager)


def test_it_pings_three_times_in_an_interval(watched: Watched, manager: NotifySocket) -> None:
    assert watched.supervisor.every_s == pytest.approx(20.0)
    watched.live(60.0)
    assert manager.read() == ["WATCHDOG=1"] * 3


@pytest.mark.parametrize("frozen", LOOPS)
def test_a_frozen_loop_ends_the_pings(watched: Watched, manager: NotifySocket, frozen: str) -> None:
    watched.live(20.0)
    watched.live(80.0, frozen=frozen)
    manager.read()
    manager.said.clear()
    watched.live(200.0, frozen=frozen)
    assert {said.partition("=")[0] for said in manager.read()} == {"STATUS"}
    assert manager.said[0].startswith(f"STATUS=stuck: {frozen}.")
    (stuck,) = watched.emit.named("service.stuck")
    assert stuck["loop"] == frozen
    assert __file__ in stuck["traceback"], "where it stands"


def test_one_that_goes_on_is_fed_again(watched: Watched, manager: NotifySocket) -> None:
    watched.live(20.0)
    watched.live(100.0, frozen="driver")
    watched.live(40.0)
    assert manager.read()[-2:] == ["WATCHDOG=1", "WATCHDOG=1"]
    assert watched.emit.names == ["service.stuck", "service.unstuck"]


def test_a_start_or_a_drain_is_given_time_only_while_it_goes_on(watched: Watched, manager: NotifySocket) -> None:
    watched.watch(extending=True)
    watched.live(40.0)
    assert manager.read() == ["EXTEND_TIMEOUT_USEC=60000000", "WATCHDOG=1"] * 2, "a rebuilt ledger's start is fed, too"
    watched.live(80.0, frozen="driver")
    manager.read()
    manager.said.clear()
    watched.live(40.0, frozen="driver")
    assert not [said for said in manager.read() if said.startswith(("EXTEND", "WATCHDOG"))]


def test_without_a_manager_a_frozen_loop_is_logged_all_the_same() -> None:
    clock, emit = FakeClock(), Recorder()
    pulse, supervisor = Pulse("driver", limit_s=60.0, clock=clock), Supervisor(Notifier({}), clock=clock, emit=emit)
    supervisor.watch(pulse, extending=False)
    pulse.tick()
    clock.advance(90.0)
    assert list(supervisor.round()) == ["driver"]
    assert supervisor.every_s == LOOK_S
    assert emit.named("service.stuck")[0]["seconds"] == 30.0
