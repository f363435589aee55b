"""What the web face may ask for, on behalf of people: checked, noted in the ledger, and from there on the service's."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import ExitStack
from importlib.util import find_spec
from typing import TYPE_CHECKING

from service.downloads.addresses import EVERYWHERE, Reach
from service.downloads.urls import refused_url
from service.ledger.request_values import Request, RequestKind
from service.received.admission import Admission, configured
from service.received.folder import landing
from service.received.names import clean_name
from service.received.refusal import Refusal
from service.received.upload import Bounds, Upload, beyond
from service.request_events import tell_received
from service.state import received_root
from service.state_identity import elsewhere

if TYPE_CHECKING:
    from service.bookkeeping import Emit
    from service.clock import Clock
    from service.configuration import Configuration
    from service.ledger.ledger import Ledger


class Reception:
    """Takes requests by path, by upload and by URL; any thread may ask. Raises what the ledger raises.

    A refusal before there is a request leaves no trace in the ledger: it is the answer to whoever asked.
    wake: tells whoever downloads that there is something to do.
    """

    def __init__(
        self,
        configuration: Configuration,
        ledger: Ledger,
        *,
        clock: Clock,
        emit: Emit,
        wake: Callable[[], None] = lambda: None,
    ) -> None:
        self._configuration = configuration
        self._ledger = ledger
        self._clock = clock
        self._emit = emit
        self._wake = wake

    def ask_path(self, path: bytes, *, force: bool = False) -> Request | Refusal:
        """Ask for a file that is there already and complete; force: though it has a document."""
        place = self._elsewhere() or self._admission().admit(path)
        if isinstance(place, Refusal):
            return place
        return self._told(self._ledger.add_request(RequestKind.PATH, path, force=force, location=place))

    def ask_url(self, url: str, *, force: bool = False) -> Request | Refusal:
        """Ask for a video that is to be downloaded."""
        private = self._configuration.download.allow_private_addresses
        refusal = self._elsewhere() or refused_url(url, Reach.of(EVERYWHERE if private else ()))
        if refusal is None and find_spec("yt_dlp") is None:
            refusal = Refusal("unavailable", "downloads need yt-dlp: pip install 'reelwatch[download]'")
        if refusal is not None:
            return refusal
        request = self._told(self._ledger.add_request(RequestKind.URL, url.encode(), force=force))
        self._wake()
        return request

    def begin_upload(self, name: str, *, force: bool = False, least_bytes: int = 0) -> Upload | Refusal:
        """Begin to receive a file called `name`, of at least so many bytes; enter what is returned."""
        away = self._elsewhere()
        if away is not None:
            return away
        configuration, root = self._configuration, received_root(self._configuration)
        bounds = Bounds(configuration.largest_upload_mib * 2**20, configuration.disk.low_water_mib * 2**20)
        clean = clean_name(name, configuration.intake.extensions)
        if clean is None:
            known = " ".join(configuration.intake.extensions)
            return Refusal("extension", f"its name ends in none of {known} (intake.extensions). Rename it.")
        refusal = beyond(bounds, root, least_bytes)
        if refusal is not None:
            return refusal
        with ExitStack() as resources:
            landed = resources.enter_context(landing(root))
            asked = name.encode("utf-8", "surrogatepass")
            request = self._ledger.add_request(RequestKind.UPLOAD, asked, force=force)
            return Upload(
                self._told(request),
                landed,
                name=clean,
                bounds=bounds,
                ledger=self._ledger,
                clock=self._clock,
                emit=self._emit,
                resources=resources.pop_all(),
            )

    def _elsewhere(self) -> Refusal | None:
        """Refuse everything where the service would never see what lands here."""
        said = elsewhere(self._ledger.service_start(), self._configuration.state.dir)
        return None if said is None else Refusal("elsewhere", f"{said}. Ask the web face there.")

    def _admission(self) -> Admission:
        configuration, start = self._configuration, self._ledger.service_start()
        inboxes = start.inboxes if start is not None else tuple(map(configured, configuration.intake.inboxes))
        output = (start.output_root,) if start is not None else ()
        folders = (*inboxes, received_root(configuration), *map(configured, configuration.requests.roots))
        never = (os.fsencode(configuration.state.dir.absolute()), configured(configuration.output.dir), *output)
        return Admission(tuple(map(os.path.normpath, folders)), never)  # as intake spells its roots

    def _told(self, request: Request) -> Request:
        tell_received(self._emit, request)
        return request
