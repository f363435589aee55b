"""Replica sets: a video belongs to one, and a set that is lost with its node costs nobody anything."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
import scheduler_table as trial
from scheduler_table import LIMITS, PLAN, SHA, kinds

from actors.backend import Outcome, StageStatus
from actors.pool.base import ActorDied, ActorReady, Place, SetLost
from actors.results import Identity
from service.scheduler import Board, capacity
from service.scheduler.events import Drained, GiveUp, Identified, Park, Release, StartActor, Submit, Suspect

IDENTIFIED = Outcome(StageStatus.DONE, data=Identity(sha256=SHA))


def two_sets() -> Any:
    table = trial.Table()
    specs = [spec.in_set(number, place=Place(1.0, 1)) for number in (0, 1) for spec in PLAN.actors()]
    table.board = Board.empty(PLAN, LIMITS, specs=specs)
    return table


def ready(table: Any, *replicas: int) -> None:
    for name, slot in table.board.slots.items():
        if slot.spec.replica in replicas:
            table.tell(ActorReady(name, 1, 0.1))


def belonging(table: Any) -> dict[int, int]:
    return {job_id: run.replica for job_id, run in table.board.runs.items()}


def test_the_first_video_starts_every_set() -> None:
    table = two_sets()
    started = {action.spec.name for action in kinds(table.claim(), StartActor)}
    roles = ("media", "speech", "ocr", "shared", "fusion")
    assert started == {*roles, *(f"{role}@1" for role in roles)}


def test_videos_are_spread_over_the_sets_that_are_ready() -> None:
    table = two_sets()
    for job_id in (1, 2):
        table.claim(job_id)
    ready(table, 0, 1)
    for job_id in (3, 4):
        table.claim(job_id)
    assert Counter(belonging(table).values()) == {0: 2, 1: 2}


def test_all_stages_of_a_video_run_in_its_set() -> None:
    table = two_sets()
    ready_first = table.claim(1)
    assert kinds(ready_first, StartActor)
    ready(table, 1)
    identify = next(action.call for action in kinds(table.asked, Submit))
    assert identify.actor == "media@1", "set 0 is not there yet"
    table.done("identify", IDENTIFIED)
    table.tell(Identified(1, SHA))
    ready(table, 0)
    table.decoded()
    table.until_fusion()
    actors = {action.call.actor for action in kinds(table.asked, Submit)}
    assert actors == {"media@1", "speech@1", "ocr@1", "shared@1", "fusion@1"}


def test_a_set_that_is_ready_takes_what_waits_for_one_that_is_not() -> None:
    table = two_sets()
    for job_id in range(1, 9):
        table.claim(job_id)
    assert Counter(belonging(table).values()) == {0: 4, 1: 4}
    ready(table, 0)
    assert Counter(belonging(table).values()) == {0: 6, 1: 2}, "as many as its decoder can begin"


@pytest.mark.parametrize(("replicas", "expected"), [((), 2), ((0,), 2), ((0, 1), 5)], ids=["none", "one", "both"])
def test_every_set_that_is_ready_adds_its_share_of_room(replicas: tuple[int, ...], expected: int) -> None:
    table = two_sets()
    table.claim(1)
    table.tell(Drained())
    ready(table, *replicas)
    assert capacity(table.board) == expected


def test_a_lost_node_gives_its_videos_back_and_blames_nobody() -> None:
    table = two_sets()
    table.claim(1)
    ready(table, 0, 1)
    table.claim(2)
    before = belonging(table)
    actions = table.tell(SetLost(0, "its node has died"))
    lost = [job_id for job_id, replica in before.items() if replica == 0]
    assert [action.job_id for action in kinds(actions, Release)] == lost
    assert not kinds(actions, Suspect, Park)
    assert set(belonging(table).values()) == {1}


def test_a_lost_set_is_started_anew_and_takes_videos_again() -> None:
    table = two_sets()
    table.claim(1)
    ready(table, 0, 1)
    table.claim(2)
    started = {action.spec.name for action in kinds(table.tell(SetLost(0, "its node has died")), StartActor)}
    assert started == {"media", "speech", "ocr", "shared", "fusion"}
    table.claim(3)
    assert belonging(table)[3] == 1, "the fresh set is still loading"
    ready(table, 0)
    table.claim(4)
    assert belonging(table)[4] == 0


def test_a_set_without_a_node_never_counts_as_one_that_cannot_work() -> None:
    table = two_sets()
    table.claim(1)
    ready(table, 1)
    for _ in range(20):
        assert not kinds(table.tell(SetLost(0, "no node has room")), GiveUp)
    assert belonging(table) == {1: 1}


def test_an_answer_from_a_lost_set_is_passed_over() -> None:
    table = two_sets()
    table.claim(1)
    ready(table, 0)
    call = table.calls["identify"]
    table.tell(SetLost(0, "its node has died"))
    assert not table.tell(trial.CallDone(call.call_id, (IDENTIFIED,)))


def test_a_set_with_a_broken_actor_is_left_out_while_another_works() -> None:
    table = two_sets()
    table.claim(1)
    ready(table, 0, 1)
    table.claim(2)
    actions: list[Any] = []
    for _ in range(5):
        actions += table.tell(ActorDied("ocr", "no libfoo"))
    assert [action.job_id for action in kinds(actions, Release)] == [1]
    assert not table.board.unavailable
    table.claim(3)
    assert belonging(table)[3] == 1
    for _ in range(5):
        table.tell(ActorDied("ocr@1", "no libfoo"))
    assert set(table.board.unavailable) == {"ocr"}, "no set is left that could do it"


def test_an_actors_death_is_its_sets_own_affair() -> None:
    table = two_sets()
    table.claim(1)
    ready(table, 0, 1)
    table.claim(2)
    by_actor = {action.call.actor: action.call for action in kinds(table.asked, Submit)}
    actions = table.tell(ActorDied("media@1", "segfault", (by_actor["media@1"].call_id,)))
    assert [action.job_id for action in kinds(actions, Suspect)] == [2]
    assert list(table.board.runs) == [1]
