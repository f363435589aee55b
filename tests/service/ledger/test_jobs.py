"""The driver's side: claims, and every way a claim can end."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from service.ledger.errors import IllegalTransition, UnknownJob
from service.ledger.jobs import DEATHS_TO_PARK
from service.ledger.states import State
from service.ledger.worker import is_alive, this_process
from service.scheduler import board

if TYPE_CHECKING:
    from conftest import Bench

ROOT = b"/in"

# --- claiming --------------------------------------------------------------------------------------------------------


def test_a_claim_counts_as_an_attempt_and_names_its_worker(bench: Bench) -> None:
    (job,) = bench.claim(bench.settle(b"a.mp4", "one"))
    assert (job.state, job.attempts, job.worker) == (State.RUNNING, 1, this_process())
    assert bench.at(b"a.mp4") == job


def test_claims_come_in_the_order_of_settling_and_within_the_limit(bench: Bench) -> None:
    for name in (b"c.mp4", b"a.mp4", b"b.mp4"):
        bench.settle(name, name.decode())
        bench.clock.advance(1)
    claimed = bench.ledger.claim(limit=2, now=bench.clock.wall())
    assert [job.path for job in claimed] == [b"c.mp4", b"a.mp4"]


def test_a_job_put_back_keeps_its_place_in_the_queue(bench: Bench) -> None:
    first = bench.start(b"a.mp4", "one")
    bench.clock.advance(5)
    bench.settle(b"b.mp4", "two")
    bench.ledger.release(first.job_id, refund=True)
    assert [job.path for job in bench.claim()] == [b"a.mp4", b"b.mp4"]


@pytest.mark.parametrize(("limit", "names"), [(0, []), (1, [b"b.mp4"])])
def test_only_some_jobs_may_be_claimed(bench: Bench, limit: int, names: list[bytes]) -> None:
    bench.settle(b"a.mp4", "one")
    wanted = bench.settle(b"b.mp4", "two")
    claimed = bench.ledger.claim(limit=limit, now=bench.clock.wall(), only=[wanted.job_id, 999])
    assert [job.path for job in claimed] == names


@pytest.mark.parametrize(("wait_s", "due"), [(59.9, False), (60.0, True)])
def test_a_retry_is_not_claimed_before_its_time(bench: Bench, wait_s: float, *, due: bool) -> None:
    job = bench.start(b"a.mp4", "one")
    bench.ledger.retry_later(job.job_id, not_before=bench.clock.wall() + 60, reason="timeout")
    bench.clock.advance(wait_s)
    assert bool(bench.claim()) is due


def test_next_due_says_when_to_look_again(bench: Bench) -> None:
    start = bench.clock.wall()
    assert bench.ledger.next_due(start) is None
    job = bench.start(b"a.mp4", "one")
    assert bench.ledger.next_due(start) is None
    bench.ledger.retry_later(job.job_id, not_before=start + 60, reason="timeout")
    assert (bench.ledger.next_due(start), bench.ledger.next_due(start + 90)) == (start + 60, start + 90)
    bench.settle(b"b.mp4", "two")
    assert bench.ledger.next_due(start) == start


@pytest.mark.parametrize(
    ("suspect", "idle", "names"),
    [
        (b"1.mp4", True, [b"1.mp4"]),
        (b"1.mp4", False, []),
        (b"2.mp4", True, [b"1.mp4"]),
        (b"2.mp4", False, [b"1.mp4"]),
        (None, False, [b"1.mp4", b"2.mp4", b"3.mp4"]),
    ],
    ids=["alone when idle", "not beside others", "what is before it", "what is before it, busy", "no suspect"],
)
def test_a_suspect_is_claimed_alone(bench: Bench, suspect: bytes | None, names: list[bytes], *, idle: bool) -> None:
    for name in (b"1.mp4", b"2.mp4", b"3.mp4"):
        job = bench.settle(name, name.decode())
        bench.clock.advance(1)
        if name == suspect:
            bench.claim(job)
            bench.ledger.suspect(job.job_id)
    claimed = bench.ledger.claim(limit=3, now=bench.clock.wall(), idle=idle)
    assert [job.path for job in claimed] == names


# --- ends ------------------------------------------------------------------------------------------------------------

ENDS = {
    "finish": ({"document": "a", "settings_key": "k"}, State.DONE),
    "reject": ({"reason": "no_streams", "detail": "nothing in it"}, State.REJECTED),
    "fail": ({"reason": "bug"}, State.FAILED),
    "park": ({"reason": "segfault"}, State.PARKED),
    "block": ({"reason": "permission"}, State.BLOCKED),
    "supersede": ({"reason": "source_changed"}, State.SUPERSEDED),
    "gone": ({}, State.GONE),
    "retry_later": ({"not_before": 5.0, "reason": "timeout"}, State.QUEUED),
    "release": ({"refund": True}, State.QUEUED),
    "suspect": ({"reason": "segfault"}, State.QUEUED),
}


@pytest.mark.parametrize(("verb", "arguments", "state"), [(v, *rest) for v, rest in ENDS.items()], ids=list(ENDS))
def test_how_a_run_ends(bench: Bench, verb: str, arguments: dict[str, object], state: State) -> None:
    job = bench.start(b"a.mp4", "one")
    after = getattr(bench.ledger, verb)(job.job_id, **arguments)
    assert after == bench.ledger.job(job.job_id)
    assert (after.state, after.worker, after.changed_at) == (state, None, bench.clock.wall())
    assert after.reason == arguments.get("reason", "vanished" if verb == "gone" else None)
    assert after.detail == arguments.get("detail")


@pytest.mark.parametrize("verb", list(ENDS))
@pytest.mark.parametrize("before", ["queued", "done", "failed"])
def test_only_what_runs_can_end(bench: Bench, before: str, verb: str) -> None:
    job = bench.start(b"a.mp4", "one")
    match before:
        case "queued":
            after = bench.ledger.release(job.job_id, refund=True)
        case "done":
            after = bench.publish(job)
        case _:
            after = bench.ledger.fail(job.job_id, reason="bug")
    bench.clock.advance(1)
    with pytest.raises(IllegalTransition):
        getattr(bench.ledger, verb)(job.job_id, **ENDS[verb][0])
    assert bench.ledger.job(job.job_id) == after


def test_only_what_runs_can_be_identified(bench: Bench) -> None:
    job = bench.complete(b"a.mp4", "one")
    with pytest.raises(IllegalTransition):
        bench.identify(job, "two")


@pytest.mark.parametrize(("verb", "arguments"), [(v, rest[0]) for v, rest in ENDS.items()], ids=list(ENDS))
def test_an_unknown_job_is_a_bug(bench: Bench, verb: str, arguments: dict[str, object]) -> None:
    with pytest.raises(UnknownJob, match="no job 77"):
        getattr(bench.ledger, verb)(77, **arguments)


@pytest.mark.parametrize(
    ("verb", "arguments", "attempts", "deaths", "solo"),
    [
        ("retry_later", {"not_before": 5.0, "reason": "timeout"}, 1, 0, False),
        ("release", {"refund": True}, 0, 0, False),
        ("release", {"refund": False}, 1, 0, False),
        ("block", {"reason": "permission"}, 0, 0, False),
        ("suspect", {"reason": "segfault"}, 1, 1, True),
        ("park", {"reason": "segfault"}, 1, 1, False),
    ],
    ids=["retry", "refunded", "not refunded", "blocked", "suspect", "parked"],
)
def test_what_an_end_costs(
    bench: Bench, verb: str, arguments: dict[str, object], attempts: int, deaths: int, *, solo: bool
) -> None:
    job = bench.start(b"a.mp4", "one")
    after = getattr(bench.ledger, verb)(job.job_id, **arguments)
    assert (after.attempts, after.deaths, after.solo) == (attempts, deaths, solo)


@pytest.mark.parametrize("verb", ["retry_later", "release", "suspect", "block"])
def test_a_job_does_not_go_back_where_newer_content_is_queued(bench: Bench, verb: str) -> None:
    old = bench.start(b"a.mp4", "one")
    new = bench.settle(b"a.mp4", "two")
    after = getattr(bench.ledger, verb)(old.job_id, **ENDS[verb][0])
    assert (after.state, bench.at(b"a.mp4").job_id) == (State.SUPERSEDED, new.job_id)


def test_a_blocked_job_yields_to_the_row_that_waits_already(bench: Bench) -> None:
    old = bench.start(b"a.mp4", "one")
    waiting = bench.see(b"a.mp4")
    assert bench.ledger.block(old.job_id, reason="permission").state is State.SUPERSEDED
    assert bench.at(b"a.mp4").job_id == waiting.job_id


def test_parked_with_a_document(bench: Bench) -> None:
    job = bench.start(b"a.mp4", "one")
    name = bench.ledger.allocate_name(job)
    after = bench.ledger.finish(job.job_id, document=name, settings_key="k", parked_because="asr killed its actor")
    assert (after.state, after.document, after.reason) == (State.PARKED, "a", "asr killed its actor")


def test_a_renewal_that_finds_other_content_leaves_the_document_as_done(bench: Bench) -> None:
    job = bench.complete(b"a.mp4", "one")
    bench.ledger.intake.sidecar_changed(ROOT, b"a.mp4")
    bench.claim(job)
    after = bench.ledger.supersede(job.job_id, reason="source_changed")
    assert (after.state, after.document, after.is_primary) == (State.DONE, "a", True)


# --- after a crash ---------------------------------------------------------------------------------------------------


def test_what_a_dead_service_left_running_is_queued_with_its_attempts(bench: Bench) -> None:
    bench.claim(bench.settle(b"a.mp4", "one"))
    (job,) = bench.reopen().recover(bench.clock.wall())
    assert (job.state, job.reason, job.attempts, job.crashes, job.solo) == (State.QUEUED, "recovered", 1, 0, False)
    assert bench.ledger.recover(bench.clock.wall()) == []


@pytest.mark.parametrize(
    ("progress", "outcomes"),
    [
        ("none", [(State.QUEUED, False), (State.QUEUED, True), (State.PARKED, False)]),
        ("results", [(State.QUEUED, False)] * 5),
        ("unseen", [(State.QUEUED, False)] * 5),
    ],
    ids=["no progress: suspect, then parked", "new results wipe the count", "no actor had seen it"],
)
def test_what_was_in_work_when_the_service_died_becomes_suspect(
    bench: Bench, progress: str, outcomes: list[tuple[State, bool]]
) -> None:
    job = bench.settle(b"a.mp4", "one")
    for number, (state, solo) in enumerate(outcomes):
        bench.claim(job)
        if progress != "unseen":
            bench.identify(job, "one")
        if progress == "results":
            bench.ledger.store_results([bench.result("one", f"stage{number}")], job_id=job.job_id)
        (after,) = bench.reopen().recover(bench.clock.wall())
        assert (after.state, after.solo) == (state, solo), number


def test_an_actor_s_death_and_a_crash_together_park(bench: Bench) -> None:
    job = bench.start(b"a.mp4", "one")
    bench.ledger.suspect(job.job_id)
    for expected in (State.QUEUED, State.PARKED):
        bench.claim(job)
        bench.identify(job, "one")
        assert bench.ledger.recover(bench.clock.wall())[0].state is expected


def test_the_ledger_and_the_scheduler_park_after_as_many_deaths() -> None:
    assert DEATHS_TO_PARK == board.DEATHS_TO_PARK


@pytest.mark.fault("a second service on the same state")
def test_the_job_of_a_live_process_is_not_taken(bench: Bench) -> None:
    job = bench.settle(b"a.mp4", "one")
    boot, _, _ = this_process().split(":")
    init = replace(bench.ledger, worker=f"{boot}:{1}:{_start_of(1)}")
    init.claim(limit=1, now=bench.clock.wall())
    assert bench.ledger.recover(bench.clock.wall()) == []
    assert bench.ledger.job(job.job_id).state is State.RUNNING


def _start_of(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]


def test_newer_content_supersedes_what_is_recovered(bench: Bench) -> None:
    old = bench.start(b"a.mp4", "one")
    bench.settle(b"a.mp4", "two")
    (after,) = bench.reopen().recover(bench.clock.wall())
    assert (after.job_id, after.state) == (old.job_id, State.SUPERSEDED)


def test_a_sidecar_seen_before_a_crash_is_not_forgotten_when_the_document_was_out_already(bench: Bench) -> None:
    job = bench.start(b"a.mp4", "one")
    bench.ledger.intake.sidecar_changed(ROOT, b"a.mp4")
    bench.reopen().recover(bench.clock.wall())
    (again,) = bench.claim(job)
    assert bench.publish(bench.identify(again, "one").job).stage_request == ("fusion",)


@pytest.mark.parametrize(
    ("worker", "alive"),
    [
        (this_process(), True),
        (this_process() + "0", False),
        ("another-boot:" + this_process().split(":", 1)[1], False),
        (f"{this_process().split(':')[0]}:999999999:5", False),
        ("", False),
        ("nonsense", False),
    ],
    ids=["this one", "same number, other start", "before the reboot", "no such process", "empty", "nonsense"],
)
def test_a_process_is_told_from_its_likes(worker: str, *, alive: bool) -> None:
    assert is_alive(worker) is alive
