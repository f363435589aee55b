"""What the webhook is to hear of: written with the change it tells, in order, until it is delivered or has failed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from service.intake.ports import Rejection
from service.ledger.afterwork_values import OutboxCounts
from service.ledger.states import State

if TYPE_CHECKING:
    from conftest import Bench

ALL = frozenset({"done", "failed", "rejected", "parked", "duplicate"})


@pytest.fixture
def told(bench: Bench) -> Bench:
    """A bench whose webhook wants to hear of everything."""
    bench.ledger = replace(bench.ledger, announces=ALL)
    return bench


def _intake_rejects(bench: Bench) -> None:
    bench.ledger.intake.reject([Rejection(b"/in", b"a.mp4", bench.generation("x"), "not_video", "text")])


def _parked_at_recovery(bench: Bench) -> None:
    for _ in range(3):
        bench.claim()
        bench.ledger.identified(1, bench.digest("x"))
        bench.ledger.recover(bench.clock.wall())


def _duplicate(bench: Bench) -> None:
    bench.complete(b"b.mp4", "x")
    bench.identify(bench.claim(bench.settle(b"a.mp4", "x"))[0], "x")


# How a job ends; what is told of it: kind, document, status, reason, duplicate of.
ENDS: dict[str, tuple[Callable[[Bench], Any], tuple[Any, ...]]] = {
    "done": (
        lambda b: b.ledger.finish(b.start(b"a.mp4", "x").job_id, document="a", settings_key="k", status="partial"),
        ("done", "a", "partial", None, None),
    ),
    "failed": (
        lambda b: b.ledger.fail(b.start(b"a.mp4", "x").job_id, reason="transient"),
        ("failed", None, None, "transient", None),
    ),
    "rejected by the decoder": (
        lambda b: b.ledger.reject(b.start(b"a.mp4", "x").job_id, reason="no_streams"),
        ("rejected", None, None, "no_streams", None),
    ),
    "rejected by intake": (_intake_rejects, ("rejected", None, None, "not_video", None)),
    "parked": (
        lambda b: b.ledger.park(b.start(b"a.mp4", "x").job_id, reason="died_twice"),
        ("parked", None, None, "died_twice", None),
    ),
    "parked with what there is": (
        lambda b: b.ledger.finish(b.start(b"a.mp4", "x").job_id, document="a", settings_key="k", parked_because="asr"),
        ("parked", "a", None, "asr", None),
    ),
    "parked at recovery": (
        lambda b: (b.settle(b"a.mp4", "x"), _parked_at_recovery(b)),
        ("parked", None, None, "crash_suspect", None),
    ),
    "duplicate": (_duplicate, ("duplicate", "b", None, "same_content", b"/in/b.mp4")),
}


@pytest.mark.parametrize(("end", "said"), ENDS.values(), ids=ENDS.keys())
def test_every_end_is_told_once(told: Bench, end: Callable[[Bench], Any], said: tuple[Any, ...]) -> None:
    end(told)
    (last,) = [a for a in told.ledger.announcements(["pending"]) if a.path == b"/in/a.mp4"]
    assert (last.kind, last.document, last.status, last.reason, last.duplicate_of) == said
    assert last.message_id.startswith("msg_")
    assert (last.at, last.attempts) == (told.clock.wall(), 0)


@pytest.mark.parametrize("end", ["release", "retry_later", "suspect", "gone", "supersede", "block"])
def test_what_is_no_end_or_nobody_s_business_is_not_told(told: Bench, end: str) -> None:
    job = told.start(b"a.mp4", "x")
    given = {"release": {"refund": True}, "retry_later": {"not_before": 1.0, "reason": "r"}, "suspect": {}, "gone": {}}
    getattr(told.ledger, end)(job.job_id, **given.get(end, {"reason": "r"}))
    assert told.ledger.outbox() == OutboxCounts()


def test_only_what_is_asked_for_is_told(bench: Bench) -> None:
    bench.ledger = replace(bench.ledger, announces=frozenset({"failed"}))
    bench.complete(b"a.mp4", "x")
    bench.ledger.fail(bench.start(b"b.mp4", "y").job_id, reason="transient")
    assert [a.kind for a in bench.ledger.announcements(["pending"])] == ["failed"]


def test_a_rejection_is_told_once_however_often_the_file_is_seen(told: Bench) -> None:
    _intake_rejects(told)
    told.clock.advance(5)
    _intake_rejects(told)
    assert told.ledger.outbox().pending == 1


def test_order_is_kept_for_each_video_and_for_no_other(told: Bench) -> None:
    first = told.complete(b"a.mp4", "x")
    told.ledger.reprocess(_all())
    told.publish(told.identify(told.claim()[0], "x").job)
    other = told.complete(b"b.mp4", "y")
    now = told.clock.wall()
    due = told.ledger.due_announcements(now, limit=10)
    assert [a.job_id for a in due] == [first.job_id, other.job_id], "the second word about `a` waits for the first"
    told.ledger.announce_later(due[0].announcement_id, not_before=now + 60, answer="503")
    assert [a.job_id for a in told.ledger.due_announcements(now, limit=10)] == [other.job_id]
    told.ledger.delivered(due[1].announcement_id, answer="200")
    assert told.ledger.next_announcement_at() == now + 60
    (again,) = told.ledger.due_announcements(now + 60, limit=10)
    assert (again.message_id, again.attempts, again.first_try_at) == (due[0].message_id, 1, now)
    told.ledger.give_up_announcement(again.announcement_id, answer="503")
    assert [a.kind for a in told.ledger.due_announcements(now + 60, limit=10)] == ["done"], (
        "a lost word holds up nothing"
    )


def test_what_failed_can_be_tried_again(told: Bench) -> None:
    told.complete(b"a.mp4", "x")
    (due,) = told.ledger.due_announcements(told.clock.wall(), limit=10)
    told.ledger.give_up_announcement(due.announcement_id, answer="410")
    assert told.ledger.outbox() == OutboxCounts(pending=0, failed=1, gone=True)
    assert told.ledger.retry_announcements() == 1
    assert told.ledger.outbox() == OutboxCounts(pending=1, oldest_pending_at=due.at)
    (again,) = told.ledger.due_announcements(told.clock.wall(), limit=10)
    assert again == replace(due, not_before=told.clock.wall())


def test_what_has_ended_is_forgotten_in_time(told: Bench) -> None:
    told.complete(b"a.mp4", "x")
    (due,) = told.ledger.due_announcements(told.clock.wall(), limit=10)
    told.ledger.delivered(due.announcement_id, answer="200")
    assert told.ledger.forget_announcements("delivered", before=told.clock.wall()) == 0
    told.clock.advance(1)
    assert told.ledger.forget_announcements("delivered", before=told.clock.wall()) == 1
    assert told.ledger.announcements(["delivered"]) == []


def test_it_is_there_after_a_crash(told: Bench) -> None:
    told.complete(b"a.mp4", "x")
    (before,) = told.ledger.announcements(["pending"])
    assert told.reopen().announcements(["pending"]) == [before]
    assert told.at(b"a.mp4").state is State.DONE


def _all() -> Any:
    from service.ledger.values import Selector

    return Selector.all()
