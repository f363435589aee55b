"""The loop: it outlives bugs and a busy ledger, ticks, ends when told, and costs nothing while nothing changes."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from service.clock import SystemClock
from service.housekeeping.errand import Errand
from service.housekeeping.housekeeping import SET_ASIDE_S, Housekeeping
from service.ledger.errors import LedgerBusy, LedgerCorrupt
from service.ledger_trouble import LedgerTrouble


@dataclass
class Task:
    """Proposes each errand until it has been run without an error."""

    todo: dict[str, Callable[[], None]]
    name: str = "trial"
    asked: int = 0
    ran: list[str] = field(default_factory=list)

    def errands(self) -> list[Errand]:
        self.asked += 1
        return [Errand(key, lambda key=key: self._run(key), {"path": key}) for key in list(self.todo)]

    def wait_s(self) -> float:
        return math.inf

    def _run(self, key: str) -> None:
        self.ran.append(key)
        self.todo[key]()
        del self.todo[key]


def bug() -> None:
    raise RuntimeError("a bug")


def nothing() -> None: ...


def test_a_bug_in_one_errand_is_logged_with_its_video_and_left_alone_for_an_hour(site: Any) -> None:
    task = Task({"bad": bug, "good": nothing})
    keeper = Housekeeping([task], ledger=site.ledger, clock=site.clock, emit=site.emit)
    keeper.work_off()
    keeper.work_off()
    assert task.ran == ["bad", "good"]
    (event,) = site.emit.named("housekeeping.failed")
    assert (event["task"], event["cause"], event["path"]) == ("trial", "RuntimeError: a bug", "bad")
    assert "def bug" in event["traceback"] or "in bug" in event["traceback"]
    site.clock.advance(SET_ASIDE_S)
    keeper.work_off()
    assert task.ran == ["bad", "good", "bad"]


def test_a_bug_in_the_look_for_errands_ends_neither_the_loop_nor_the_other_tasks(site: Any) -> None:
    sick, well = Task({}, name="sick"), Task({"a": nothing})
    sick.errands = sick.wait_s = bug  # type: ignore[assignment,method-assign] # what no test foresaw
    keeper = Housekeeping([sick, well], ledger=site.ledger, clock=SystemClock(), emit=site.emit)
    keeper.start()
    until(lambda: well.ran)
    began_s = keeper.ticked_s
    until(lambda: keeper.ticked_s > began_s)
    keeper.stop()
    (event,) = site.emit.named("housekeeping.failed")
    assert (event["task"], event["cause"]) == ("sick", "RuntimeError: a bug")


def until(true: Callable[[], Any]) -> None:
    end_s = time.monotonic() + 20
    while not true():
        assert time.monotonic() < end_s
        time.sleep(0.01)


def test_the_thread_looks_again_when_the_ledger_has_changed_and_not_before(site: Any) -> None:
    task = Task({})
    keeper = Housekeeping([task], ledger=site.ledger, clock=SystemClock(), emit=site.emit)
    keeper.start()
    until(lambda: task.asked == 1)
    began_s = keeper.ticked_s
    until(lambda: keeper.ticked_s > began_s)
    assert task.asked == 1
    task.todo["new"] = nothing
    site.done("a.mp4")
    until(lambda: task.ran == ["new"])
    keeper.stop()
    assert "housekeeping" not in {thread.name for thread in threading.enumerate()}


def test_a_busy_ledger_is_waited_for(site: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr("service.housekeeping.housekeeping.AFTER_FAILURE_S", 0.01)
    busy = iter([True])

    def stubborn() -> None:
        if next(busy, False):
            raise LedgerBusy("locked")

    task = Task({"a": stubborn})
    clock = SystemClock()
    trouble = LedgerTrouble(site.home, low_water_mib=0, clock=clock, emit=site.emit)
    keeper = Housekeeping([task], ledger=site.ledger, clock=clock, emit=site.emit, trouble=trouble)
    keeper.start()
    until(lambda: site.emit.named("work.resumed"))
    keeper.stop()
    assert task.ran == ["a", "a"]
    assert [event["cause"] for event in site.emit.named("ledger.busy")] == ["locked"]


def test_a_damaged_ledger_is_told_to_whoever_can_rebuild_it(site: Any) -> None:
    damage = LedgerCorrupt("damaged")

    def meet() -> None:
        raise damage

    keeper = Housekeeping([Task({"a": meet})], ledger=site.ledger, clock=SystemClock(), emit=site.emit)
    keeper.start()
    until(lambda: keeper.damage is not None)
    assert keeper.damage is damage
    keeper.stop()


def test_a_stop_ends_it_after_the_present_errand(site: Any) -> None:
    task = Task({})
    keeper = Housekeeping([task], ledger=site.ledger, clock=SystemClock(), emit=site.emit)
    task.todo |= {"first": keeper.stop, "second": nothing}
    keeper.work_off()
    assert task.ran == ["first"]


def test_without_tasks_there_is_no_thread(site: Any) -> None:
    keeper = Housekeeping([], ledger=site.ledger, clock=site.clock, emit=site.emit)
    keeper.start()
    assert "housekeeping" not in {thread.name for thread in threading.enumerate()}
    keeper.stop()


def test_work_off_begins_nothing_after_its_time(site: Any) -> None:
    task = Task({"slow": lambda: site.clock.advance(11), "next": nothing})
    Housekeeping([task], ledger=site.ledger, clock=site.clock, emit=site.emit).work_off(within_s=10)
    assert task.ran == ["slow"]
