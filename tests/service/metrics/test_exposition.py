"""What Prometheus is told, read back by its own parsers; and that it is the heartbeat's source, not another."""

from __future__ import annotations

import shutil
import subprocess
from typing import Any

import prometheus_client
import pytest
from prometheus_client.exposition import generate_latest
from prometheus_client.openmetrics.exposition import generate_latest as openmetrics
from prometheus_client.openmetrics.parser import text_string_to_metric_families as openmetrics_families
from prometheus_client.parser import text_string_to_metric_families

from service.intake.ports import Generation, Observation, Settled
from service.ledger.states import State
from service.ledger.values import WorkPause
from service.logs.emitter import LogFigures
from service.logs.examples import EXAMPLES
from service.metrics.catalogue import METRICS
from service.metrics.exposition import registry_of
from service.metrics.heartbeat import Heartbeat
from service.metrics.values import values

MIB = 2**20


@pytest.fixture
def lively(bench: Any) -> Any:
    """A service of which everything is known."""
    files = [Settled(b"/in", b"%d.mp4" % n, Generation(1, n, 9, 1, str(n))) for n in range(3)]
    bench.ledger.intake.enqueue(files)
    job = bench.ledger.claim(limit=1, now=bench.clock.wall())[0]
    bench.ledger.identified(job.job_id, "ab" * 32)
    bench.ledger.finish(job.job_id, document="a", settings_key="k")
    bench.ledger.intake.observe([Observation(b"/in", b"w.mp4", 1, 9, 9, 1, State.WAITING, "quiet", "it waits")])
    bench.clock.advance(90)
    for event, fields in EXAMPLES.items():
        if event != "heartbeat":
            bench.counters(event, **fields)
    bench.intake.roots = (bench.root(events=12), bench.root(b'/caf\xe9 "x"', lost="gone", overflows=2))
    bench.collector = bench.with_log(LogFigures({"info": 9, "error": 1}, suppressed=4, dropped=2))
    return bench


def registry(bench: Any) -> prometheus_client.CollectorRegistry:
    return registry_of(lambda: values(bench.collector.gauges(), version="1.2", profile="cpu"))


def samples(bench: Any) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    text = generate_latest(registry(bench)).decode()
    found = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    return {(sample.name, tuple(sorted(sample.labels.items()))): sample.value for sample in found}


EXPECTED = {
    "version": ("reelwatch_build_info", {"version": "1.2", "profile": "cpu"}, 1),
    "jobs": ("reelwatch_jobs", {"state": "queued"}, 2),
    "a state that nothing is in": ("reelwatch_jobs", {"state": "failed"}, 0),
    "age": ("reelwatch_oldest_queued_seconds", {}, 90),
    "documents": ("reelwatch_documents", {}, 1),
    "counter": ("reelwatch_documents_written_total", {"status": "complete"}, 1),
    "failures": ("reelwatch_job_failures_total", {"state": "parked", "reason": "died_twice"}, 1),
    "bucket": ("reelwatch_job_seconds_bucket", {"le": "10.0"}, 1),
    "bucket below": ("reelwatch_job_seconds_bucket", {"le": "3.0"}, 0),
    "sum": ("reelwatch_stage_seconds_sum", {"stage": "asr"}, 3.271),
    "a root": ("reelwatch_root_up", {"root": "/in"}, 1),
    "a lost root with an odd name": ("reelwatch_root_up", {"root": '/caf\\xe9 "x"'}, 0),
    "overflows": ("reelwatch_watch_overflows_total", {"root": '/caf\\xe9 "x"'}, 2),
    "lines": ("reelwatch_log_lines_total", {"level": "error"}, 1),
    "not paused": ("reelwatch_work_paused", {}, 0),
    "bound": ("reelwatch_low_water_bytes", {}, 512 * MIB),
    "an event that never came": ("reelwatch_events_total", {"event": "heartbeat", "level": "info"}, 0),
    "loop": ("reelwatch_since_loop_tick_seconds", {"loop": "intake"}, 90),
}


@pytest.mark.parametrize(("name", "labels", "value"), EXPECTED.values(), ids=EXPECTED.keys())
def test_samples(lively: Any, name: str, labels: dict[str, str], value: float) -> None:
    assert samples(lively)[name, tuple(sorted(labels.items()))] == value


def test_every_metric_of_the_catalogue_has_a_sample_and_no_other_is_served(lively: Any) -> None:
    text = generate_latest(registry(lively)).decode()
    served = {family.name: family for family in text_string_to_metric_families(text)}
    assert [name for name, family in served.items() if not family.samples] == []
    assert served.keys() == {metric.full_name.removesuffix("_total") for metric in METRICS.values()}
    labels = {m.name: set(m.labels) for m in METRICS.values()}
    for family in served.values():
        for sample in family.samples:
            assert sample.labels.keys() - {"le"} == labels[family.name.removeprefix("reelwatch_")]


def test_openmetrics_can_be_read_too(lively: Any) -> None:
    text = openmetrics(registry(lively)).decode()
    assert {f.name for f in openmetrics_families(text)} == {f"reelwatch_{m.name}" for m in METRICS.values()}


def test_what_is_not_known_has_no_sample(bench: Any) -> None:
    shutil.rmtree(bench.home / "out")
    names = {name for name, _ in samples(bench)}
    assert not names & {"reelwatch_last_done_timestamp_seconds", "reelwatch_oldest_queued_seconds"}
    assert ("reelwatch_free_bytes", (("folder", "output"),)) not in samples(bench)


def test_heartbeat_and_metrics_say_the_same(lively: Any) -> None:
    lively.driver.pause = WorkPause("disk_full", b"/out", 512)
    Heartbeat(lively.collector, clock=lively.clock, emit=lively.emit, every_s=60).beat()
    beat, found = lively.emit.named("heartbeat")[-1], samples(lively)
    assert beat["queued"] == found["reelwatch_jobs", (("state", "queued"),)]
    assert beat["oldest_queued_s"] == found["reelwatch_oldest_queued_seconds", ()]
    assert beat["overflows"] == sum(v for (name, _), v in found.items() if name == "reelwatch_watch_overflows_total")
    assert beat["paused"] == (found["reelwatch_work_paused", ()] == 1)
    assert beat["log_dropped"] == found["reelwatch_log_dropped_lines_total", ()]
    assert beat["last_done_s"] == lively.clock.wall() - found["reelwatch_last_done_timestamp_seconds", ()]


def test_the_librarys_global_registry_is_left_alone(lively: Any) -> None:
    before = {family.name for family in prometheus_client.REGISTRY.collect()}
    generate_latest(registry(lively))
    assert {family.name for family in prometheus_client.REGISTRY.collect()} == before
    assert not any(name.startswith("reelwatch") for name in before)


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed (Debian's prometheus)")
def test_promtool_finds_nothing_to_say(lively: Any) -> None:
    text = generate_latest(registry(lively))
    ended = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, check=False)
    assert (ended.returncode, ended.stderr, ended.stdout) == (0, b"", b"")
