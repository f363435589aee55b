"""What retention has taken away stays away: whatever is copied, renamed or fused meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from service.ledger.states import State
from service.ledger.values import Adopted, Job, Selector

if TYPE_CHECKING:
    from conftest import Bench

SAID = "what was said in confidence"


def purge(bench: Bench, job: Job, *kinds: str) -> Job:
    begun = bench.ledger.begin_purge(bench.ledger.job(job.job_id), kinds)
    assert begun is not None
    assert begun.chore == ("purge", *sorted(kinds))
    bench.ledger.end_purge(job.job_id)
    return bench.ledger.job(job.job_id)


@pytest.mark.parametrize("kind", ["keyframes", "transcript", "document"])
def test_what_is_old_enough_is_found_once(bench: Bench, kind: str) -> None:
    job = bench.complete(b"a.mp4", "x")
    now = bench.clock.wall()
    assert bench.ledger.first_described_at(kind) == now
    assert bench.ledger.purgeable(kind, before=now - 1) == []
    assert [found.job_id for found in bench.ledger.purgeable(kind, before=now)] == [job.job_id]
    purge(bench, job, kind)
    assert bench.ledger.purgeable(kind, before=now) == []
    assert bench.ledger.first_described_at(kind) is None


def test_a_deleted_document_holds_nothing_more_to_purge(bench: Bench) -> None:
    purge(bench, bench.complete(b"a.mp4", "x"), "document")
    assert bench.ledger.purgeable("transcript") == bench.ledger.purgeable("keyframes") == []
    assert (bench.ledger.counts().documents, bench.ledger.stale_documents("other")) == (0, 0)


@pytest.mark.parametrize("state", ["queued", "running"])
def test_what_is_in_work_waits(bench: Bench, state: str) -> None:
    job = bench.complete(b"a.mp4", "x")
    bench.ledger.intake.sidecar_changed(b"/in", b"a.mp4")
    if state == "running":
        bench.claim()
    assert bench.ledger.purgeable("transcript") == []
    assert bench.ledger.begin_purge(job, ["transcript"]) is None


KINDS: dict[str, set[str]] = {
    "keyframes": {"asr", "ocr", "diarization"},
    "transcript": {"ocr", "frames"},
    "document": set(),
}


@pytest.mark.parametrize(("kind", "left"), KINDS.items())
def test_results_that_hold_it_go_with_it(bench: Bench, kind: str, left: set[str]) -> None:
    job = bench.complete(b"a.mp4", "x")
    bench.ledger.store_results([bench.result("x", stage) for stage in ("asr", "diarization", "ocr", "frames")])
    bench.ledger.store_results([bench.result("y", "asr")])
    purge(bench, job, kind)
    assert {r.stage for r in bench.ledger.results_of(bench.digest("x")).values()} == left
    assert len(bench.ledger.results_of(bench.digest("y"))) == 1


# Everything that makes a document be fused again by itself.
EVENTS: dict[str, Callable[[Bench], Any]] = {
    "a sidecar comes": lambda b: b.ledger.intake.sidecar_changed(b"/in", b"a.mp4"),
    "a copy comes": lambda b: b.identify(b.claim(b.settle(b"copy.mp4", "x"))[0], "x"),
    "it is renamed": lambda b: b.settle(b"new.mp4", "x", moved_from=(b"/in", b"a.mp4")),
    "it is touched": lambda b: b.settle(b"a.mp4", "x", mtime_ns=9),
}


@pytest.mark.parametrize("event", EVENTS.values(), ids=EVENTS.keys())
@pytest.mark.parametrize("when", ["while it is purged", "afterwards"])
def test_nothing_brings_it_back_by_itself(bench: Bench, event: Callable[[Bench], Any], when: str) -> None:
    job = bench.complete(b"a.mp4", "x")
    assert bench.ledger.begin_purge(job, ["transcript"]) is not None
    if when == "afterwards":
        bench.ledger.end_purge(job.job_id)
    event(bench)
    assert bench.ledger.job(job.job_id).state is State.DONE
    assert bench.claim() == []


def test_reprocess_brings_it_back_once_the_purge_has_ended_and_its_days_begin_anew(bench: Bench) -> None:
    job = bench.complete(b"a.mp4", "x")
    bench.ledger.begin_purge(job, ["transcript"])
    bench.clock.advance(100)
    bench.ledger.reprocess(Selector.all())
    assert bench.claim() == [], "no actor meets files that are being changed"
    bench.ledger.end_purge(job.job_id)
    again = bench.publish(bench.identify(bench.claim()[0], "x").job)
    assert (again.purged, again.described_at) == ((), bench.clock.wall())


def test_a_reprocess_that_fails_leaves_the_days_as_they_were(bench: Bench) -> None:
    job = bench.complete(b"a.mp4", "x")
    bench.clock.advance(100)
    bench.ledger.reprocess(Selector.all())
    bench.ledger.fail(bench.claim()[0].job_id, reason="r")
    assert [found.job_id for found in bench.ledger.purgeable("transcript", before=bench.clock.wall() - 100)] == [
        job.job_id
    ]


def test_fusing_again_does_not_make_a_document_younger(bench: Bench) -> None:
    job = bench.complete(b"a.mp4", "x")
    bench.clock.advance(100)
    bench.ledger.intake.sidecar_changed(b"/in", b"a.mp4")
    again = bench.publish(bench.identify(bench.claim()[0], "x").job)
    assert again.described_at == job.described_at


@pytest.mark.parametrize(("kind", "heir"), [("transcript", State.QUEUED), ("document", State.DUPLICATE)])
def test_a_copy_inherits_the_age_and_no_deleted_document(bench: Bench, kind: str, heir: State) -> None:
    job = bench.complete(b"a.mp4", "x")
    copy = bench.identify(bench.claim(bench.settle(b"copy.mp4", "x"))[0], "x").job
    bench.publish(bench.identify(bench.claim()[0], "x").job)
    purge(bench, job, kind)
    bench.clock.advance(100)
    bench.complete(b"a.mp4", "newer")
    after = bench.ledger.job(copy.job_id)
    assert after.state is heir
    if heir is State.QUEUED:
        assert bench.publish(bench.identify(bench.claim()[0], "x").job).described_at == job.described_at


def test_results_without_a_document_go_by_their_own_age(bench: Bench) -> None:
    bench.ledger.store_results([bench.result("x", "asr"), bench.result("x", "ocr")])
    now = bench.clock.wall()
    assert bench.ledger.forget_results("transcript", before=now - 1) == 0
    assert bench.ledger.forget_results("transcript", before=now) == 1
    assert bench.ledger.forget_results("document", before=now) == 1


def test_results_under_another_redaction_are_dropped(bench: Bench) -> None:
    bench.ledger.store_results([bench.result("x", "asr"), bench.result("x", "audio")])
    assert bench.ledger.forget_unredacted(["asr", "ocr"], redaction="email") == 1
    assert {r.stage for r in bench.ledger.results_of(bench.digest("x")).values()} == {"audio"}


def test_a_lost_ledger_learns_what_was_purged_from_the_documents(bench: Bench) -> None:
    bench.ledger.adopt([Adopted(b"/out", "a", "0" * 64, described_at=5.0, purged=("transcript",))])
    (job,) = bench.ledger.jobs()
    assert (job.described_at, job.purged) == (5.0, ("transcript",))
