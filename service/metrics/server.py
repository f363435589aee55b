"""Serves the metrics over HTTP, on one address, from a thread that ends with the service.

The server of `prometheus_client` answers any path, waits for ever for a client that says nothing, and starts a thread
for everyone who connects: here that could use up the descriptors that intake needs. So the server is ours and small,
and the format is the library's.
"""

from __future__ import annotations

import socket
import threading
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import CollectorRegistry

from service.errors import ConfigError
from service.logs.emitter import Emit

PATH = "/metrics"
MOST_CLIENTS = 8
"""Scrapes at a time; whoever comes on top is turned away."""
SILENCE_S = 5.0
"""How long a client may say nothing."""


class MetricsServer:
    """Listens from its making on; raises `ConfigError` where it cannot. `port` 0 takes a free one: see `address`."""

    def __init__(self, host: str, port: int, registry: CollectorRegistry, emit: Emit) -> None:
        try:
            self._server = _Server(host, port, registry, emit)
        except OSError as exc:
            raise ConfigError(
                f"[metrics] listen = {spelt(host, port)}: cannot listen there: {exc.strerror or exc}. Choose another "
                'port, end what uses this one (`ss -ltnp`), or serve no metrics: listen = "".'
            ) from exc
        self._thread = threading.Thread(target=self._server.serve_forever, name="metrics", daemon=True)
        self._thread.start()

    @property
    def address(self) -> str:
        """Where it listens, as `host:port`."""
        host, port = self._server.server_address[:2]
        return spelt(str(host), int(port))

    def close(self) -> None:
        """End the thread and let go of the port."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def spelt(host: str, port: int) -> str:
    """Return an address as it is written in settings."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self, host: str, port: int, registry: CollectorRegistry, emit: Emit) -> None:
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._registry = registry
        self._emit = emit
        self._room = threading.BoundedSemaphore(MOST_CLIENTS)
        super().__init__((host, port), _Handler)

    def encoded(self, accept: str) -> tuple[bytes, str] | None:
        """Return the metrics and their content type, None where they cannot be had; then the log says why."""
        encode, content_type = choose_encoder(accept)
        try:
            return encode(self._registry), content_type
        except Exception as exc:  # noqa: BLE001 - the one broad catch here: a scrape that fails says why in the log
            self._emit("metrics.failed", cause=f"{type(exc).__name__}: {exc}")
            return None

    def process_request(self, request: Any, client_address: Any) -> None:
        if self._room.acquire(blocking=False):
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:
        try:
            super().process_request_thread(request, client_address)
        finally:
            self._room.release()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a client that broke off; a scrape that fails shows in Prometheus (`up`)."""


class _Handler(BaseHTTPRequestHandler):
    timeout = SILENCE_S
    server: _Server

    def do_GET(self) -> None:
        if self.path.partition("?")[0] != PATH:
            self.send_error(HTTPStatus.NOT_FOUND, explain=f"metrics are at {PATH}")
            return
        found = self.server.encoded(self.headers.get("Accept", ""))
        if found is None:
            self.send_error(HTTPStatus.INTERNAL_SERVER_ERROR, explain="the log says why")
            return
        body, content_type = found
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def version_string(self) -> str:
        return "reelwatch"

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - http.server's name
        """Log nothing: the log is for what happens to videos."""
