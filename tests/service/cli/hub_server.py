"""A hub on loopback that speaks as much of the Hugging Face hub's HTTP as pulling uses; it can break off and refuse."""

from __future__ import annotations

import contextlib
import hashlib
import json
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote

COMMIT = "1234567890abcdef1234567890abcdef12345678"


@dataclass
class Hub:
    """Repositories by name, each a mapping of file names to bytes; `served` counts the bytes of files sent."""

    repositories: Mapping[str, Mapping[str, bytes]]
    gated: frozenset[str] = frozenset()
    token: str | None = None
    break_off_after: int | None = None
    served: int = 0
    asked: list[str] = field(default_factory=list)
    url: str = ""


@contextlib.contextmanager
def serving(hub: Hub) -> Iterator[Hub]:
    handler = type("Bound", (_Handler,), {"hub": hub})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    hub.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class _Handler(BaseHTTPRequestHandler):
    hub: Hub
    protocol_version = "HTTP/1.1"

    def do_HEAD(self) -> None:
        self._answer(body=False)

    def do_GET(self) -> None:
        self._answer(body=True)

    def log_message(self, *_: object) -> None: ...

    def _answer(self, *, body: bool) -> None:
        path = unquote(self.path.partition("?")[0])
        self.hub.asked.append(f"{self.command} {path}")
        name = next((name for name in self.hub.repositories if f"/{name}" in path), None)
        if name is None:
            self._refuse(404, "RepoNotFound")
        elif name in self.hub.gated and self.headers.get("Authorization") != f"Bearer {self.hub.token}":
            self._refuse(403, "GatedRepo")
        elif path.startswith("/api/models/"):
            self._info(name)
        else:
            self._file(self.hub.repositories[name][path.partition(f"/resolve/{COMMIT}/")[2]], body=body)

    def _info(self, name: str) -> None:
        files = self.hub.repositories[name]
        siblings = [{"rfilename": file, "size": len(content)} for file, content in files.items()]
        answer = {"_id": "1", "id": name, "modelId": name, "sha": COMMIT, "siblings": siblings, "tags": []}
        self._send(200, json.dumps(answer).encode(), {"Content-Type": "application/json"})

    def _file(self, content: bytes, *, body: bool) -> None:
        first = int(self.headers.get("Range", "bytes=0-").removeprefix("bytes=").partition("-")[0] or 0)
        tag = {"ETag": f'"{hashlib.sha256(content).hexdigest()}"', "X-Repo-Commit": COMMIT, "Accept-Ranges": "bytes"}
        rest = content[first:] if body else b""
        self.send_response(206 if first else 200)
        for key, value in tag.items():
            self.send_header(key, value)
        if first:
            self.send_header("Content-Range", f"bytes {first}-{len(content) - 1}/{len(content)}")
        self.send_header("Content-Length", str(len(content) - first))
        self.end_headers()
        allowed = len(rest) if self.hub.break_off_after is None else max(0, self.hub.break_off_after - self.hub.served)
        self.wfile.write(rest[:allowed])
        self.hub.served += len(rest[:allowed])
        if body and allowed < len(rest):
            self.close_connection = True
            self.connection.shutdown(2)

    def _refuse(self, status: int, code: str) -> None:
        self._send(status, b"{}", {"X-Error-Code": code, "X-Error-Message": code})

    def _send(self, status: int, content: bytes, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for key, value in headers.items():
            self.send_header(key, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(content)
