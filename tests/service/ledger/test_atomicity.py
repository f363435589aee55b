"""Every change is whole or not at all, wherever it is interrupted (intake research 3, rows 26 and 27)."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import event

from service.intake.ports import Observation, Rejection, Settled
from service.ledger.ledger import Ledger
from service.ledger.states import State
from service.ledger.tables import metadata
from service.ledger.values import Adopted, Selector

if TYPE_CHECKING:
    from conftest import Bench

ROOT, OUTPUT = b"/in", b"/out"


class Interrupted(Exception):  # noqa: N818 - stands for any bug between two statements
    """Raised in the middle of a transaction."""


def _contents(ledger: Ledger) -> dict[str, list[Any]]:
    with ledger.database.read() as connection:
        return {
            table.name: sorted(map(repr, connection.execute(table.select()).all())) for table in metadata.sorted_tables
        }


def _stage(bench: Bench) -> dict[str, int]:
    """Jobs in every situation that the operations below meet."""
    bench.complete(b"done.mp4", "one")
    bench.complete(b"old.mp4", "old")
    jobs = {
        "twin": bench.settle(b"twin.mp4", "one", inode=5).job_id,
        "running": bench.settle(b"running.mp4", "two").job_id,
        "replacing": bench.settle(b"done.mp4", "three").job_id,
        "failed": bench.settle(b"failed.mp4", "four").job_id,
    }
    bench.claim()
    bench.ledger.identified(jobs["running"], bench.digest("two"))
    bench.ledger.allocate_name(bench.ledger.identified(jobs["replacing"], bench.digest("three")).job)
    bench.ledger.fail(jobs["failed"], reason="bug")
    bench.settle(b"queued.mp4", "five")
    bench.see(b"waiting.mp4")
    return jobs


Operation = Callable[["Bench", dict[str, int]], object]
OPERATIONS: dict[str, Operation] = {
    "observe": lambda b, _: b.ledger.intake.observe(
        [Observation(ROOT, n, 1, 2, 3, 4, State.WAITING, "quiet", "") for n in (b"n1.mp4", b"n2.mp4", b"waiting.mp4")]
    ),
    "enqueue": lambda b, _: b.ledger.intake.enqueue(
        [
            Settled(ROOT, b"moved.mp4", b.generation("one"), moved_from=(ROOT, b"done.mp4")),
            Settled(ROOT, b"queued.mp4", b.generation("six")),
            Settled(ROOT, b"waiting.mp4", b.generation("seven")),
        ]
    ),
    "reject": lambda b, _: b.ledger.intake.reject([Rejection(ROOT, b"waiting.mp4", b.generation("x"), "no", "")]),
    "vanished": lambda b, _: b.ledger.intake.vanished([(ROOT, b"waiting.mp4"), (ROOT, b"queued.mp4")]),
    "sidecar": lambda b, _: b.ledger.intake.sidecar_changed(ROOT, b"done.mp4"),
    "claim": lambda b, _: b.claim(),
    "recover": lambda b, _: b.ledger.recover(b.clock.wall()),
    "identified as a duplicate": lambda b, jobs: b.ledger.identified(jobs["twin"], b.digest("one")),
    "store results": lambda b, jobs: b.ledger.store_results(
        [b.result("two", "asr"), b.result("two", "ocr")], job_id=jobs["running"]
    ),
    "allocate": lambda b, jobs: b.ledger.allocate_name(b.ledger.job(jobs["running"])),
    "finish over another": lambda b, jobs: b.ledger.finish(jobs["replacing"], document="done", settings_key="k"),
    "supersede": lambda b, jobs: b.ledger.supersede(jobs["running"], reason="changed"),
    "suspect": lambda b, jobs: b.ledger.suspect(jobs["running"]),
    "begin a move": lambda b, _: b.ledger.begin_move(b.at(b"old.mp4"), (b"/archive", b"old.mp4"), sidecars=[b"t"]),
    "begin a purge": lambda b, _: b.ledger.begin_purge(b.at(b"old.mp4"), ["transcript"]),
    "retry": lambda b, _: b.ledger.retry(Selector.all()),
    "reprocess": lambda b, _: b.ledger.reprocess(Selector.all()),
    "adopt": lambda b, _: b.ledger.adopt([Adopted(OUTPUT, "x", "0" * 64), Adopted(OUTPUT, "y", "1" * 64)]),
}


@pytest.mark.fault("killed between any two statements of a transaction")
@pytest.mark.parametrize("operation", list(OPERATIONS))
def test_an_interruption_between_any_two_statements_leaves_nothing_behind(bench: Bench, operation: str) -> None:
    jobs = _stage(bench)
    before = _contents(bench.ledger)
    engine = bench.ledger.database.dialect.writing
    for allowed in count():
        left = iter(range(allowed))

        def interrupt(*_arguments: object, left: Any = left) -> None:
            if next(left, None) is None:
                raise Interrupted

        event.listen(engine, "before_cursor_execute", interrupt)
        try:
            OPERATIONS[operation](bench, jobs)
        except Interrupted:
            pass
        else:
            break
        finally:
            event.remove(engine, "before_cursor_execute", interrupt)
        assert _contents(bench.ledger) == before, f"interrupted before statement {allowed + 1}"
    assert allowed >= 2, "BEGIN and at least one statement"
    assert _contents(bench.ledger) != before
