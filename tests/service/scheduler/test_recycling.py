"""Actors that are replaced: by age, by growth, after running out of memory; and that nobody is blamed for it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import scheduler_table as trial
from scheduler_table import DONE, LIMITS, SHA, kinds, submitted

from actors.backend import Failure, Outcome, Resources, StageStatus
from actors.plan import Plan
from actors.pool.base import PAYLOADS_LOST, ActorDied, ActorReady, CallDone
from actors.results import Identity
from service.scheduler.events import KillActor, Park, RetryLater, StartActor, Submit, Suspect, Ticked

IDENTIFIED = Outcome(StageStatus.DONE, data=Identity(sha256=SHA))
OUT_OF_MEMORY = Outcome(StageStatus.FAILED, reason="gpu_out_of_memory", failure=Failure.OUT_OF_MEMORY)


def killed(actions: list[Any]) -> dict[str, str]:
    return {action.actor: action.reason for action in kinds(actions, KillActor)}


def on_card(plan: Plan, name: str) -> Plan:
    """Let one stage's actor take memory of a card."""
    resources = Resources(num_cpus=0.1, ram_mib=100, vram_mib=2000)
    return Plan(tuple(replace(s, resources=resources) if s.name == name else s for s in plan.stages))


@pytest.mark.parametrize(
    ("limits", "age_s", "expected"),
    [
        pytest.param({}, 3599.0, None, id="young"),
        pytest.param({}, 3600.0, "recycled: 60 min old", id="old"),
        pytest.param({"recycle_s": 0.0}, 1e9, None, id="never"),
        pytest.param({"recycle_s": 60.0}, 60.0, "recycled: 1 min old", id="as set"),
    ],
)
def test_an_actor_that_has_worked_is_replaced_at_its_age(
    limits: dict[str, float], age_s: float, expected: str | None
) -> None:
    table = trial.started(replace(LIMITS, **limits))
    table.done("identify", IDENTIFIED)
    table.now_s = age_s
    assert killed(table.tell(Ticked())).get("media") == expected


@pytest.mark.parametrize(("age_s", "due"), [(7199.0, set()), (7200.0, {"ocr"})], ids=["young", "old"])
def test_an_actor_on_a_card_lives_longer(age_s: float, due: set[str]) -> None:
    table = trial.Table(replace(LIMITS, recycle_s=0.0), plan=on_card(trial.PLAN, "ocr"))
    table.claim()
    table.ready()
    table.identified()
    table.decoded()
    table.done("ocr", DONE)
    table.done("vad", DONE)
    table.now_s = 50.0  # no call in flight is overdue
    for operation in ("asr", "captions"):
        table.done(operation, DONE)
    table.now_s = age_s
    assert set(killed(table.tell(Ticked()))) == due


def test_an_actor_that_never_worked_does_not_age() -> None:
    table = trial.started()
    table.now_s = 4000.0
    assert not {"ocr", "shared", "speech", "fusion"} & set(killed(table.tell(Ticked())))


def test_no_call_is_interrupted_and_none_is_added_until_the_line_is_empty() -> None:
    table = trial.started(replace(LIMITS, recycle_s=30.0))
    table.claim(2)
    first, second = (action.call for action in kinds(table.asked, Submit))
    table.now_s = 31.0
    assert not killed(table.tell(CallDone(first.call_id, (IDENTIFIED,)))), "the second call is in flight"
    assert not submitted(table.claim(3)), "no third one behind it"
    actions = table.tell(CallDone(second.call_id, (IDENTIFIED,)))
    assert set(killed(actions)) == {"media"}
    actions = table.tell(ActorDied("media", "killed", ()))
    assert [action.spec.name for action in kinds(actions, StartActor)] == ["media"]
    assert not kinds(table.asked, Suspect, Park)
    assert submitted(table.tell(ActorReady("media", 2, 0.1))) == ["identify"]


def test_old_actors_are_replaced_one_after_another() -> None:
    table = trial.started(replace(LIMITS, recycle_s=100.0))
    table.identified()
    table.decoded()
    table.until_fusion()
    table.done("fusion", trial.RECEIPT)
    table.now_s = 100.0
    first = killed(table.tell(Ticked()))
    assert len(first) == 1
    assert not killed(table.tell(Ticked()))
    table.claim(2)
    name = next(iter(first))
    table.tell(ActorDied(name, "killed", ()))
    assert not killed(table.tell(Ticked())), "the fresh one is still loading"
    assert len(killed(table.tell(ActorReady(name, 2, 0.1)))) == 1


def test_a_busy_actor_that_has_grown_is_replaced_after_its_call() -> None:
    table = trial.started()
    table.claim(2)
    first, second = (action.call for action in kinds(table.asked, Submit))
    assert not killed(table.tell(CallDone(first.call_id, (IDENTIFIED,), (), resident_mib=301.0)))
    actions = table.tell(CallDone(second.call_id, (IDENTIFIED,), (), resident_mib=301.0))
    assert killed(actions) == {"media": "recycled: 301 MiB resident, bound 300 MiB"}


@pytest.mark.parametrize(("idle_stop_s", "started"), [(600.0, []), (0.0, ["media"])], ids=["may stop", "is kept"])
def test_a_pool_that_is_kept_is_complete_without_a_video(idle_stop_s: float, started: list[str]) -> None:
    table = trial.started(replace(LIMITS, idle_stop_s=idle_stop_s))
    table.done("identify", Outcome(StageStatus.FAILED, reason="torn", failure=Failure.BAD_INPUT))
    actions = table.tell(ActorDied("media", "segfault", ()))
    assert [action.spec.name for action in kinds(actions, StartActor)] == started


@pytest.mark.parametrize(("attempts", "after_s"), [(1, 10.0), (2, 60.0), (3, 300.0)])
def test_out_of_memory_replaces_the_actor_and_tries_the_video_later(attempts: int, after_s: float) -> None:
    table = trial.Table()
    table.claim(attempts=attempts)
    table.ready()
    table.identified()
    table.decoded()
    actions = table.done("ocr", OUT_OF_MEMORY)
    assert killed(actions) == {"ocr": "recycled: it ran out of memory"}
    assert [action.after_s for action in kinds(actions, RetryLater)] == [after_s]


def test_out_of_memory_for_good_leaves_the_stage_out() -> None:
    table = trial.Table()
    table.claim(attempts=4)
    table.ready()
    table.identified()
    table.decoded()
    actions = table.done("ocr", OUT_OF_MEMORY)
    assert set(killed(actions)) == {"ocr"}
    assert table.board.runs[1].outcomes["ocr"].failure is Failure.OUT_OF_MEMORY
    assert "captions" in submitted(actions)


def test_the_call_behind_one_that_ran_out_of_memory_goes_to_the_fresh_actor() -> None:
    table = trial.started()
    table.claim(2)
    first, second = (action.call for action in kinds(table.asked, Submit))
    table.tell(CallDone(first.call_id, (replace(OUT_OF_MEMORY, reason="out_of_memory"),)))
    actions = table.tell(ActorDied("media", "killed", (second.call_id,)))
    assert not kinds(actions, Suspect, Park)
    assert list(table.board.runs) == [2]
    assert submitted(table.tell(ActorReady("media", 2, 0.1))) == ["identify"]


def test_an_actor_that_dies_unasked_is_not_recycled_for_free() -> None:
    table = trial.started()
    call = table.calls["identify"]
    actions = table.tell(ActorDied("media", "segfault", (call.call_id,)))
    assert [action.job_id for action in kinds(actions, Suspect)] == [1]


def test_a_call_submitted_to_a_dying_actor_convicts_nobody() -> None:
    """The death was on its way when the call was made: the pool does not name it among the lost ones."""
    table = trial.started()
    actions = table.tell(ActorDied("media", "segfault", ()))
    assert not kinds(actions, Suspect, Park)
    assert submitted(table.tell(ActorReady("media", 2, 0.1))) == ["identify"]


def test_decoded_values_that_got_lost_are_decoded_again_and_cost_no_attempt() -> None:
    table = trial.started()
    table.identified()
    table.decoded()
    lost = Outcome(StageStatus.FAILED, reason=PAYLOADS_LOST, failure=Failure.TRANSIENT)
    assert submitted(table.done("ocr", lost)) == ["decode"]
    assert not kinds(table.asked, RetryLater)
    assert "ocr" in submitted(table.decoded())


def test_values_that_get_lost_again_and_again_are_a_trouble_of_the_host() -> None:
    table = trial.started()
    table.identified()
    lost = Outcome(StageStatus.FAILED, reason=PAYLOADS_LOST, failure=Failure.TRANSIENT)
    table.decoded()
    for _ in range(3):
        table.done("ocr", lost)
        table.decoded()
    assert kinds(table.done("ocr", lost), RetryLater)
