"""The downloads of a web process: so many at once, out of the ledger, where what is asked for survives its end."""

from __future__ import annotations

import threading
import traceback
from collections.abc import Callable
from typing import TYPE_CHECKING

from service.downloads.job import Download
from service.errors import ReelwatchError
from service.received.recovery import settle
from service.state import received_root
from service.state_identity import elsewhere

if TYPE_CHECKING:
    from service.bookkeeping import Emit
    from service.clock import Clock
    from service.configuration import Configuration
    from service.ledger.ledger import Ledger

POLL_S = 5.0
"""How often it looks for what another web process has left; what this one is asked for, it is told."""
AFTER_FAILURE_S = 5.0


class Downloads:
    """Fetches what is asked for until it is stopped. ledger: gives it, or raises `LedgerError` while there is none.

    What a process that ended was fetching is begun anew, three times at most (`RequestSide.recover_requests`); what
    this one is fetching when it is stopped, the next one begins anew.
    """

    def __init__(self, configuration: Configuration, ledger: Callable[[], Ledger], *, clock: Clock, emit: Emit) -> None:
        self._configuration = configuration
        self._ledger = ledger
        self._clock = clock
        self._emit = emit
        self._news = threading.Condition()
        self._stopping = False
        self._settled = False
        self._under_way: set[Download] = set()
        at_once = configuration.download.at_once
        self._threads = [
            threading.Thread(target=self._run, name=f"download-{number}", daemon=True) for number in range(at_once)
        ]

    def start(self) -> None:
        """Begin, in threads of its own."""
        for thread in self._threads:
            thread.start()

    def wake(self) -> None:
        """Say that something was asked for."""
        with self._news:
            self._news.notify_all()

    def stop(self, *, timeout_s: float = 5.0) -> None:
        """End what is under way, and give it back for the next start."""
        with self._news:
            self._stopping = True
            self._news.notify_all()
            under_way = list(self._under_way)
        for download in under_way:
            download.stop()
        for thread in self._threads:
            if thread.is_alive():
                thread.join(timeout=timeout_s)

    def look(self) -> bool:
        """Fetch what was asked for first; False when there is nothing, or what lands here the service does not see.

        Raises what the ledger and the folder raise.
        """
        if elsewhere(self._ledger().service_start(), self._configuration.state.dir) is not None:
            return False
        self._settle_once()
        return self._fetch_next()

    def _run(self) -> None:
        while not self._stopping:
            pause_s = POLL_S
            try:
                if self.look():
                    continue
            except (ReelwatchError, OSError):
                # Its own place tells of a ledger that cannot be used (`web.failed`, 503); here it is waited for.
                pause_s = AFTER_FAILURE_S  # the ledger is away, or the folder: what is asked for stays asked for
            except Exception as exc:  # noqa: BLE001 - the one broad catch of this loop: the next ones outlive a bug
                said = "".join(traceback.format_exception(exc))
                self._emit("download.failed", cause=f"{type(exc).__name__}: {exc}", traceback=said)
                pause_s = AFTER_FAILURE_S
            with self._news:
                if not self._stopping:
                    self._news.wait(pause_s)

    def _settle_once(self) -> None:
        """Settle what former processes left, once there is a ledger."""
        with self._news:
            if not self._settled:
                settle(self._ledger(), received_root(self._configuration), emit=self._emit)
                self._settled = True

    def _fetch_next(self) -> bool:
        """Fetch what was asked for first; False when there is nothing."""
        ledger = self._ledger()
        request = ledger.claim_download()
        if request is None:
            return False
        download = Download(request, self._configuration, ledger, clock=self._clock, emit=self._emit)
        with self._news:
            self._under_way.add(download)
            stopping = self._stopping
        try:
            if stopping:
                download.stop()
            download.run()
        finally:
            with self._news:
                self._under_way.discard(download)
        return True
