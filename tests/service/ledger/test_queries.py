"""What `status` and `why` are told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from service.ledger.queries import locations_of
from service.ledger.states import State
from service.ledger.values import Counts

if TYPE_CHECKING:
    from conftest import Bench


def test_an_empty_ledger_counts_nothing(bench: Bench) -> None:
    assert bench.ledger.counts() == Counts()


def test_counts(bench: Bench) -> None:
    start = bench.clock.wall()
    bench.see(b"w1.mp4", State.WAITING, "quiet")
    bench.clock.advance(1)
    bench.see(b"w2.mp4", State.WAITING, "quiet")
    bench.see(b"i.mp4", State.INCOMPLETE, "no_moov")
    bench.settle(b"q.mp4", "queued")
    bench.clock.advance(1)
    bench.complete(b"d.mp4", "done")
    bench.ledger.intake.vanished([(b"/in", b"d.mp4")])
    assert bench.ledger.counts() == Counts(
        states={State.WAITING: 2, State.INCOMPLETE: 1, State.QUEUED: 1, State.DONE: 1},
        reasons={(State.WAITING, "quiet"): 2, (State.INCOMPLETE, "no_moov"): 1},
        documents=1,
        source_missing=1,
        oldest_settling_at=start,
        oldest_queued_at=start + 1,
        last_done_at=start + 2,
    )


def test_jobs_by_state_those_changed_last_first(bench: Bench) -> None:
    for name in (b"a.mp4", b"b.mp4", b"c.mp4"):
        bench.settle(name, name.decode())
        bench.clock.advance(1)
    bench.see(b"w.mp4")
    assert [job.path for job in bench.ledger.jobs([State.QUEUED], limit=2)] == [b"c.mp4", b"b.mp4"]
    assert len(bench.ledger.jobs()) == 4


def test_find_leads_with_the_row_that_speaks_for_the_path(bench: Bench) -> None:
    old = bench.complete(b"sub/a.mp4", "one")
    new = bench.settle(b"sub/a.mp4", "two")
    assert [job.job_id for job in bench.ledger.find(b"/in/sub/a.mp4")] == [new.job_id, old.job_id]
    assert bench.ledger.find(b"/in/sub") == []


@pytest.mark.parametrize(
    ("path", "locations"),
    [
        (b"/a/b/c", [(b"/", b"a/b/c"), (b"/a", b"b/c"), (b"/a/b", b"c")]),
        (b"/c", [(b"/", b"c")]),
        (b"relative", []),
    ],
)
def test_every_way_to_read_a_path(path: bytes, locations: list[tuple[bytes, bytes]]) -> None:
    assert locations_of(path) == locations


def test_documents_made_under_other_settings(bench: Bench) -> None:
    for name, key in ((b"a.mp4", "old"), (b"b.mp4", "new"), (b"c.mp4", "older")):
        bench.publish(bench.start(name, name.decode()), settings_key=key)
    assert bench.ledger.stale_documents("new") == 2
