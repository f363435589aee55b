"""Counts requests by the route that answered them, and how long it took to the head of the answer."""

from __future__ import annotations

import threading
import time
from collections import Counter
from typing import TYPE_CHECKING

from service.metrics.counters import Histogram, Labels

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

ANSWERS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)
"""Upper bounds of the histogram's buckets, in seconds."""
ELSEWHERE = "other"
"""The route of what no template matches: what strangers ask for must not become labels."""


class Telemetry:
    """What was counted since this process began; for any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._requests: Counter[Labels] = Counter()
        self._seconds: dict[Labels, Histogram] = {}

    def count(self, route: str, method: str, *, status: int, seconds: float) -> None:
        """Count one answer."""
        with self._lock:
            self._requests[route, method, str(status)] += 1
            self._seconds.setdefault((route,), Histogram(ANSWERS_S)).observe(seconds)

    def requests(self) -> dict[Labels, float]:
        """Return how many were answered, by route, method and status."""
        with self._lock:
            return dict(self._requests)

    def seconds(self) -> dict[Labels, Histogram]:
        """Return how long they took, by route."""
        with self._lock:
            return {labels: histogram.copy() for labels, histogram in self._seconds.items()}


class Counting:
    """ASGI middleware around everything else."""

    def __init__(self, app: ASGIApp, telemetry: Telemetry) -> None:
        self._app = app
        self._telemetry = telemetry

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand a request on, and count its answer when that begins."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began_s = time.perf_counter()

        async def counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                seconds = time.perf_counter() - began_s
                self._telemetry.count(_route(scope), _method(scope), status=message["status"], seconds=seconds)
            await send(message)

        await self._app(scope, receive, counted)


def _route(scope: Scope) -> str:
    """Return the template of the route that took the request, which it leaves in the scope."""
    path = getattr(scope.get("route"), "path", None)
    if path is None and scope["path"].startswith("/static/"):
        return "/static"
    return path if isinstance(path, str) and path else ELSEWHERE


def _method(scope: Scope) -> str:
    method = str(scope["method"])
    return method if method in {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"} else ELSEWHERE
