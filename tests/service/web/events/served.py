"""A real server on a real port, and clients that follow its events over real connections."""

from __future__ import annotations

import asyncio
import http.client
import json
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from starlette.types import ASGIApp
from waiting import LIMIT_S, until

from service.web.server import _Server


@dataclass
class Follower:
    """Reads events in a thread, and keeps what each kind said last and which state each job was told to be in."""

    port: int
    path: str = "/events"
    headers: dict[str, str] = field(default_factory=dict)
    events: list[dict[str, Any]] = field(default_factory=list)
    ended: bool = False
    status: int = 0

    def __post_init__(self) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=LIMIT_S)
        self._connection.request("GET", self.path, headers=self.headers)
        self._answer = self._connection.getresponse()
        self.status = self._answer.status
        self.type = self._answer.headers["content-type"]
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    @property
    def last_id(self) -> str:
        return self.events[-1]["id"]

    @property
    def states(self) -> dict[str, str]:
        """What became of each video, by name, as far as was told."""
        return {job["filename"]: job["state"] for told in self.of("jobs") for job in told["changed"]}

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [event["data"] for event in list(self.events) if event["event"] == kind]

    def last(self, kind: str) -> dict[str, Any]:
        return until(lambda: self.of(kind), f"an event {kind}")[-1]

    def leave(self) -> None:
        if self._answer.isclosed():
            self._connection.close()
            return
        with suppress(OSError), socket.socket(fileno=os.dup(self._answer.fileno())) as same:
            same.shutdown(socket.SHUT_RDWR)
        self._thread.join(LIMIT_S)
        self._answer.close()
        self._connection.close()

    def _read(self) -> None:
        event: dict[str, Any] = {}
        try:
            for raw in self._answer:
                line = raw.decode().rstrip("\n")
                name, _, value = line.partition(": ")
                if name in {"id", "event"}:
                    event[name] = value
                elif name == "data":
                    event["data"] = json.loads(value)
                elif not line and "event" in event:
                    self.events.append(event)
                    event = {}
        except (OSError, http.client.HTTPException, ValueError, AttributeError):
            pass
        self.ended = True


@dataclass
class Served:
    """A server that runs in a thread."""

    server: uvicorn.Server
    thread: threading.Thread
    port: int
    followers: list[Follower] = field(default_factory=list)

    def follow(self, last: str | None = None, **headers: str) -> Follower:
        path = "/events" if last is None else f"/events?last={last}"
        self.followers.append(Follower(self.port, path, headers))
        return self.followers[-1]

    def end(self) -> float:
        """Tell it to end; return how long that took in seconds."""
        began_s = time.monotonic()
        self.server.should_exit = True
        self.thread.join(LIMIT_S)
        return time.monotonic() - began_s


@contextmanager
def served(app: ASGIApp) -> Iterator[Served]:
    bound = socket.socket()
    bound.bind(("127.0.0.1", 0))
    config = uvicorn.Config(app, log_config=None, timeout_graceful_shutdown=3, lifespan="on")
    server = _Server(config, app.state.hub)
    thread = threading.Thread(target=lambda: asyncio.run(server._serve([bound])), daemon=True)  # signals are pytest's
    thread.start()
    until(lambda: server.started, "the server listens")
    made = Served(server, thread, bound.getsockname()[1])
    try:
        yield made
    finally:
        made.end()
        for follower in made.followers:
            follower.leave()
        bound.close()
