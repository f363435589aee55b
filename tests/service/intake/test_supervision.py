"""The supervisor of a watch that is played."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from service.intake.supervision import WatchSupervisor
from service.intake.watch import HintBox, WatchError
from service.intake.watch_problems import WatchProblem

ROOT = b"/inbox"
LIMIT = WatchProblem("watch_limit", "raise fs.inotify.max_user_watches", lasting=True)
ENDED = WatchProblem("ended", "the watcher has ended")


@dataclass
class FakeWatch:
    problem: WatchProblem | None = None
    stopped: bool = False

    def stop(self) -> None:
        self.stopped = True


@dataclass
class Bench:
    """A supervisor, the watches it made, and what it said."""

    refuses: WatchProblem | None = None
    made: list[FakeWatch] = field(default_factory=list)
    events: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.hints = HintBox(ROOT, threading.Event())
        self.supervisor = WatchSupervisor(ROOT, lambda _: False, self.hints, self._emit, factory=self._make)

    def _emit(self, event: str, /, **fields: Any) -> None:
        self.events.append((event, fields))

    def _make(self, *_: object) -> FakeWatch:
        if self.refuses is not None:
            raise WatchError(self.refuses)
        self.made.append(FakeWatch())
        return self.made[-1]

    def look(self, *times: float) -> list[bool]:
        return [self.supervisor.look_after(now=now) for now in times]

    @property
    def told(self) -> list[str]:
        return [f"{event}:{fields.get('reason', '')}" for event, fields in self.events]


def test_a_watch_that_works_is_left_alone() -> None:
    bench = Bench()
    assert bench.look(0, 2, 4, 3600) == [True, False, False, False]
    assert (len(bench.made), bench.told) == (1, [])


def test_a_watch_that_ends_is_replaced_at_once_and_then_ever_later() -> None:
    bench = Bench()
    bench.look(0)
    made_at = [0.0]
    for now in range(1, 700):
        bench.made[-1].problem = ENDED
        before = len(bench.made)
        bench.look(now)
        made_at += [now] * (len(bench.made) - before)
    assert made_at == [0, 1, 62, 183, 424]
    assert all(watch.stopped for watch in bench.made[:-1])
    assert bench.told[:2] == ["watch.degraded:ended", "watch.rebuilt:"]


@pytest.mark.parametrize("how", ["at the start", "later"])
def test_the_watch_limit_means_scans_for_an_hour_and_names_the_sysctl(how: str) -> None:
    bench = Bench(refuses=LIMIT if how == "at the start" else None)
    bench.look(0)
    if how == "later":
        bench.made[-1].problem = LIMIT
    bench.look(2, 4, 600, 3000)
    assert not bench.supervisor.watching
    assert all(watch.stopped for watch in bench.made)
    assert bench.told == ["watch.degraded:watch_limit"]
    assert "fs.inotify.max_user_watches" in bench.events[0][1]["detail"]
    bench.refuses = None
    bench.look(3700)
    assert bench.supervisor.watching
    assert bench.told[-1] == "watch.rebuilt:"


def test_a_limit_that_lasts_is_told_once_though_its_numbers_change() -> None:
    bench = Bench(refuses=LIMIT)
    bench.look(0)
    for hour in range(1, 5):
        bench.refuses = replace(LIMIT, detail=f"this inbox needs {hour}", limit=hour)
        bench.look(3601 * hour)
    assert bench.told == ["watch.degraded:watch_limit"]


def test_files_that_no_hint_announces_show_that_the_watcher_is_deaf() -> None:
    bench = Bench()
    bench.look(0)
    bench.supervisor.found({b"old"}, now=0)  # the first sweep proves nothing
    bench.look(5)
    assert bench.told == []
    bench.supervisor.found({b"sub"}, now=20)
    assert bench.look(21, 23) == [False, True]
    assert bench.told == ["watch.degraded:deaf", "watch.rebuilt:"]
    assert [watch.stopped for watch in bench.made] == [True, False]


def test_an_old_hint_announces_nothing_new() -> None:
    bench = Bench()
    bench.look(0)
    bench.supervisor.found(set(), now=0)
    bench.supervisor.announced(frozenset({b"sub"}))
    bench.supervisor.found({b"sub"}, now=20)
    bench.supervisor.found({b"sub"}, now=40)
    bench.look(43)
    assert bench.told[0] == "watch.degraded:deaf"


@pytest.mark.parametrize("hint_first", ["before the sweep", "right after it"])
def test_a_hint_a_little_late_is_no_deafness(hint_first: str) -> None:
    bench = Bench()
    bench.look(0)
    bench.supervisor.found(set(), now=0)
    if hint_first == "before the sweep":
        bench.supervisor.announced(frozenset({b"sub"}))
    bench.supervisor.found({b"sub"}, now=20)
    bench.supervisor.announced(frozenset({b"sub"}))
    bench.look(23, 40)
    assert bench.told == []


def test_without_a_factory_nothing_is_watched() -> None:
    supervisor = WatchSupervisor(
        ROOT, lambda _: False, HintBox(ROOT, threading.Event()), lambda *_, **__: None, factory=None
    )
    assert supervisor.look_after(now=0) is False
    assert not supervisor.watching
