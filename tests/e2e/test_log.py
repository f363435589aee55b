"""What the real service says in a day full of trouble, byte by byte but for what is measured: `golden/log.jsonl`.

Every line keeps to the vocabulary; the first of each event is golden. After a change that is meant:
`REELWATCH_WRITE_GOLDEN=1 pytest tests/e2e/test_log.py`, and read the difference.
"""

from __future__ import annotations

import os
import socket
import urllib.request
from pathlib import Path
from typing import Any

import bad_files
import log_story
import pytest
from log_story import Story, normalised
from processes import WITHOUT_MODELS, Home
from prometheus_client.parser import text_string_to_metric_families

from service.logs.examples import EXAMPLES
from service.logs.fields import CONTEXT, is_of_kind
from service.logs.vocabulary import EVENTS, problem
from service.metrics.catalogue import METRICS

GOLDEN = Path(__file__).parent / "golden" / "log.jsonl"
HEAD = {"time", "level", "event"}
ELSEWHERE = {
    "document.not_indexed": "a document that cannot be read: tests/service/housekeeping",
    "document.purged": "days later: tests/service/housekeeping",
    "document.not_purged": "days later: tests/service/housekeeping",
    "file.archived": "tests/service/housekeeping",
    "file.not_archived": "tests/service/housekeeping",
    "file.stale": "a day later: tests/service/intake",
    "host.refused": "another host: tests/service/test_host.py",
    "service.stuck": "tests/service/test_pulse.py",
    "service.unstuck": "tests/service/test_pulse.py",
    "file.never_settles": "takes a minute of touches: tests/service/intake",
    "housekeeping.failed": "a bug: tests/service/housekeeping",
    "ledger.busy": "takes 15 s of a lock: tests/faults",
    "log.dropped": "nobody reads: tests/service/logs/test_sink.py",
    "log.unknown": "a bug: tests/service/logs/test_emitter.py",
    "metrics.failed": "a bug: tests/service/metrics/test_server.py",
    "node.lost": "a cluster: tests/e2e/test_cluster.py",
    "service.failed": "ends it: the last test here",
    "request.received": "another process: tests/service/received",
    "upload.done": "another process: tests/service/received",
    "download.started": "another process: tests/service/downloads",
    "download.done": "another process: tests/service/downloads",
    "download.failed": "a bug: tests/service/downloads",
    "received.swept": "another process: tests/service/received",
    "request.taken": "asked by another process: tests/e2e/test_requests.py",
    "request.refused": "asked by another process: tests/service/test_request_loop.py",
    "request.failed": "a bug here: tests/service/test_request_loop.py",
    "web.listening": "another process: tests/service/web/test_server.py",
    "web.stopped": "another process: tests/service/web/test_server.py",
    "web.ended": "run --web: tests/service/test_web_process.py",
    "web.failed": "a bug in another process: tests/service/web/security/test_guard.py",
    "webhook.delivered": "tests/service/housekeeping",
    "webhook.retry": "tests/service/housekeeping",
    "webhook.failed": "tests/service/housekeeping",
}
"""Events that the story does not bring about, and where they are seen instead."""


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    return log_story.told(tmp_path_factory.mktemp("story"))


def firsts(story: Story) -> list[str]:
    """The first line of each event, in the vocabulary's order; of a heartbeat nothing is the same twice."""
    first: dict[str, str] = {}
    for line in story.lines:
        first.setdefault(line["event"], normalised(line, story.home.path))
    return [first[event] for event in EVENTS if event in first and event != "heartbeat"]


def test_the_lines_are_golden(story: Story) -> None:
    lines = firsts(story)
    if os.environ.get("REELWATCH_WRITE_GOLDEN"):
        GOLDEN.write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert lines == GOLDEN.read_text(encoding="utf-8").splitlines()


def test_every_event_is_said_here_or_elsewhere(story: Story) -> None:
    assert EVENTS.keys() - {line["event"] for line in story.lines} == ELSEWHERE.keys() & EVENTS.keys()


def test_every_line_keeps_to_the_vocabulary(story: Story) -> None:
    for line in story.lines:
        fields = {name: value for name, value in line.items() if name not in HEAD}
        assert problem(line["event"], fields) is None
        assert line["level"] == EVENTS[line["event"]].level
        assert {name: value for name, value in fields.items() if not is_of_kind(name, value)} == {}, line


def test_the_examples_show_what_the_service_says(story: Story) -> None:
    for line in story.lines:
        assert line.keys() - HEAD - CONTEXT <= EXAMPLES[line["event"]].keys() | {"detail", "reason", "from_state"}, line


def test_a_file_that_waits_is_told_once_with_its_gate(story: Story) -> None:
    waits = [line for line in story.lines if line["event"] == "file.waiting" and line["path"] == "held.mp4"]
    assert [line["reason"] for line in waits] == ["writer"]


@pytest.fixture(scope="module")
def scraped(tmp_path_factory: pytest.TempPathFactory) -> tuple[Home, Any, dict[str, Any]]:
    """A service that has described a video: its folders, how a second one on its port ended, its metrics by name."""
    home = Home(tmp_path_factory.mktemp("scraped"), WITHOUT_MODELS | {"REELWATCH_METRICS__LISTEN": '"127.0.0.1:0"'})
    bad_files.clip(home.inbox / "clip.mp4")
    with home.service() as service:
        address = service.ready().until_event("metrics.serving")["address"]
        service.until_event("job.done", "clip.mp4")
        with urllib.request.urlopen(f"http://{address}/metrics", timeout=30) as answer:
            families = {family.name: family for family in text_string_to_metric_families(answer.read().decode())}
        elsewhere = {"REELWATCH_METRICS__LISTEN": f'"{address}"', "REELWATCH_STATE__DIR": str(home.path / "other")}
        second = home.run("run", env=home.environ | elsewhere)
        assert service.terminate()[0] == 0
    with socket.create_server(("127.0.0.1", int(address.rpartition(":")[2]))):
        pass  # the port is free again
    return home, (address, second), families


def test_the_metrics_of_a_running_service_can_be_read_over_http(scraped: tuple[Home, Any, dict[str, Any]]) -> None:
    home, _, families = scraped
    assert families.keys() == {f"reelwatch_{metric.name}" for metric in METRICS.values()}
    values = {(s.name, *sorted(s.labels.values())): s.value for family in families.values() for s in family.samples}
    assert values["reelwatch_root_up", str(home.inbox)] == 1
    assert values["reelwatch_documents_written_total", "complete"] == 1
    assert values["reelwatch_documents",] == values["reelwatch_jobs", "done"] == values["reelwatch_pool_up",] == 1
    assert values["reelwatch_stage_seconds_count", "decode"] == values["reelwatch_job_seconds_count",] == 1
    assert 0.3 <= values["reelwatch_file_settle_seconds_sum",] < 60
    # Every actor is a process of its own, and is known by its name.
    processes = {name[1]: value for name, value in values.items() if name[0] == "reelwatch_resident_memory_bytes"}
    assert {"service", "media", "fusion"} <= processes.keys()
    assert min(processes[name] for name in ("service", "media", "fusion")) > 20 * 2**20
    assert values["reelwatch_log_lines_total", "info"] > 5


def test_a_port_that_is_taken_ends_the_start_with_a_remedy(scraped: tuple[Home, Any, dict[str, Any]]) -> None:
    _, (address, second), _ = scraped
    assert second.returncode == 78
    assert b'"event":"service.failed"' in second.stderr
    assert f"listen = {address}: cannot listen there".encode() in second.stderr
