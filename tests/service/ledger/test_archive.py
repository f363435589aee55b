"""Sources on their way out of an inbox: which may go, what waits meanwhile, what follows them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from service.ledger.afterwork_values import MOVED, Archived
from service.ledger.states import State
from service.ledger.values import Selector

if TYPE_CHECKING:
    from conftest import Bench

TARGET = (b"/archive", b"a.mp4")


def _twin(bench: Bench, *, owner_done: bool = True) -> None:
    owner = bench.start(b"o.mp4", "x")
    if owner_done:
        bench.publish(owner)
    bench.identify(bench.claim(bench.settle(b"a.mp4", "x"))[0], "x")
    if owner_done:  # its document is fused again, to name the copy
        bench.publish(bench.identify(bench.claim()[0], "x").job)


# What has become of `a.mp4`, and whether it may be moved.
FATES: dict[str, tuple[Callable[[Bench], Any], bool]] = {
    "done": (lambda b: b.complete(b"a.mp4", "x"), True),
    "waiting": (lambda b: b.see(b"a.mp4"), False),
    "queued": (lambda b: b.settle(b"a.mp4", "x"), False),
    "running": (lambda b: b.start(b"a.mp4", "x"), False),
    "failed": (lambda b: b.ledger.fail(b.start(b"a.mp4", "x").job_id, reason="r"), False),
    "rejected": (lambda b: b.ledger.reject(b.start(b"a.mp4", "x").job_id, reason="r"), False),
    "parked": (lambda b: b.ledger.park(b.start(b"a.mp4", "x").job_id, reason="r"), False),
    "a copy of what is done": (_twin, True),
    "a copy of what is still in work": (lambda b: _twin(b, owner_done=False), False),
    "done and queued again": (lambda b: (b.complete(b"a.mp4", "x"), b.ledger.reprocess(Selector.all())), False),
    "done and gone": (lambda b: (b.complete(b"a.mp4", "x"), b.ledger.intake.vanished([(b"/in", b"a.mp4")])), False),
}


@pytest.mark.parametrize(("fate", "goes"), FATES.values(), ids=FATES.keys())
def test_what_may_be_moved(bench: Bench, fate: Callable[[Bench], Any], goes: bool) -> None:  # noqa: FBT001 - a row
    fate(bench)
    found = {
        job.path
        for job in bench.ledger.archivable([b"/in"], now=bench.clock.wall(), before=bench.clock.wall(), limit=10)
    }
    assert (b"a.mp4" in found) is goes
    assert bench.ledger.archivable([b"/elsewhere"], now=bench.clock.wall(), before=bench.clock.wall(), limit=10) == []


def test_nothing_at_its_path_is_claimed_while_a_source_moves(bench: Bench) -> None:
    job = bench.complete(b"a.mp4", "x")
    move = bench.ledger.begin_move(job, TARGET, sidecars=[])
    assert move is not None
    bench.ledger.reprocess(Selector.all())
    newer = bench.settle(b"a.mp4", "newer") if bench.at(b"a.mp4").state is not State.QUEUED else None
    assert bench.claim() == []
    bench.ledger.end_move(move)
    claimed = bench.claim()
    assert [c.absolute_path for c in claimed] == [b"/archive/a.mp4"], "it is looked for where it lies now"
    assert newer is None


def test_a_source_that_is_claimed_meanwhile_is_not_moved(bench: Bench) -> None:
    job = bench.complete(b"a.mp4", "x")
    bench.ledger.reprocess(Selector.all())
    bench.claim()
    assert bench.ledger.begin_move(job, TARGET, sidecars=[]) is None
    assert bench.ledger.moves() == []


def test_new_content_at_the_path_that_is_in_work_keeps_the_old_source_where_it_is(bench: Bench) -> None:
    job = bench.complete(b"a.mp4", "x")
    bench.claim(bench.settle(b"a.mp4", "newer"))
    assert bench.ledger.begin_move(bench.ledger.job(job.job_id), TARGET, sidecars=[]) is None


def test_job_and_document_follow_the_file(bench: Bench) -> None:
    job = bench.complete(b"a.mp4", "x")
    move = bench.ledger.begin_move(job, TARGET, sidecars=[b"a.txt"])
    assert bench.reopen().moves() == [move], "a crash between is seen"
    bench.ledger.end_move(move)
    after = bench.ledger.job(job.job_id)
    assert (after.absolute_path, after.state, after.document, after.chore) == (b"/archive/a.mp4", State.DONE, "a", None)
    assert bench.ledger.find(b"/in/a.mp4") == []
    archived = bench.ledger.archived_from(b"/in/a.mp4")
    assert archived is not None
    assert (archived.state, archived.target, archived.sidecars) == (MOVED, b"/archive/a.mp4", (b"a.txt",))
    assert bench.ledger.intake.known(b"/in") == []
    assert bench.ledger.moves() == []


def test_a_new_file_at_the_old_path_gets_a_document_of_its_own(bench: Bench) -> None:
    job = bench.complete(b"a.mp4", "x")
    bench.ledger.end_move(bench.ledger.begin_move(job, TARGET, sidecars=[]))
    newer = bench.complete(b"a.mp4", "newer")
    assert newer.document == f"a-{bench.digest('newer')[:8]}"
    assert bench.ledger.job(job.job_id).document == "a", "both videos exist, so both are described"


def test_the_same_bytes_again_are_a_copy_of_what_was_moved(bench: Bench) -> None:
    job = bench.complete(b"a.mp4", "x")
    bench.ledger.end_move(bench.ledger.begin_move(job, TARGET, sidecars=[]))
    again = bench.identify(bench.claim(bench.settle(b"a.mp4", "x"))[0], "x")
    assert (again.job.state, again.owner.absolute_path) == (State.DUPLICATE, b"/archive/a.mp4")


def test_what_could_not_be_moved_is_tried_again_later(bench: Bench) -> None:
    job = bench.complete(b"a.mp4", "x")
    move = bench.ledger.begin_move(job, TARGET, sidecars=[])
    now = bench.clock.wall()
    bench.ledger.give_up_move(move, reason="cross_device", detail="another disk", not_before=now + 60)
    (kept,) = bench.ledger.kept_sources()
    assert isinstance(kept, Archived)
    assert (kept.reason, bench.ledger.job(job.job_id).chore) == ("cross_device", None)
    assert bench.ledger.archivable([b"/in"], now=now, before=now, limit=10) == []
    assert bench.ledger.next_archivable_at([b"/in"], now=now, linger_s=5) == now + 60
    assert [j.job_id for j in bench.ledger.archivable([b"/in"], now=now + 60, before=now, limit=10)] == [job.job_id]


def test_a_moment_is_waited_for_what_comes_with_the_video(bench: Bench) -> None:
    bench.complete(b"a.mp4", "x")
    now = bench.clock.wall()
    assert bench.ledger.archivable([b"/in"], now=now, before=now - 1, limit=10) == []
    assert bench.ledger.next_archivable_at([b"/in"], now=now, linger_s=5) == now + 5
