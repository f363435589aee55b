"""Listens and serves until a signal ends it."""

from __future__ import annotations

import logging
import signal
import socket
from contextlib import contextmanager
from typing import TYPE_CHECKING

import uvicorn

from service.errors import ConfigError
from service.metrics.server import spelt
from service.web.app import make_app
from service.web.connections import BoundedProtocol
from service.web.site import make_site

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from service.configuration import Configuration
    from service.logs import Emitter
    from service.web.events.hub import Hub

BACKLOG = 128
SILENCE_S = 30
"""How long a connection is kept without a request."""
PARTING_S = 3
"""How long answers under way may take after the signal; events end with it."""


def serve(configuration: Configuration, emit: Emitter, *, listening: Callable[[str], None]) -> None:
    """Serve until SIGTERM or SIGINT; raises `ConfigError` where it cannot listen or would let strangers in.

    listening: told the URL once requests are taken.
    """
    site = make_site(configuration, emit=emit)
    bound = _bound(*configuration.web.address)
    try:
        app = make_app(site)
        address = spelt(*bound.getsockname()[:2])
        config = uvicorn.Config(
            app,
            http=BoundedProtocol,
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            timeout_keep_alive=SILENCE_S,
            timeout_graceful_shutdown=PARTING_S,
            lifespan="on",
        )
        site.downloads.start()
        logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)  # `web.failed` tells of faults, once
        emit("web.listening", address=address, token=site.token is not None)
        listening(f"http://{address}/")
        _Server(config, app.state.hub).run(sockets=[bound])
        emit("web.stopped")
    finally:
        bound.close()
        site.close()


class _Server(uvicorn.Server):
    """Ends with 0 when it is told to; uvicorn's own raises the signal once more, at itself."""

    def __init__(self, config: uvicorn.Config, hub: Hub) -> None:
        super().__init__(config)
        self._hub = hub

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End the events first: they would be waited for as any other answer that is under way."""
        self._hub.close()
        await super().shutdown(sockets)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Take SIGTERM and SIGINT over while it serves."""
        before = {number: signal.signal(number, self.handle_exit) for number in (signal.SIGTERM, signal.SIGINT)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


def _bound(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # asyncio sends without waiting (TCP_NODELAY) only where the protocol is named; else every answer took 40 ms more.
    bound = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind((host, port))
        bound.listen(BACKLOG)
    except OSError as exc:
        bound.close()
        raise ConfigError(
            f"web.listen = {spelt(host, port)}: cannot listen there: {exc.strerror}. Choose another port (--port N), "
            "or end what uses this one (`ss -ltnp`)."
        ) from exc
    return bound
