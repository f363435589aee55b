"""A server of videos, and of what servers do to those who fetch them. It answers on every loopback address."""

from __future__ import annotations

import select
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from cheap_hosts import mp4

VIDEO = mp4(b"from the web")
PAGES = {
    "/list": b"<html><body><video src='/a.mp4'></video><video src='/b.mp4'></video></body></html>",
    "/page": b"<html><body><p>no video here</p></body></html>",
    "/one": b"<html><head><title>Three tips</title></head><body><video src='/clip.mp4'></video></body></html>",
}
FTP = {
    "/to-ftp": b"",
    "/refresh-ftp": b'<html><head><meta http-equiv="refresh" content="0;url=%s"></head></html>',
    "/video-ftp": b"<html><body><video src='%s'></video></body></html>",
}
"""What leads to another protocol, by a redirect or by a page."""
LARGE_BYTES = 50 * 2**20


class _Handler(BaseHTTPRequestHandler):
    server: MediaServer

    def do_HEAD(self) -> None:
        self._answer()

    def do_GET(self) -> None:
        self.server.asked.append((self.path, self.client_address[0]))
        with suppress(ConnectionError):
            self._answer()

    def _answer(self) -> None:
        path = self.path.partition("?")[0]
        if path in PAGES:
            self._headers(200, "text/html", PAGES[path])
        elif path in FTP:
            target = f"ftp://127.0.0.1:{self.server.ftp.getsockname()[1]}/x.mp4"
            if path == "/to-ftp":
                self._headers(302, "text/plain", b"", Location=target)
            else:
                self._headers(200, "text/html", FTP[path] % target.encode())
        elif path.startswith("/to/"):
            host = path.removeprefix("/to/").partition("/")[0]
            location = f"http://{host}:{self.server.server_port}/clip.mp4"
            self._headers(302, "text/plain", b"", Location=location)
        elif path in {"/endless.mp4", "/slow.mp4"}:
            self._headers(200, "video/mp4", None)
            self._stream(slow=path == "/slow.mp4")
        elif path == "/large.mp4":
            self._headers(200, "video/mp4", None, **{"Content-Length": str(LARGE_BYTES)})
            self._stream(slow=True)
        elif path == "/empty.mp4":
            self._headers(200, "video/mp4", b"")
        elif path.endswith((".mp4", ".exe")):
            self._headers(200, "video/mp4" if path.endswith(".mp4") else "application/octet-stream", VIDEO)
        else:
            self._headers(404, "text/plain", b"nothing")

    def _headers(self, status: int, kind: str, body: bytes | None, **more: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        for name, value in more.items():
            self.send_header(name, value)
        if body is not None:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if body is not None and self.command == "GET":
            self.wfile.write(body)

    def _stream(self, *, slow: bool) -> None:
        self.wfile.write(VIDEO + bytes(8192))
        while not self.server.ending.wait(0.1 if slow else 0.0):
            self.wfile.write(b"x" * (10 if slow else 65536))

    def log_message(self, *_given: Any) -> None:
        """Say nothing."""


class MediaServer(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("0.0.0.0", 0), _Handler)  # noqa: S104 - redirects lead to another of its addresses
        self.asked: list[tuple[str, str]] = []
        self.ending = threading.Event()
        self.ftp = socket.create_server(("127.0.0.1", 0))
        """Where nobody may come: a connection stays in its queue, to be seen."""

    def is_ftp_asked(self) -> bool:
        return bool(select.select([self.ftp], [], [], 0)[0])

    def server_close(self) -> None:
        super().server_close()
        self.ftp.close()

    def url(self, path: str, host: str = "127.0.0.1") -> str:
        return f"http://{host}:{self.server_port}{path}"


@contextmanager
def serving() -> Iterator[MediaServer]:
    server = MediaServer()
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield server
    finally:
        server.ending.set()
        server.shutdown()
        thread.join()
        server.server_close()
