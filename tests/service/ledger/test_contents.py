"""Contents: one owner each, every path accounted for; results; names; adoption."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from sqlalchemy.exc import IntegrityError

from service.ledger import rows
from service.ledger.states import State
from service.ledger.values import Adopted

if TYPE_CHECKING:
    from conftest import Bench

ROOT, OUTPUT = b"/in", b"/out"

# --- duplicates ------------------------------------------------------------------------------------------------------


def test_the_first_job_of_a_content_owns_it(bench: Bench) -> None:
    job = bench.settle(b"a.mp4", "one")
    bench.claim(job)
    found = bench.identify(job, "one")
    assert (found.goes_on, found.job.is_primary, found.job.sha256) == (True, True, bench.digest("one"))
    assert found.job.output_root == OUTPUT


def test_identifying_again_after_a_retry_goes_on(bench: Bench) -> None:
    job = bench.start(b"a.mp4", "one")
    bench.ledger.retry_later(job.job_id, not_before=0, reason="timeout")
    bench.claim(job)
    assert bench.identify(job, "one").goes_on


def test_the_same_bytes_elsewhere_are_a_duplicate_and_join_the_document(bench: Bench) -> None:
    owner = bench.complete(b"a.mp4", "one")
    twin = bench.settle(b"b.mp4", "one", inode=5)
    bench.claim(twin)
    found = bench.identify(twin, "one")
    assert (found.goes_on, found.fusion_again) == (False, True)
    assert (found.job.state, found.job.duplicate_of) == (State.DUPLICATE, owner.job_id)
    assert (found.owner.job_id, found.owner.state, found.owner.stage_request) == (
        owner.job_id,
        State.QUEUED,
        ("fusion",),
    )
    assert bench.ledger.also_at(bench.digest("one")) == (b"/in/b.mp4",)


def test_many_duplicates_ask_for_fusion_once(bench: Bench) -> None:
    owner = bench.complete(b"a.mp4", "one")
    for number in range(5):
        twin = bench.settle(b"%d.mp4" % number, "one", inode=number)
        bench.claim(twin)
        bench.identify(twin, "one")
    assert bench.ledger.job(owner.job_id).run == 1
    assert len(bench.ledger.also_at(bench.digest("one"))) == 5


def test_a_duplicate_of_a_running_video_is_fused_in_after_it(bench: Bench) -> None:
    owner = bench.start(b"a.mp4", "one")
    twin = bench.settle(b"b.mp4", "one", inode=5)
    bench.claim(twin)
    assert not bench.identify(twin, "one").goes_on
    assert bench.publish(owner).stage_request == ("fusion",)


def test_the_same_bytes_written_anew_at_the_same_path_are_the_same_document(bench: Bench) -> None:
    owner = bench.complete(b"a.mp4", "one")
    anew = bench.settle(b"a.mp4", "one", inode=99)
    bench.claim(anew)
    found = bench.identify(anew, "one")
    assert (found.goes_on, found.job.state) == (False, State.SUPERSEDED)
    current = bench.at(b"a.mp4")
    assert (current.job_id, current.state, current.inode, current.document) == (owner.job_id, State.DONE, 99, "a")
    assert bench.ledger.also_at(bench.digest("one")) == ()


def test_a_duplicate_whose_file_left_is_not_named(bench: Bench) -> None:
    bench.complete(b"a.mp4", "one")
    twin = bench.settle(b"b.mp4", "one", inode=5)
    bench.claim(twin)
    bench.identify(twin, "one")
    bench.ledger.intake.vanished([(ROOT, b"b.mp4")])
    assert bench.ledger.also_at(bench.digest("one")) == ()


def test_the_database_itself_refuses_a_second_owner(bench: Bench) -> None:
    bench.complete(b"a.mp4", "one")
    other = bench.start(b"b.mp4", "two")
    with pytest.raises(IntegrityError), bench.ledger.database.write() as connection:
        rows.save(connection, [replace(other, sha256=bench.digest("one"))])


@pytest.mark.parametrize("state", [State.WAITING, State.QUEUED, State.RUNNING], ids=str)
def test_the_database_itself_refuses_two_rows_that_wait_or_run_at_one_path(bench: Bench, state: State) -> None:
    twice = [replace(bench.see(b"a.mp4"), job_id=0, path=b"b.mp4", state=state)] * 2
    with pytest.raises(IntegrityError), bench.ledger.database.write() as connection:
        rows.insert(connection, twice)


# --- heirs -----------------------------------------------------------------------------------------------------------


def _twins(bench: Bench) -> tuple[int, int]:
    """`a.mp4` owns a content without a document yet, `b.mp4` is its duplicate."""
    owner = bench.start(b"a.mp4", "one")
    twin = bench.settle(b"b.mp4", "one", inode=5)
    bench.claim(twin)
    bench.identify(twin, "one")
    return owner.job_id, twin.job_id


@pytest.mark.parametrize(
    ("end", "heir"),
    [
        ("supersede", State.QUEUED),
        ("gone", State.QUEUED),
        ("block", State.QUEUED),
        ("reject", State.QUEUED),
        ("fail", State.QUEUED),
        ("park", State.DUPLICATE),
        ("retry_later", State.DUPLICATE),
        ("release", State.DUPLICATE),
    ],
)
def test_a_content_that_loses_its_owner_passes_to_its_next_path(bench: Bench, end: str, heir: State) -> None:
    owner, twin = _twins(bench)
    arguments: dict[str, object] = {"release": {"refund": True}}.get(end, {"reason": "because"})  # type: ignore[dict-item]
    if end == "retry_later":
        arguments["not_before"] = 0.0
    getattr(bench.ledger, end)(owner, **arguments)
    assert bench.ledger.job(twin).state is heir


@pytest.mark.parametrize("end", ["vanishes", "is overwritten", "is superseded at work"])
def test_an_heir_that_ends_before_it_owns_the_content_passes_it_on(bench: Bench, end: str) -> None:
    owner, twin = _twins(bench)
    third = bench.settle(b"c.mp4", "one", inode=6)
    bench.claim(third)
    bench.identify(third, "one")
    bench.ledger.supersede(owner, reason="source_changed")
    assert bench.ledger.job(twin).state is State.QUEUED
    if end == "vanishes":
        bench.ledger.intake.vanished([(ROOT, b"b.mp4")])
    elif end == "is overwritten":
        bench.settle(b"b.mp4", "two")
    else:
        bench.claim(bench.ledger.job(twin))
        bench.ledger.supersede(twin, reason="source_changed")
    assert bench.ledger.job(third.job_id).state is State.QUEUED


@pytest.mark.parametrize("place", [b"b.mp4", b"c.mp4"], ids=["where it was", "under another name"])
@pytest.mark.parametrize(
    ("end", "expected"), [("supersede", State.QUEUED), ("park", State.DUPLICATE), (None, State.DUPLICATE)]
)
def test_a_copy_that_was_away_when_its_content_lost_its_owner_takes_it_over(
    bench: Bench, place: bytes, end: str | None, expected: State
) -> None:
    owner, twin = _twins(bench)
    bench.ledger.intake.vanished([(ROOT, b"b.mp4")])
    if end is not None:
        getattr(bench.ledger, end)(owner, reason="because")
    assert bench.ledger.job(twin).state is State.DUPLICATE
    bench.settle(place, "one", inode=5, moved_from=None if place == b"b.mp4" else (ROOT, b"b.mp4"))
    assert bench.ledger.job(twin).state is expected


def test_the_heir_makes_the_document_and_the_other_duplicates_become_its_own(bench: Bench) -> None:
    owner, twin = _twins(bench)
    third = bench.settle(b"c.mp4", "one", inode=6)
    bench.claim(third)
    bench.identify(third, "one")
    bench.ledger.supersede(owner, reason="source_changed")
    (heir,) = bench.claim()
    assert heir.job_id == twin
    assert bench.publish(bench.identify(heir, "one").job).document == "b"
    assert bench.ledger.job(third.job_id).duplicate_of == twin


def test_when_new_content_replaces_a_document_the_old_content_gets_one_elsewhere(bench: Bench) -> None:
    old = bench.complete(b"a.mp4", "one")
    twin = bench.settle(b"b.mp4", "one", inode=5)
    bench.claim(twin)
    bench.identify(twin, "one")
    bench.publish(bench.claim(old)[0])
    assert bench.complete(b"a.mp4", "two").document == "a"
    assert bench.ledger.job(old.job_id).state is State.SUPERSEDED
    assert bench.ledger.job(twin.job_id).state is State.QUEUED


def test_a_failed_renewal_keeps_its_document_and_its_content(bench: Bench) -> None:
    job = bench.complete(b"a.mp4", "one")
    bench.ledger.intake.sidecar_changed(ROOT, b"a.mp4")
    bench.claim(job)
    bench.ledger.fail(job.job_id, reason="bug")
    twin = bench.settle(b"b.mp4", "one", inode=5)
    bench.claim(twin)
    assert bench.identify(twin, "one").owner.job_id == job.job_id


# --- names -----------------------------------------------------------------------------------------------------------


def test_new_content_of_a_path_keeps_the_name(bench: Bench) -> None:
    assert bench.complete(b"d/a.mp4", "one").document == bench.complete(b"d/a.mp4", "two").document == "d/a"


@pytest.mark.parametrize("other", [b"a.mov", b"A.mp4", b"A.MKV"])
def test_another_path_of_the_same_name_gets_its_digest_appended(bench: Bench, other: bytes) -> None:
    bench.complete(b"a.mp4", "one")
    assert bench.complete(other, "two").document == f"{other[:1].decode()}-{bench.digest('two')[:8]}"


def test_a_name_is_allocated_once(bench: Bench) -> None:
    job = bench.start(b"a.mp4", "one")
    assert {bench.ledger.allocate_name(job) for _ in range(3)} == {"a"}
    assert bench.reopen().allocate_name(job) == "a"


def test_a_name_that_a_stranger_has_is_passed_over_and_given_up(bench: Bench) -> None:
    job, digest = bench.start(b"a.mp4", "one"), bench.digest("one")[:8]
    strangers = {"a"}
    assert bench.ledger.allocate_name(job, is_foreign=strangers.__contains__) == f"a-{digest}"
    strangers.add(f"a-{digest}")
    moved_on = bench.ledger.allocate_name(job, is_foreign=strangers.__contains__)
    assert moved_on not in strangers
    assert bench.ledger.allocate_name(job) == moved_on


def test_without_identity_there_is_no_name(bench: Bench) -> None:
    with pytest.raises(ValueError, match="before its content is known"):
        bench.ledger.allocate_name(bench.settle(b"a.mp4", "one"))


def test_another_output_gets_documents_of_its_own(bench: Bench) -> None:
    job = bench.complete(b"a.mp4", "one")
    elsewhere = replace(bench.ledger, output_root=b"/elsewhere")
    twin = bench.settle(b"b.mp4", "one", inode=5)
    bench.claim(twin)
    found = elsewhere.identified(twin.job_id, bench.digest("one"))
    assert (found.goes_on, elsewhere.allocate_name(found.job)) == (True, "b")
    assert bench.ledger.job(job.job_id).is_primary


# --- results ---------------------------------------------------------------------------------------------------------


def test_results_come_back_whole_by_key_and_by_content(bench: Bench) -> None:
    asr = bench.result("one", "asr", data='{"words": ["blåbær"]}')
    ocr = replace(bench.result("one", "ocr", status="no_video", data=None), reason="the file has no picture")
    bench.ledger.store_results([asr, ocr])
    now = bench.clock.wall()
    expected = {r.key: replace(r, created_at=now) for r in (asr, ocr)}
    assert bench.ledger.results([asr.key, ocr.key, "0" * 64]) == expected
    assert bench.ledger.results_of(bench.digest("one")) == expected
    assert bench.ledger.results_of(bench.digest("two")) == {}


def test_a_result_made_again_takes_the_place_of_the_old(bench: Bench) -> None:
    old = bench.result("one", data='{"n": 1}')
    bench.ledger.store_results([old])
    bench.ledger.store_results([replace(old, data='{"n": 2}')])
    assert [result.data for result in bench.ledger.results([old.key]).values()] == ['{"n": 2}']


@pytest.mark.parametrize("status", ["failed", "timed_out", "unavailable", "disabled"])
def test_only_durable_results_are_kept(bench: Bench, status: str) -> None:
    with pytest.raises(ValueError, match=f"asr ended {status}"):
        bench.ledger.store_results([bench.result("one", status=status)])
    assert bench.ledger.results_of(bench.digest("one")) == {}


def test_no_results_are_no_transaction(bench: Bench, count_statements: list[str]) -> None:
    bench.ledger.store_results([])
    assert count_statements == []


# --- adoption --------------------------------------------------------------------------------------------------------


def test_a_published_document_is_adopted_once(bench: Bench) -> None:
    found = Adopted(OUTPUT, "a", bench.digest("one"), ROOT, b"a.mp4")
    assert (bench.ledger.adopt([found, found]), bench.ledger.adopt([found])) == (1, 0)
    job = bench.at(b"a.mp4")
    assert (job.state, job.document, job.sha256, job.is_primary) == (State.DONE, "a", bench.digest("one"), True)


def test_the_file_of_an_adopted_document_is_not_processed_again(bench: Bench) -> None:
    bench.ledger.adopt([Adopted(OUTPUT, "a", bench.digest("one"), ROOT, b"a.mp4")])
    assert bench.ledger.intake.known(ROOT) == [], "intake is to find the file and settle it"
    job = bench.settle(b"a.mp4", "one")
    bench.claim(job)
    assert not bench.identify(job, "one").goes_on
    (known,) = bench.ledger.intake.known(ROOT)
    assert (known.state, known.inode) == (State.DONE, bench.generation("one").inode)


def test_an_adopted_document_without_a_path_keeps_its_name_and_content(bench: Bench) -> None:
    bench.ledger.adopt([Adopted(OUTPUT, "a", bench.digest("one"))])
    twin = bench.settle(b"x.mp4", "one")
    bench.claim(twin)
    assert bench.identify(twin, "one").owner.document == "a"
    other = bench.complete(b"a.mp4", "two")
    assert other.document == f"a-{bench.digest('two')[:8]}"


def test_what_the_ledger_knows_is_not_overwritten_by_adoption(bench: Bench) -> None:
    job = bench.complete(b"a.mp4", "one")
    taken_name, owned = Adopted(OUTPUT, "A", bench.digest("two")), Adopted(OUTPUT, "z", bench.digest("one"))
    assert bench.ledger.adopt([taken_name, owned]) == 0
    assert bench.ledger.jobs() == [job]


def test_a_file_that_is_renamed_while_it_runs_gets_its_name_where_it_is_now(bench: Bench) -> None:
    claimed = bench.start(b"a.mp4", "one")
    moved = bench.settle(b"b.mp4", "one", moved_from=claimed.location)
    assert (moved.job_id, moved.state) == (claimed.job_id, State.RUNNING)
    assert bench.ledger.allocate_name(claimed) == bench.ledger.allocate_name(moved) == "b"
