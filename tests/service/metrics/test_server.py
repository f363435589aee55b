"""The metrics over HTTP: one address, one path, and no client that can hold it up."""

from __future__ import annotations

import http.client
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.parser import text_string_to_metric_families

from service.errors import ConfigError
from service.logs import Recorder
from service.metrics import server as module
from service.metrics.exposition import registry_of
from service.metrics.server import MOST_CLIENTS, MetricsServer
from service.metrics.values import Values

ONE = Values(numbers={"documents": {(): 3.0}})


@pytest.fixture
def emit() -> Recorder:
    return Recorder()


@pytest.fixture
def serving(emit: Recorder) -> Iterator[MetricsServer]:
    server = MetricsServer("127.0.0.1", 0, registry_of(lambda: ONE), emit)
    yield server
    server.close()


def port_of(server: MetricsServer) -> int:
    return int(server.address.rpartition(":")[2])


def ask(server: MetricsServer, path: str = "/metrics", accept: str = "*/*", method: str = "GET") -> Any:
    connection = http.client.HTTPConnection("127.0.0.1", port_of(server), timeout=10)
    connection.request(method, path, headers={"Accept": accept})
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    return answer.status, answer.headers["Content-Type"], body.decode()


ANSWERS = {
    "Prometheus' text": ("/metrics", "text/plain;version=0.0.4", "GET", 200, "text/plain; version=0.0.4"),
    "OpenMetrics": ("/metrics", "application/openmetrics-text;version=1.0.0", "GET", 200, "application/openmetrics"),
    "with a query": ("/metrics?x=1", "*/*", "GET", 200, "text/plain"),
    "another path": ("/", "*/*", "GET", 404, "text/html"),
    "another method": ("/metrics", "*/*", "POST", 501, "text/html"),
}


@pytest.mark.parametrize(("path", "accept", "method", "status", "kind"), ANSWERS.values(), ids=ANSWERS.keys())
def test_answers(serving: MetricsServer, path: str, accept: str, method: str, status: int, kind: str) -> None:
    found, content_type, body = ask(serving, path, accept, method)
    assert (found, content_type.startswith(kind)) == (status, True), content_type
    assert ("reelwatch_documents 3.0" in body) == (status == 200)


def test_it_is_heard_on_its_address_alone(serving: MetricsServer) -> None:
    assert serving.address.startswith("127.0.0.1:")
    with pytest.raises(OSError), socket.create_connection(("127.0.0.2", port_of(serving)), timeout=2):  # noqa: PT011
        pass


def test_ipv6() -> None:
    try:
        server = MetricsServer("::1", 0, registry_of(lambda: ONE), Recorder())
    except ConfigError:
        pytest.skip("no IPv6 on this host")
    assert server.address.startswith("[::1]:")
    server.close()


def test_a_port_in_use_is_refused_with_a_remedy(serving: MetricsServer) -> None:
    with pytest.raises(ConfigError) as refused:
        MetricsServer("127.0.0.1", port_of(serving), CollectorRegistry(), Recorder())
    assert refused.value.exit_code == 78
    assert f"listen = 127.0.0.1:{port_of(serving)}" in str(refused.value)
    assert 'listen = ""' in str(refused.value)


def test_its_thread_ends_with_it(emit: Recorder) -> None:
    other = MetricsServer("127.0.0.1", 0, registry_of(lambda: ONE), emit)
    port = port_of(other)
    other.close()
    assert sum(thread.name == "metrics" for thread in threading.enumerate()) == 0
    again = MetricsServer("127.0.0.1", port, registry_of(lambda: ONE), emit)
    again.close()


def test_a_bug_is_answered_logged_and_survived(emit: Recorder) -> None:
    found = iter([ZeroDivisionError("bug"), ONE])

    def gather() -> Values:
        one = next(found)
        if isinstance(one, Exception):
            raise one
        return one

    server = MetricsServer("127.0.0.1", 0, registry_of(gather), emit)
    assert ask(server)[0] == 500
    assert ask(server)[0] == 200
    server.close()
    assert emit.events == [("metrics.failed", {"cause": "ZeroDivisionError: bug"})]


def test_clients_that_say_nothing_are_few_and_let_go_of(
    serving: MetricsServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module._Handler, "timeout", 0.5)
    with ExitStack() as held:
        for _ in range(MOST_CLIENTS):
            held.enter_context(socket.create_connection(("127.0.0.1", port_of(serving)), timeout=10))
        extra = held.enter_context(socket.create_connection(("127.0.0.1", port_of(serving)), timeout=10))
        assert extra.recv(1) == b"", "one too many is turned away"
        deadline = threading.Event()
        while not _answers(serving):
            assert not deadline.wait(0.05)
    assert list(text_string_to_metric_families(ask(serving)[2]))


def _answers(server: MetricsServer) -> bool:
    try:
        return bool(ask(server)[0] == 200)
    except (OSError, http.client.HTTPException):
        return False
