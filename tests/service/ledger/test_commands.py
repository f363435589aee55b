"""`retry` and `reprocess`, beside a running service."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from service.ledger.ledger import attach_ledger
from service.ledger.states import State
from service.ledger.values import Selector

if TYPE_CHECKING:
    from conftest import Bench

OUTPUT = b"/out"


@pytest.mark.parametrize("end", ["reject", "fail", "park"])
@pytest.mark.parametrize("selector", [Selector.all(), Selector.of(b"/in/a.mp4")], ids=["all", "path"])
def test_retry_queues_what_ended_without_success(bench: Bench, end: str, selector: Selector) -> None:
    job = bench.start(b"a.mp4", "one")
    getattr(bench.ledger, end)(job.job_id, reason="because")
    (again,) = bench.ledger.retry(selector)
    assert (again.job_id, again.state, again.attempts, again.deaths, again.run) == (job.job_id, State.QUEUED, 0, 0, 1)
    assert bench.claim() != []


def test_retry_leaves_the_rest_alone(bench: Bench) -> None:
    bench.complete(b"done.mp4", "one")
    bench.start(b"running.mp4", "two")
    bench.settle(b"queued.mp4", "three")
    bench.see(b"waiting.mp4")
    failed = bench.start(b"failed.mp4", "four")
    bench.ledger.fail(failed.job_id, reason="bug")
    assert bench.ledger.retry(Selector.of(b"/in/done.mp4", b"/in/nothing.mp4")) == []
    assert [job.path for job in bench.ledger.retry(Selector.all())] == [b"failed.mp4"]


def test_retry_does_not_get_in_the_way_of_newer_content(bench: Bench) -> None:
    old = bench.complete(b"a.mp4", "one")
    bench.ledger.intake.sidecar_changed(b"/in", b"a.mp4")
    bench.claim(old)
    bench.ledger.fail(old.job_id, reason="bug")
    bench.settle(b"a.mp4", "two")
    assert bench.ledger.retry(Selector.all()) == []


@pytest.mark.parametrize(
    ("stages", "asked", "kept"),
    [
        (None, None, set()),
        (("captions",), ("captions", "fusion"), {"asr"}),
        ((), ("fusion",), {"asr", "captions"}),
    ],
    ids=["everything", "one stage", "fusion only"],
)
def test_reprocess_forgets_what_is_to_be_made_again(
    bench: Bench, stages: tuple[str, ...] | None, asked: tuple[str, ...] | None, kept: set[str]
) -> None:
    job = bench.complete(b"a.mp4", "one")
    bench.ledger.store_results([bench.result("one", stage) for stage in ("asr", "captions", "fusion")])
    bench.ledger.store_results([bench.result("two", "asr")])
    (again,) = bench.ledger.reprocess(Selector.of(b"/in/a.mp4"), stages=stages)
    assert (again.job_id, again.stage_request, again.document) == (job.job_id, asked, "a")
    assert {result.stage for result in bench.ledger.results_of(bench.digest("one")).values()} == kept
    assert len(bench.ledger.results_of(bench.digest("two"))) == 1


def test_reprocess_takes_done_jobs_only(bench: Bench) -> None:
    bench.start(b"running.mp4", "one")
    bench.settle(b"queued.mp4", "two")
    done = bench.complete(b"done.mp4", "three")
    assert [job.job_id for job in bench.ledger.reprocess(Selector.all())] == [done.job_id]
    assert bench.ledger.reprocess(Selector.all()) == []


def test_a_command_of_another_process_is_noticed(bench: Bench) -> None:
    job = bench.start(b"a.mp4", "one")
    bench.ledger.fail(job.job_id, reason="bug")
    before = bench.ledger.data_version()
    assert bench.ledger.data_version() == before
    command = attach_ledger(bench.place, output_root=OUTPUT)
    command.retry(Selector.all())
    command.close()
    assert bench.ledger.data_version() != before
