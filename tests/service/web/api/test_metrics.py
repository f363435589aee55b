"""`/metrics` of the web face, read back by Prometheus' own parser."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client.parser import text_string_to_metric_families

from service.metrics.catalogue import WEB_METRICS

if TYPE_CHECKING:
    from shelf import MakeClient, Shelf
    from starlette.testclient import TestClient


def samples(client: TestClient) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    answer = client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    families = list(text_string_to_metric_families(answer.text))
    assert {family.name for family in families} == {f"reelwatch_{name}" for name in WEB_METRICS}
    return {(s.name, tuple(sorted(s.labels.items()))): s.value for family in families for s in family.samples}


def test_what_the_ledger_knows_and_what_was_asked(client: TestClient, shelf: Shelf) -> None:
    shelf.done("a.mp4")
    for path in ("/jobs/1", "/jobs/2", "/jobs/3", "/nowhere", "/static/base.css", "/static/none.css"):
        client.get(path)
    client.request("BREW", "/jobs")
    found = samples(client)
    assert found["reelwatch_jobs", (("state", "done"),)] == 1
    assert found["reelwatch_jobs", (("state", "failed"),)] == 0
    assert found["reelwatch_documents", ()] == 1
    assert found["reelwatch_ready", ()] == 0
    assert found["reelwatch_web_followers", ()] == 0
    requests = {labels: n for (name, labels), n in found.items() if name == "reelwatch_web_requests_total"}
    assert {tuple(value for _, value in labels): n for labels, n in requests.items()} == {
        ("GET", "/jobs/{job_id}", "200"): 1,
        ("GET", "/jobs/{job_id}", "404"): 2,
        ("GET", "other", "404"): 1,
        ("GET", "/static", "200"): 1,
        ("GET", "/static", "404"): 1,
        ("other", "/jobs", "405"): 1,
    }, "by templates: what strangers ask for makes no series of its own"
    assert found["reelwatch_web_request_seconds_count", (("route", "/jobs/{job_id}"),)] == 3
    assert found["reelwatch_web_request_seconds_bucket", (("le", "+Inf"), ("route", "/jobs/{job_id}"))] == 3


def test_without_a_ledger(make_client: MakeClient) -> None:
    found = samples(make_client())
    assert found["reelwatch_ready", ()] == 0
    assert ("reelwatch_documents", ()) not in found, "what is not known has no sample"


def test_what_the_guard_refuses_is_counted_too(client: TestClient, shelf: Shelf) -> None:
    del shelf
    client.get("/jobs", headers={"host": "evil.example"})
    labels = (("method", "GET"), ("route", "other"), ("status", "421"))
    assert samples(client)["reelwatch_web_requests_total", labels] == 1
