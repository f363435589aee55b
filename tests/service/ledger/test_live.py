"""The live note in the ledger, and what is asked of the ledger every second."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from service.ledger.dialects import chosen
from service.ledger.errors import LedgerBusy
from service.ledger.ledger import read_ledger, scribble_ledger
from service.ledger.live import LiveText
from service.ledger.states import State

if TYPE_CHECKING:
    from conftest import Bench


def test_a_note_takes_the_place_of_the_one_before(bench: Bench) -> None:
    assert bench.ledger.live_note() is None
    for text in (LiveText(1, 2.0, "{}"), LiveText(3, 4.5, '{"æ": "ø"}')):
        bench.ledger.note_live(text)
        reader = read_ledger(bench.place)
        assert reader.live_note() == text
        reader.close()


def test_an_expendable_note_waits_for_nobody_and_changes_nothing_else(bench: Bench) -> None:
    scribbling = scribble_ledger(bench.place, clock=bench.clock)
    job = bench.complete(b"a.mp4", "a")
    scribbling.note_live(LiveText(1, 2.0, "{}"))
    before = bench.clock.monotonic()
    with bench.ledger.database.write(), pytest.raises(LedgerBusy):
        scribbling.note_live(LiveText(1, 3.0, "{}"))
    assert bench.clock.monotonic() == before, "it did not wait"
    scribbling.note_live(LiveText(1, 4.0, "{}"))
    assert bench.ledger.live_note() == LiveText(1, 4.0, "{}")
    assert bench.ledger.job(job.job_id) == job
    scribbling.close()


def test_an_expendable_note_waits_for_no_disk(bench: Bench) -> None:
    scribbling = scribble_ledger(bench.place)
    levels = []
    for ledger in (bench.ledger, scribbling):
        with ledger.database.read() as connection:
            asked = chosen(connection, sqlite="PRAGMA synchronous", postgresql="SHOW synchronous_commit")
            levels.append(connection.exec_driver_sql(asked).scalar())
    # FULL for what counts, NORMAL for what is expendable (sqlite.org/pragma.html).
    assert levels in ([2, 1], ["on", "off"])
    scribbling.close()


def test_counts_by_state_are_those_of_status(bench: Bench) -> None:
    assert bench.ledger.state_counts() == {}
    bench.complete(b"a.mp4", "a")
    bench.settle(b"b.mp4", "b")
    bench.see(b"c.mp4")
    assert bench.ledger.state_counts() == dict(bench.ledger.counts().states)


def test_what_changed_since_a_moment(bench: Bench) -> None:
    assert bench.ledger.latest_update() == 0.0
    bench.settle(b"old.mp4", "old")
    bench.clock.advance(10)
    since = bench.clock.wall()
    new = [bench.settle(name, name.decode()) for name in (b"b.mp4", b"c.mp4")]
    bench.clock.advance(1)
    last = bench.see(b"d.mp4")
    found = bench.ledger.updated_since(since, limit=10)
    assert [job.job_id for job in found] == [last.job_id, new[1].job_id, new[0].job_id]
    assert bench.ledger.updated_since(since, limit=1) == [last]
    assert bench.ledger.latest_update() == last.updated_at


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("blåbær", ["tips/Blåbær 1.mp4", "BLÅBÆR.mov"]),
        ("BLÅBÆR MP4", ["tips/Blåbær 1.mp4"]),
        ("a\u030a", ["tips/Blåbær 1.mp4", "BLÅBÆR.mov"]),
        ("blabær", []),
        ("tips/", ["tips/Blåbær 1.mp4"]),
        ("%", []),
        ("x\\xe6", [b"x\xe6.mp4"]),
    ],
)
def test_by_name(bench: Bench, words: str, found: list[str | bytes]) -> None:
    for name in ("tips/Blåbær 1.mp4".encode(), "BLÅBÆR.mov".encode(), b"x\xe6.mp4", b"other.mp4"):
        bench.settle(name, name.hex())
        bench.clock.advance(1)
    expected = [name if isinstance(name, bytes) else name.encode() for name in reversed(found)]
    assert [job.path for job in bench.ledger.jobs_named(words, limit=10)] == expected
    page = bench.ledger.jobs_named(words, [State.QUEUED], limit=1)
    rest = bench.ledger.jobs_named(words, limit=10, after=(page[0].changed_at, page[0].job_id)) if page else []
    assert [job.path for job in page + rest] == expected
    assert bench.ledger.jobs_named(words, [State.DONE], limit=1) == []


def test_when_documents_were_described(bench: Bench) -> None:
    bench.complete(b"a.mp4", "a")
    bench.clock.advance(100)
    since = bench.clock.wall()
    job = bench.complete(b"b.mp4", "b")
    bench.settle(b"c.mp4", "c")
    assert bench.ledger.described_times(since) == [job.described_at]


def test_looking_on_reads_indices(bench: Bench) -> None:
    """Ten thousand rows are not read through, however often somebody looks."""
    for number in range(5):
        bench.complete(f"{number}.mp4".encode(), str(number))
    with bench.ledger.database.read() as connection:
        explain = chosen(connection, sqlite="EXPLAIN QUERY PLAN", postgresql="EXPLAIN")
        if explain == "EXPLAIN":
            # Five rows are read through by whoever may.
            connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
            connection.exec_driver_sql("SET LOCAL enable_bitmapscan = off")
            connection.exec_driver_sql("SET LOCAL enable_sort = off")
        for question, index in [
            ("SELECT state, count(*) FROM jobs GROUP BY state", "ix_jobs_"),
            ("SELECT * FROM jobs WHERE updated_at >= 1 ORDER BY updated_at DESC, job_id DESC", "ix_jobs_updated"),
            ("SELECT job_id FROM jobs WHERE state = 'x' ORDER BY changed_at DESC, job_id DESC", "ix_jobs_changed"),
            # Over so few rows PostgreSQL takes any index that begins with the state.
            (
                "SELECT described_at FROM jobs WHERE state = 'done' AND changed_at >= 1",
                chosen(connection, sqlite="ix_jobs_changed", postgresql="ix_jobs_"),
            ),
        ]:
            plan = " ".join(str(row) for row in connection.exec_driver_sql(f"{explain} {question}"))
            assert index in plan, plan
            assert "TEMP B-TREE" not in plan, plan
            assert "Sort" not in plan, plan
    assert State.DONE in bench.ledger.state_counts()
