"""What every request stands on: the configuration, the ledger, the clock, the token."""

from __future__ import annotations

import os
import secrets
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated

from fastapi import Depends, Request

from service.clock import Clock, SystemClock
from service.downloads.manager import Downloads
from service.errors import ConfigError
from service.ledger.ledger import Ledger, attach_ledger
from service.ledger.place import Place, ServerPlace
from service.received.reception import Reception
from service.state import ledger_place, output_root
from service.web.facets import FacetsKept
from service.web.security.hosts import allowed_hosts
from service.web.security.token import Token, read_token

if TYPE_CHECKING:
    from service.configuration import Configuration
    from service.logs import Emitter


EXPORTS_AT_ONCE = 3
"""Each reads all documents; more at once would hold up the pages, and each other."""


class LedgerHandle:
    """The ledger, attached when it is first wanted, and anew when another file has taken its place.

    A service that finds its ledger damaged puts the file aside and begins another; the one open here would go on
    showing what was, and take commands that nobody reads.
    """

    def __init__(self, place: Place, *, output_root: bytes, clock: Clock) -> None:
        self._place = place
        self._output_root = output_root
        self._clock = clock
        self._lock = threading.Lock()
        self._ledger: Ledger | None = None
        self._identity: tuple[int, int] | None = None
        self.era = ""
        """Another one for each ledger that was attached."""

    def get(self) -> Ledger:
        """Return the ledger; raises `LedgerError` while there is none that can be used."""
        with self._lock:
            identity = _identity(self._place)
            if self._ledger is None or identity != self._identity:
                if self._ledger is not None:
                    self._ledger.close()
                    self._ledger = None
                self._ledger = attach_ledger(self._place, output_root=self._output_root, clock=self._clock)
                self._identity = identity
                self.era = secrets.token_hex(4)
            return self._ledger

    def close(self) -> None:
        """Close it where it is open."""
        with self._lock:
            if self._ledger is not None:
                self._ledger.close()
                self._ledger = None


@dataclass(frozen=True)
class Site:
    """One web face: made once, shared by all requests; any thread may use it."""

    configuration: Configuration
    handle: LedgerHandle
    clock: Clock
    token: Token | None
    hosts: frozenset[str]
    downloads: Downloads
    facets: FacetsKept
    emit: Emitter | None = None
    exports: threading.BoundedSemaphore = field(default_factory=lambda: threading.BoundedSemaphore(EXPORTS_AT_ONCE))

    @property
    def reception(self) -> Reception:
        """Where a video is asked for; raises `LedgerError` as `ledger` does."""
        emit, wake = self.emit or _nowhere, self.downloads.wake
        return Reception(self.configuration, self.ledger, clock=self.clock, emit=emit, wake=wake)

    @property
    def ledger(self) -> Ledger:
        """The ledger; raises `LedgerError` while there is none that can be used."""
        return self.handle.get()

    @property
    def output_root(self) -> bytes:
        """The folder of the documents, absolute."""
        return output_root(self.configuration)

    def close(self) -> None:
        """Let go of the ledger, and end the downloads."""
        self.downloads.stop()
        self.handle.close()


def make_site(configuration: Configuration, *, clock: Clock | None = None, emit: Emitter | None = None) -> Site:
    """Make the site of a configuration; raises `ConfigError` where it would let strangers in."""
    clock, web = clock or SystemClock(), configuration.web
    token = read_token(web.token_file, os.environ.get("CREDENTIALS_DIRECTORY"))
    if token is None and not web.is_loopback:
        raise ConfigError(
            f"web.listen = {web.listen}: other hosts can reach this address, so a token is needed. Make one "
            "(openssl rand -hex 32 > FILE) and name it in web.token_file, or listen on 127.0.0.1."
        )
    hosts = allowed_hosts(web.address[0], web.hosts)
    handle = LedgerHandle(ledger_place(configuration), output_root=output_root(configuration), clock=clock)
    downloads = Downloads(configuration, handle.get, clock=clock, emit=emit or _nowhere)
    return Site(configuration, handle, clock, token, hosts, downloads, FacetsKept(clock), emit)


def _nowhere(_event: str, **_fields: object) -> None:
    """Log nothing: a site without a log."""


def site_of(request: Request) -> Site:
    """Return the site a request is for."""
    site = request.app.state.site
    assert isinstance(site, Site)  # noqa: S101 - for the type checker: `make_app` puts it there
    return site


GivenSite = Annotated[Site, Depends(site_of)]
"""The type of an endpoint's parameter that wants the site."""


def _identity(place: Place) -> tuple[int, int] | None:
    if isinstance(place, ServerPlace):
        return None  # nobody puts that aside
    try:
        status = place.stat()
    except OSError:
        return None
    return status.st_dev, status.st_ino
