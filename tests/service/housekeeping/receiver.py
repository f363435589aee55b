"""A webhook's receiver on loopback: it keeps what it is sent and answers as it is told."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass(frozen=True)
class Received:
    """One request."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


@dataclass
class Receiver:
    """answers: statuses (or `drip`, `hang`, `cut`) for the next requests, in order; then 200."""

    answers: list[int | str] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)
    received: list[Received] = field(default_factory=list)
    url: str = ""
    released: threading.Event = field(default_factory=threading.Event)

    @property
    def ids(self) -> list[str]:
        return [one.headers["webhook-id"] for one in self.received]


@contextlib.contextmanager
def receiving(receiver: Receiver | None = None) -> Iterator[Receiver]:
    receiver = receiver or Receiver()
    handler = type("Bound", (_Handler,), {"receiver": receiver})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    server.block_on_close = False
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    receiver.url = f"http://127.0.0.1:{server.server_address[1]}/hook?of=reelwatch"
    try:
        yield receiver
    finally:
        receiver.released.set()
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    receiver: Receiver

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.receiver.received.append(Received("POST", self.path, headers, body))
        answer = self.receiver.answers.pop(0) if self.receiver.answers else 200
        if answer == "hang":
            self.receiver.released.wait(30)
        elif answer == "drip":
            self._drip()
        elif answer == "cut":
            self.connection.shutdown(socket.SHUT_RDWR)
        else:
            self.send_response(int(answer))
            for name, value in self.receiver.headers.items():
                self.send_header(name, value)
            self.end_headers()

    do_GET = do_POST  # noqa: N815 - what http.server calls

    def _drip(self) -> None:
        with contextlib.suppress(OSError):
            self.wfile.write(b"HTTP/1.1 200 OK\r\nX: ")
            while not self.receiver.released.is_set():
                self.wfile.write(b"x")
                time.sleep(0.02)

    def log_message(self, *_: object) -> None: ...
