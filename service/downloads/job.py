"""One request for a URL from its beginning to its end: fetched, landed, and told to the ledger."""

from __future__ import annotations

import math
import os
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from service.disk import free_bytes
from service.downloads.addresses import EVERYWHERE
from service.downloads.order import Fetched, NotFetched, Order, Progress
from service.downloads.process import DownloadProcess
from service.ledger.errors import LedgerError
from service.ledger_trouble import PASSING, RETRY_S
from service.received.folder import Landing, landing
from service.received.names import clean_name
from service.received.upload import PROGRESS_EVERY_S
from service.request_events import shown_url, tell_failed, tell_refused
from service.state import received_root

if TYPE_CHECKING:
    from service.bookkeeping import Emit
    from service.clock import Clock
    from service.configuration import Configuration
    from service.intake.ports import Location
    from service.ledger.ledger import Ledger
    from service.ledger.request_values import Request


class Download:
    """`run` carries it out; `stop`, from another thread, gives it back."""

    def __init__(
        self, request: Request, configuration: Configuration, ledger: Ledger, *, clock: Clock, emit: Emit
    ) -> None:
        self._request = request
        self._configuration = configuration
        self._ledger = ledger
        self._clock = clock
        self._emit = emit
        self._root = received_root(configuration)
        self._url = request.asked.decode()
        self._process: DownloadProcess | None = None
        self._stopped = threading.Event()
        self._began_s = clock.monotonic()
        self._noted_s = -math.inf

    def stop(self) -> None:
        """End it; it is begun anew by whoever claims it next."""
        self._stopped.set()
        if self._process is not None:
            self._process.kill()

    def run(self) -> None:
        """Fetch the video and let it appear; whatever comes of it, the ledger knows afterwards.

        Raises `LedgerError` where it was stopped while the ledger could not be told.
        """
        try:
            self._carry_out()
        except LedgerError:
            raise
        except OSError as exc:
            self._give_up(NotFetched("os_error", f"the host refused: {os.strerror(exc.errno or 0)}", final=False))
        except Exception as exc:  # noqa: BLE001 - the one broad catch of a download: the next ones outlive a bug
            with suppress(LookupError):  # a ledger that was rebuilt meanwhile knows nothing of it
                self._give_up(NotFetched("bug", f"{type(exc).__name__}: {exc}", final=False))

    def _carry_out(self) -> None:
        with landing(self._root) as landed:
            fetched = self._fetched(landed)
            ended = self._landed(landed, fetched) if isinstance(fetched, Fetched) else fetched
        if ended is None:
            self._tell(lambda: self._ledger.release_download(self._request.request_id))
        elif isinstance(ended, NotFetched):
            self._give_up(ended)
        else:
            self._appeared(*ended)

    def _fetched(self, landed: Landing) -> Fetched | NotFetched | None:
        """Follow the process of the download; None when it was stopped."""
        if self._stopped.is_set():
            return None
        self._process = process = DownloadProcess(self._order(landed), clock=self._clock)
        if self._stopped.is_set():  # in this very moment
            process.kill()
        self._emit("download.started", request=self._request.request_id, url=shown_url(self._url), pid=process.pid)
        ended = process.follow(self._progressed)
        return None if self._stopped.is_set() else ended

    def _landed(self, landed: Landing, fetched: Fetched) -> tuple[Location, int] | NotFetched:
        extensions = self._configuration.intake.extensions
        name = clean_name(fetched.name, extensions)
        if name is None:
            return NotFetched("no_format", f"it ends in none of {' '.join(extensions)}", final=True)
        size_bytes = (landed.folder / fetched.video).stat().st_size

        def note(free: str) -> None:
            number, place = self._request.request_id, (self._root, os.fsencode(free))
            self._tell(lambda: self._ledger.note_place(number, place, size_bytes=size_bytes))

        try:
            free = landed.publish(fetched.video, name=name, sidecar=fetched.sidecar, about_to=note)
        except OSError as exc:
            return NotFetched("not_written", os.strerror(exc.errno or 0), final=False)
        return (self._root, os.fsencode(free)), size_bytes

    def _order(self, landed: Landing) -> Order:
        bounds = self._configuration.download
        return Order(
            url=self._url,
            folder=str(landed.folder),
            most_bytes=self._configuration.largest_download_mib * 2**20,
            most_s=bounds.most_s,
            extensions=self._configuration.intake.extensions,
            networks=EVERYWHERE if bounds.allow_private_addresses else (),
            niceness=self._configuration.host.niceness,
            parent=os.getpid(),
        )

    def _progressed(self, progress: Progress) -> NotFetched | None:
        """Note how it goes, now and then; return why it must end."""
        if self._clock.monotonic() < self._noted_s + PROGRESS_EVERY_S:
            return None
        self._noted_s = self._clock.monotonic()
        with suppress(LedgerError):  # the next one tells more
            self._ledger.note_progress(self._request.request_id, done=progress.done, total=progress.total)
        free, low_water_mib = free_bytes(self._root), self._configuration.disk.low_water_mib
        to_come = (progress.total or progress.done) - progress.done
        if free is None or free - to_come >= low_water_mib * 2**20:
            return None
        detail = f"{free // 2**20} MiB are free where it lands, and {low_water_mib} MiB must stay so"
        return NotFetched("disk_full", f"{detail} (disk.low_water_mib). Free space there.", final=False)

    def _appeared(self, place: Location, size_bytes: int) -> None:
        number = self._request.request_id
        self._tell(lambda: self._ledger.video_is_there(number, place, size_bytes=size_bytes))
        seconds = round(self._clock.monotonic() - self._began_s, 3)
        said = {"root": place[0], "path": place[1], "size_bytes": size_bytes, "seconds": seconds}
        self._emit("download.done", request=number, url=shown_url(self._url), **said)

    def _give_up(self, ended: NotFetched) -> None:
        said = {"reason": ended.reason, "detail": ended.detail}
        note = self._ledger.refuse_request if ended.final else self._ledger.fail_request
        self._tell(lambda: note(self._request.request_id, **said))
        tell = tell_refused if ended.final else tell_failed
        tell(self._emit, self._request, **said)

    def _tell(self, tell: Callable[[], None]) -> None:
        """Tell the ledger; while it is busy, wait for it, unless this is to stop."""
        while True:
            try:
                return tell()
            except PASSING:
                if self._stopped.is_set():
                    raise
                self._clock.sleep(RETRY_S)
