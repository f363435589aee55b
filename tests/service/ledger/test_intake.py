"""What intake tells the ledger: `IntakeLedger`, clause by clause."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from service.intake.ports import IntakeLedger, Observation, Rejection, Settled
from service.ledger.states import State

if TYPE_CHECKING:
    from conftest import Bench

ROOT = b"/in"


def test_the_side_is_what_intake_expects(bench: Bench) -> None:
    port: IntakeLedger = bench.ledger.intake
    assert list(port.known(ROOT)) == []


# --- observe ---------------------------------------------------------------------------------------------------------


def test_a_file_that_waits_has_a_row_with_its_reason(bench: Bench) -> None:
    job = bench.see(b"a.mp4", State.WAITING, "quiet", detail="changed 1 s ago")
    assert (job.state, job.reason, job.detail, job.inode) == (State.WAITING, "quiet", "changed 1 s ago", 7)


def test_seeing_the_same_again_writes_nothing(bench: Bench) -> None:
    job = bench.see(b"a.mp4")
    bench.clock.advance(60)
    assert bench.see(b"a.mp4") == job


def test_a_new_reason_in_the_same_state_keeps_the_time_of_the_state(bench: Bench) -> None:
    job = bench.see(b"a.mp4", State.INCOMPLETE, "no_moov")
    bench.clock.advance(60)
    later = bench.see(b"a.mp4", State.INCOMPLETE, "hole")
    assert (later.job_id, later.reason, later.changed_at) == (job.job_id, "hole", job.changed_at)


@pytest.mark.parametrize("to", [State.INCOMPLETE, State.BLOCKED, State.WAITING])
def test_a_waiting_file_may_wait_for_something_else(bench: Bench, to: State) -> None:
    first = bench.see(b"a.mp4", State.BLOCKED if to is State.WAITING else State.WAITING)
    bench.clock.advance(60)
    later = bench.see(b"a.mp4", to, "other")
    assert (later.job_id, later.state, later.changed_at) == (first.job_id, to, first.changed_at + 60)


@pytest.mark.parametrize("ended", [State.DONE, State.QUEUED, State.RUNNING])
def test_a_changing_file_gets_a_row_beside_the_one_that_was_taken(bench: Bench, ended: State) -> None:
    old = bench.settle(b"a.mp4", "one")
    if ended is not State.QUEUED:
        bench.claim(old)
    if ended is State.DONE:
        bench.publish(bench.identify(old, "one").job)
    new = bench.see(b"a.mp4")
    assert (new.job_id != old.job_id, new.state, bench.ledger.job(old.job_id).state) == (True, State.WAITING, ended)


def test_a_file_that_reappears_reopens_its_row(bench: Bench) -> None:
    job = bench.see(b"a.mp4")
    bench.ledger.intake.vanished([(ROOT, b"a.mp4")])
    again = bench.see(b"a.mp4")
    assert (again.job_id, again.state, again.source_missing) == (job.job_id, State.WAITING, False)


def test_a_waiting_row_follows_its_file(bench: Bench) -> None:
    job = bench.see(b"a.mp4")
    moved = bench.see(b"b.mp4", moved_from=(ROOT, b"a.mp4"))
    assert (moved.job_id, bench.ledger.find(b"/in/a.mp4")) == (job.job_id, [])


# --- enqueue ---------------------------------------------------------------------------------------------------------


def test_a_settled_file_is_queued(bench: Bench) -> None:
    job = bench.settle(b"a.mp4", "one")
    assert (job.state, job.generation, job.attempts) == (State.QUEUED, bench.generation("one"), 0)


def test_a_waiting_row_becomes_the_queued_job(bench: Bench) -> None:
    waiting = bench.see(b"a.mp4")
    assert bench.settle(b"a.mp4", "one").job_id == waiting.job_id


def test_a_generation_is_queued_once(bench: Bench) -> None:
    first = bench.settle(b"a.mp4", "one")
    assert bench.settle(b"a.mp4", "one") == first
    assert len(bench.ledger.jobs()) == 1


@pytest.mark.parametrize("state", [State.QUEUED, State.RUNNING, State.DONE, State.REJECTED, State.FAILED])
def test_a_touch_is_no_new_work(bench: Bench, state: State) -> None:
    job = bench.settle(b"a.mp4", "one")
    if state is not State.QUEUED:
        bench.claim(job)
    match state:
        case State.DONE:
            bench.publish(bench.identify(job, "one").job)
        case State.REJECTED:
            bench.ledger.reject(job.job_id, reason="no_streams")
        case State.FAILED:
            bench.ledger.fail(job.job_id, reason="bug")
    bench.see(b"a.mp4")
    touched = bench.settle(b"a.mp4", "one", mtime_ns=99)
    assert (touched.job_id, touched.state, touched.mtime_ns) == (job.job_id, state, 99)
    assert len(bench.ledger.jobs()) == 1


def test_new_content_of_a_queued_path_supersedes_the_old(bench: Bench) -> None:
    old, new = bench.settle(b"a.mp4", "one"), bench.settle(b"a.mp4", "two")
    assert (bench.ledger.job(old.job_id).state, new.state) == (State.SUPERSEDED, State.QUEUED)


def test_new_content_of_a_running_path_waits_beside_it(bench: Bench) -> None:
    old = bench.start(b"a.mp4", "one")
    new = bench.settle(b"a.mp4", "two")
    assert (bench.ledger.job(old.job_id).state, new.state) == (State.RUNNING, State.QUEUED)
    assert bench.claim() == [], "two jobs of one path never run at once"


@pytest.mark.parametrize("end", ["reject", "fail", "park"])
def test_new_content_of_a_path_that_failed_clears_the_failure_away(bench: Bench, end: str) -> None:
    old = bench.start(b"a.mp4", "one")
    getattr(bench.ledger, end)(old.job_id, reason="because")
    bench.settle(b"a.mp4", "two")
    assert bench.ledger.job(old.job_id).state is State.SUPERSEDED


def test_new_content_of_a_done_path_leaves_the_document_standing(bench: Bench) -> None:
    old = bench.complete(b"a.mp4", "one")
    bench.settle(b"a.mp4", "two")
    assert bench.ledger.job(old.job_id).state is State.DONE


def test_a_gone_generation_that_reappears_is_queued_again(bench: Bench) -> None:
    job = bench.settle(b"a.mp4", "one")
    bench.ledger.intake.vanished([(ROOT, b"a.mp4")])
    again = bench.settle(b"a.mp4", "one")
    assert (again.job_id, again.state, again.source_missing) == (job.job_id, State.QUEUED, False)


def test_a_reused_inode_with_other_content_is_new_work(bench: Bench) -> None:
    bench.complete(b"a.mp4", "one")
    inode = bench.at(b"a.mp4").inode
    assert bench.settle(b"a.mp4", "two", inode=inode).state is State.QUEUED


@pytest.mark.parametrize("inode", [2**63 - 1, 2**63, 2**64 - 1])
def test_inode_numbers_use_all_64_bits(bench: Bench, inode: int) -> None:
    assert bench.settle(b"a.mp4", "one", inode=inode).inode == inode


@pytest.mark.parametrize("name", [b"\xff\xfe.mp4", b"new\nline.mp4", "🫐.mp4".encode(), b"%s'\"", b"-rf", b"x" * 255])
def test_names_come_back_byte_for_byte(bench: Bench, name: bytes) -> None:
    job = bench.settle(name, "one")
    assert (job.path, job.absolute_path) == (name, ROOT + b"/" + name)


# --- renames ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", [State.WAITING, State.QUEUED, State.RUNNING, State.DONE, State.GONE])
def test_a_job_follows_its_renamed_file(bench: Bench, state: State) -> None:
    inode = bench.generation("one").inode
    match state:
        case State.WAITING:
            job = bench.see(b"a.mp4", inode=inode)
        case State.QUEUED | State.GONE:
            job = bench.settle(b"a.mp4", "one")
        case State.RUNNING:
            job = bench.start(b"a.mp4", "one")
        case _:
            job = bench.complete(b"a.mp4", "one")
    if state is State.GONE:
        bench.ledger.intake.vanished([(ROOT, b"a.mp4")])
    moved = bench.settle(b"b.mp4", "one", moved_from=(ROOT, b"a.mp4"))
    # A done one is fused again, for its document names the file.
    expected = State.QUEUED if state in {State.WAITING, State.GONE, State.DONE} else state
    assert (moved.job_id, moved.state, bench.ledger.find(b"/in/a.mp4")) == (job.job_id, expected, [])


def test_the_document_s_name_follows_too_and_a_newcomer_does_not_overwrite_it(bench: Bench) -> None:
    bench.complete(b"a.mp4", "one")
    moved = bench.settle(b"b.mp4", "one", moved_from=(ROOT, b"a.mp4"))
    newcomer = bench.complete(b"a.mp4", "two")
    assert (moved.document, bench.ledger.allocate_name(moved)) == ("a", "a")
    assert newcomer.document is not None
    assert newcomer.document.startswith("a-")


def test_a_rename_over_a_done_path_leaves_that_document_and_speaks_for_the_path(bench: Bench) -> None:
    over, taken = bench.complete(b"b.mp4", "two"), bench.complete(b"a.mp4", "one")
    bench.settle(b"b.mp4", "one", moved_from=(ROOT, b"a.mp4"))
    assert bench.at(b"b.mp4").job_id == taken.job_id
    left = bench.ledger.job(over.job_id)
    assert (left.state, left.source_missing) == (State.DONE, True)
    assert [known.job_id for known in bench.ledger.intake.known(ROOT)] == [taken.job_id]


def test_a_rename_over_a_queued_path_supersedes_what_was_queued_there(bench: Bench) -> None:
    over, taken = bench.settle(b"b.mp4", "two"), bench.settle(b"a.mp4", "one")
    bench.settle(b"b.mp4", "one", moved_from=(ROOT, b"a.mp4"))
    assert bench.ledger.job(over.job_id).state is State.SUPERSEDED
    assert bench.at(b"b.mp4").job_id == taken.job_id


def test_out_and_back_in_is_the_same_generation(bench: Bench) -> None:
    job = bench.complete(b"a.mp4", "one")
    bench.ledger.intake.vanished([(ROOT, b"a.mp4")])
    back = bench.settle(b"a.mp4", "one")
    assert (back.job_id, back.state, back.source_missing) == (job.job_id, State.DONE, False)


# --- reject, vanish, sidecars ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("before", [None, State.WAITING, State.INCOMPLETE, State.BLOCKED], ids=str)
def test_a_file_that_is_no_video_ends_rejected(bench: Bench, before: State | None) -> None:
    if before is not None:
        bench.see(b"a.mp4", before)
    bench.ledger.intake.reject([Rejection(ROOT, b"a.mp4", bench.generation("text"), "not_video", "it is text")])
    job = bench.at(b"a.mp4")
    assert (job.state, job.reason, job.detail) == (State.REJECTED, "not_video", "it is text")
    assert len(bench.ledger.jobs()) == 1


def test_rejecting_again_changes_nothing(bench: Bench) -> None:
    rejection = Rejection(ROOT, b"a.mp4", bench.generation("text"), "not_video", "it is text")
    bench.ledger.intake.reject([rejection])
    before = bench.at(b"a.mp4")
    bench.clock.advance(5)
    bench.ledger.intake.reject([rejection])
    assert bench.at(b"a.mp4") == before


@pytest.mark.parametrize(
    ("state", "after"),
    [
        (State.WAITING, State.GONE),
        (State.QUEUED, State.GONE),
        (State.RUNNING, State.RUNNING),
        (State.DONE, State.DONE),
    ],
)
def test_what_waits_is_gone_with_its_file_and_the_rest_stays(bench: Bench, state: State, after: State) -> None:
    match state:
        case State.WAITING:
            bench.see(b"a.mp4")
        case State.QUEUED:
            bench.settle(b"a.mp4", "one")
        case State.RUNNING:
            bench.start(b"a.mp4", "one")
        case _:
            bench.complete(b"a.mp4", "one")
    bench.ledger.intake.vanished([(ROOT, b"a.mp4"), (ROOT, b"unknown.mp4")])
    job = bench.at(b"a.mp4")
    assert (job.state, job.source_missing) == (after, True)


def test_a_sidecar_of_a_done_video_asks_for_fusion_alone(bench: Bench) -> None:
    done = bench.complete(b"a.mp4", "one")
    bench.ledger.intake.sidecar_changed(ROOT, b"a.mp4")
    job = bench.at(b"a.mp4")
    assert (job.job_id, job.state, job.stage_request, job.run) == (done.job_id, State.QUEUED, ("fusion",), 1)
    bench.ledger.intake.sidecar_changed(ROOT, b"a.mp4")
    assert bench.at(b"a.mp4").run == 1


def test_a_sidecar_of_a_duplicate_is_for_its_content_s_document(bench: Bench) -> None:
    owner = bench.complete(b"a.mp4", "one")
    twin = bench.settle(b"b.mp4", "one", inode=5)
    bench.claim(twin)
    bench.ledger.identified(twin.job_id, bench.digest("one"))
    bench.publish(*bench.claim(bench.ledger.job(owner.job_id)))
    bench.ledger.intake.sidecar_changed(ROOT, b"b.mp4")
    job = bench.ledger.job(owner.job_id)
    assert (job.state, job.stage_request) == (State.QUEUED, ("fusion",))


@pytest.mark.parametrize("state", [State.DONE, State.RUNNING])
def test_a_document_follows_its_file_s_new_name(bench: Bench, state: State) -> None:
    """It names the file, and has the sidecars of the old name."""
    job = bench.complete(b"a.mp4", "one") if state is State.DONE else bench.start(b"a.mp4", "one")
    moved = bench.settle(b"b.mp4", "one", moved_from=(ROOT, b"a.mp4"))
    if state is State.RUNNING:
        moved = bench.publish(bench.ledger.job(job.job_id))
    assert (moved.job_id, moved.state, moved.stage_request) == (job.job_id, State.QUEUED, ("fusion",))


def test_a_sidecar_of_a_running_video_is_fused_after_it(bench: Bench) -> None:
    running = bench.start(b"a.mp4", "one")
    bench.ledger.intake.sidecar_changed(ROOT, b"a.mp4")
    job = bench.publish(running)
    assert (job.state, job.document, job.stage_request) == (State.QUEUED, "a", ("fusion",))
    (again,) = bench.claim(job)
    assert bench.publish(again).state is State.DONE


@pytest.mark.parametrize("state", [State.WAITING, State.QUEUED])
def test_a_sidecar_of_a_video_still_to_be_taken_needs_nothing(bench: Bench, state: State) -> None:
    job = bench.see(b"a.mp4") if state is State.WAITING else bench.settle(b"a.mp4", "one")
    bench.ledger.intake.sidecar_changed(ROOT, b"a.mp4")
    assert bench.at(b"a.mp4") == job


def test_a_sidecar_of_nothing_is_no_error(bench: Bench) -> None:
    bench.ledger.intake.sidecar_changed(ROOT, b"never.mp4")
    assert bench.ledger.jobs() == []


# --- known, and many -------------------------------------------------------------------------------------------------


def test_known_has_the_latest_row_of_each_path_of_the_root(bench: Bench) -> None:
    bench.settle(b"a.mp4", "one")
    latest = bench.settle(b"a.mp4", "two")
    bench.see(b"b.mp4")
    other = replace(Settled(b"/other", b"c.mp4", bench.generation("three")))
    bench.ledger.intake.enqueue([other])
    known = {k.path: (k.job_id, k.state, k.changed_at_s) for k in bench.ledger.intake.known(ROOT)}
    assert known[b"a.mp4"] == (latest.job_id, State.QUEUED, bench.clock.wall())
    assert set(known) == {b"a.mp4", b"b.mp4"}


def test_one_batch_may_name_a_path_twice(bench: Bench) -> None:
    one, two = bench.generation("one"), bench.generation("two")
    bench.ledger.intake.enqueue([Settled(ROOT, b"a.mp4", one), Settled(ROOT, b"a.mp4", two)])
    states = sorted(job.state for job in bench.ledger.jobs(list(State)))
    assert (states, bench.at(b"a.mp4").generation) == ([State.QUEUED, State.SUPERSEDED], two)


def test_4000_files_at_once(bench: Bench, count_statements: list[str]) -> None:
    names = [b"%05d.mp4" % number for number in range(4000)]
    stat = {"device": 1, "size": 10, "mtime_ns": 1, "state": State.WAITING, "reason": "quiet", "detail": ""}
    bench.ledger.intake.observe([Observation(ROOT, name, inode=i, **stat) for i, name in enumerate(names)])
    bench.ledger.intake.enqueue([Settled(ROOT, name, bench.generation(name.decode())) for name in names])
    assert len(count_statements) < 60, "a handful of statements, not some for each file"
    known = list(bench.ledger.intake.known(ROOT))
    assert (len(known), {k.state for k in known}) == (4000, {State.QUEUED})
    assert [job.path for job in bench.claim()] == names[:1000], "in the order in which they settled"
