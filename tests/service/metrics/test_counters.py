"""What is counted of what is logged."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from service.clock import FakeClock
from service.logs import Recorder
from service.logs.emitter import discard
from service.logs.examples import EXAMPLES
from service.logs.vocabulary import EVENTS
from service.metrics.counters import MOST_LABELS, WAITS_S, Counters, Histogram

# What is logged; which counter has which value then.
COUNTED = {
    "a document": ("job.done", {}, ("documents_written", ("complete",))),
    "a retry": ("job.retry", {"reason": "io_error"}, ("job_retries", ("io_error",))),
    "a failure": ("job.failed", {"reason": "bug"}, ("job_failures", ("failed", "bug"))),
    "a rejected video": ("job.rejected", {"reason": "undecodable"}, ("job_failures", ("rejected", "undecodable"))),
    "a rejected file": ("file.rejected", {"reason": "not_video"}, ("job_failures", ("rejected", "not_video"))),
    "a parked video": ("job.parked", {}, ("job_failures", ("parked", "died_twice"))),
    "a stage": ("stage.failed", {}, ("stage_failures", ("captions", "timed_out"))),
    "a start": ("actor.starting", {}, ("actor_starts", ("speech",))),
    "a death": ("actor.died", {}, ("actor_deaths", ("speech",))),
    "a kill": ("actor.killed", {}, ("actor_kills", ("captions",))),
    "an overflow": ("watch.overflow", {}, ("events", ("watch.overflow", "warning"))),
}


@pytest.mark.parametrize(("event", "changed", "counter"), COUNTED.values(), ids=COUNTED.keys())
def test_counters(event: str, changed: dict[str, Any], counter: tuple[str, tuple[str, ...]]) -> None:
    emit = Recorder()
    counters = Counters(emit, FakeClock())
    for _ in range(3):
        counters(event, **{**EXAMPLES[event], **changed})
    metric, labels = counter
    assert counters.counted().counts[metric][labels] == 3
    assert emit.names == [event] * 3, "what is counted is passed on"


TIMED = {
    "settling": ("file.settled", "file_settle_seconds", (), 2.1),
    "queued": ("job.claimed", "job_queue_seconds", (), 0.012),
    "worked on": ("job.done", "job_seconds", (), 7.853),
    "a stage": ("stage.done", "stage_seconds", ("asr",), 3.271),
}


@pytest.mark.parametrize(("event", "metric", "labels", "seconds"), TIMED.values(), ids=TIMED.keys())
def test_durations(event: str, metric: str, labels: tuple[str, ...], seconds: float) -> None:
    counters = Counters(Recorder(), FakeClock())
    counters(event, **EXAMPLES[event])
    histogram = counters.counted().histograms[metric][labels]
    assert (histogram.total, sum(histogram.counts)) == (seconds, 1)


def test_buckets() -> None:
    histogram = Histogram(WAITS_S)
    for seconds in (0.0, 0.5, 0.51, 86_400.0, 86_401.0):
        histogram.observe(seconds)
    assert histogram.counts == [2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1]


def test_every_event_is_there_before_it_happens() -> None:
    """`increase()` does not see a counter's first step where the counter appears with it."""
    assert {event for event, _ in Counters(Recorder(), FakeClock()).counted().counts["events"]} == EVENTS.keys()


def test_labels_are_bounded() -> None:
    counters = Counters(Recorder(), FakeClock())
    for number in range(MOST_LABELS + 50):
        counters("job.retry", **{**EXAMPLES["job.retry"], "reason": f"bug {number}"})
    retries = counters.counted().counts["job_retries"]
    assert len(retries) == MOST_LABELS + 1
    assert retries[("other",)] == 50
    assert sum(retries.values()) == MOST_LABELS + 50


def test_the_actors_are_known_by_what_the_log_says() -> None:
    counters = Counters(Recorder(), FakeClock())
    for pid, actor in enumerate(("media", "speech", "ocr"), start=10):
        counters("actor.ready", actor=actor, pid=pid, seconds=0.1)
    counters("actor.died", actor="media", reason="r")
    counters("actor.killed", actor="ocr", reason="r")
    assert counters.counted().actors == {"speech": 11}
    counters("pool.stopped", reason="idle")
    assert counters.counted().actors == {}


def test_counting_from_several_threads_loses_nothing() -> None:
    counters = Counters(discard, FakeClock())

    def count() -> None:
        for _ in range(2000):
            counters("job.retry", **EXAMPLES["job.retry"])

    threads = [threading.Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert counters.counted().counts["job_retries"] == {("io_error",): 8000}


def test_an_event_of_no_vocabulary_is_passed_on() -> None:
    seen = []
    Counters(lambda event, /, **_fields: seen.append(event), FakeClock())("job.dnoe")
    assert seen == ["job.dnoe"]
