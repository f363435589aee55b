"""What the service manager is told: the real service, over canned models, against a real datagram socket."""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from service import daemon, driver, intake_loop, manager, preparation
from service.clock import SystemClock
from service.errors import StateLocked
from service.intake.intake import Intake
from service.ledger import engine
from service.ledger.ledger import attach_ledger
from service.ledger.lock import state_lock
from service.logs import Recorder
from service.logs.sink import ThreadedSink
from service.pulse import Pulse

sys.path[:0] = [str(Path(__file__).parent)]
from lives import Life, a_life, cheap  # noqa: E402 - the line above finds it
from notify_socket import NotifySocket  # noqa: E402 - as above


@pytest.fixture
def life(tmp_path: Path) -> Iterator[Life]:
    with a_life(tmp_path) as one:
        yield one


def test_ready_is_said_when_it_watches_and_scans(life: Life, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: dict[str, Any] = {}
    start = Intake.start

    def starting(self: Intake) -> None:
        start(self)
        seen["told"], seen["watched"] = life.manager.states(), [root.watched for root in self.figures()]

    def serving(self: manager.ServiceManager, *loops: Pulse) -> None:
        seen["scanning"] = loops[0].name, loops[0].where() is not None
        told(self, *loops)

    told = manager.ServiceManager.serving
    monkeypatch.setattr(Intake, "start", starting)
    monkeypatch.setattr(manager.ServiceManager, "serving", serving)
    life.play(lambda life: life.described("in", "a.mp4"))
    assert seen == {"told": [], "watched": [True, True], "scanning": ("intake", True)}
    assert life.manager.states() == ["READY=1", "STOPPING=1"]
    assert life.code == 0


def test_the_status_counts(life: Life, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(manager, "STATUS_S", 0.2)

    def act(life: Life) -> None:
        life.manager.until("STATUS=2 roots, 0 settling, 0 queued, 0 running, 0 failed, scan ", within_s=30)

    (life.home / "in" / "a.mp4").write_bytes(cheap.mp4(b"a"))
    life.play(act)
    assert life.manager.read()[0].startswith("STATUS=starting")


def test_a_service_that_cannot_start_is_never_ready(life: Life) -> None:
    configuration = life.load()
    configuration.state.dir.mkdir()
    with state_lock(configuration.state.dir), pytest.raises(StateLocked):
        daemon.run(configuration, life.emit, notifier=life.manager.notifier())
    assert life.manager.states() == []


class Noting(Recorder):
    """Keeps what the manager had been told when an event was logged."""

    def __init__(self, manager: NotifySocket) -> None:
        super().__init__()
        self.told: dict[str, list[str]] = {}
        self._manager = manager

    def __call__(self, event: str, /, **fields: Any) -> None:
        super().__call__(event, **fields)
        self.told[event] = self._manager.states()


def test_stopping_is_said_before_anything_else_is_done(life: Life) -> None:
    life.emit = emit = Noting(life.manager)
    life.play(lambda _life: None)
    assert emit.told["service.draining"] == ["READY=1", "STOPPING=1"]


class Gate:
    """Holds whoever passes while it is shut."""

    def __init__(self) -> None:
        self._open = threading.Event()
        self._open.set()

    def shut(self) -> None:
        self._open.clear()

    def open(self) -> None:
        self._open.set()

    def before(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def passing(*given: Any, **named: Any) -> Any:
            self._open.wait(60.0)
            return real(*given, **named)

        return passing


LIMIT_S = 2.0


@pytest.mark.fault("a thread stands still")
def test_whichever_loop_is_frozen_the_pings_end(life: Life, monkeypatch: pytest.MonkeyPatch) -> None:
    for module, limit in ((manager, "LOOP_LIMIT_S"), (preparation, "SCAN_LIMIT_S"), (engine, "WRITE_LIMIT_S")):
        monkeypatch.setattr(module, limit, LIMIT_S)
    monkeypatch.setattr(intake_loop, "LONGEST_PAUSE_S", 0.2)
    gates = {name: Gate() for name in ("intake", "driver", "ledger", "log")}
    monkeypatch.setattr(Intake, "step", gates["intake"].before(Intake.step))
    monkeypatch.setattr(driver.Driver, "step", gates["driver"].before(driver.Driver.step))
    monkeypatch.setattr(engine.Database, "_begun", gates["ledger"].before(engine.Database._begun))
    pulse = Pulse("log", limit_s=LIMIT_S, clock=SystemClock())
    sink = ThreadedSink(gates["log"].before(lambda _content: None), str, pulse=pulse)

    def freeze(life: Life, name: str, count: int) -> None:
        gates[name].shut()
        sink.write("a line")
        if name == "ledger":  # it is used only when something happens
            (life.home / "in" / f"{name}.mp4").write_bytes(cheap.mp4(name.encode()))
        life.until(lambda: name in [stuck["loop"] for stuck in life.emit.named("service.stuck")[count:]], name)
        life.manager.read()
        life.manager.said.clear()
        time.sleep(2 * WATCHDOG_S / 3)
        assert "WATCHDOG=1" not in life.manager.read(), name
        gates[name].open()
        life.manager.until("WATCHDOG=1")

    def act(life: Life) -> None:
        life.manager.until("WATCHDOG=1", count=2)
        for name in gates:
            freeze(life, name, len(life.emit.named("service.stuck")))

    life.play(act, beside=(pulse,), WATCHDOG_USEC=str(int(WATCHDOG_S * 1e6)))
    sink.close(timeout_s=1.0)
    stacks = {stuck["loop"]: stuck["traceback"] for stuck in life.emit.named("service.stuck")}
    assert all("in passing" in stack for stack in stacks.values()), "the log tells where each stood"
    assert life.code == 0


WATCHDOG_S = 1.2


def test_a_ledger_that_another_process_holds_ends_no_pings(life: Life, monkeypatch: pytest.MonkeyPatch) -> None:
    """Everybody waits, and says so: that is no hang."""
    monkeypatch.setattr(engine, "Patience", partial(engine.Patience, busy_timeout_s=0.3, pause_s=0.05))
    monkeypatch.setattr(intake_loop, "AFTER_FAILURE_S", 0.2)
    monkeypatch.setattr(manager, "STATUS_S", 0.2)

    def act(life: Life) -> None:
        life.described("in", "a.mp4")
        other = attach_ledger(life.home / "state" / "ledger.sqlite3")
        with other.database.write():
            (life.home / "in" / "b.mp4").write_bytes(cheap.mp4(b"b"))
            life.logged("ledger.busy")
            life.manager.read()
            life.manager.said.clear()
            life.manager.until("WATCHDOG=1", count=3)
            life.manager.until("STATUS=the ledger cannot be used")
        other.close()
        life.logged("job.done", count=2)

    life.play(act, WATCHDOG_USEC=str(int(WATCHDOG_S * 1e6)))
    assert "service.stuck" not in life.emit.names
