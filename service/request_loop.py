"""The thread that takes up what the web face asks for: videos that are there and called complete."""

from __future__ import annotations

import threading
from collections.abc import Callable

from service.bookkeeping import Emit
from service.intake.enlist import Refused, look
from service.ledger.errors import LedgerCorrupt, LedgerError
from service.ledger.ledger import Ledger
from service.ledger.request_values import Request
from service.ledger_trouble import PASSING, RETRY_S, LedgerTrouble
from service.request_events import tell_failed, tell_refused, tell_taken
from service.submission import submit

POLL_S = 1.0
"""How often it looks whether the ledger has changed; microseconds when it has not."""
AT_ONCE = 50
WHO = "requests"


class RequestLoop:
    """Takes requests until it is stopped; `wake` is called once one has queued something.

    No watchdog looks after it: a share that hangs under one request must not end the service. What was asked for after
    that waits until the share answers.
    trouble: where a ledger that cannot be used is told. A damaged one ends the loop: `damage` then says how.
    """

    def __init__(self, ledger: Ledger, *, emit: Emit, trouble: LedgerTrouble, wake: Callable[[], None]) -> None:
        self._ledger = ledger
        self._emit = emit
        self._trouble = trouble
        self._wake = wake
        self.damage: LedgerCorrupt | None = None
        self._stopping = threading.Event()
        self._seen_version = -1
        self._thread = threading.Thread(target=self._run, name=WHO, daemon=True)

    def start(self) -> None:
        """Begin, in a thread of its own."""
        self._thread.start()

    def stop(self, *, timeout_s: float = 5.0) -> None:
        """End after the present request; what was not taken is taken after the next start."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(timeout=timeout_s)

    def round(self) -> None:
        """Take every request that waits, if the ledger has changed since the last look. Raises what the ledger does."""
        version = self._ledger.data_version()
        if version == self._seen_version:
            return
        # Read before they are taken, so that what comes meanwhile, and what this process writes, is looked for again.
        while waiting := self._ledger.waiting_requests(limit=AT_ONCE):
            for request in waiting:
                if self._stopping.is_set():
                    return
                self._guarded(request)
        self._seen_version = version

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self.round()
            except PASSING as exc:
                self._trouble.met(WHO, exc)
                self._stopping.wait(RETRY_S)
            except LedgerCorrupt as exc:
                self.damage = exc
                return
            else:
                self._trouble.passed(WHO)
                self._stopping.wait(POLL_S)

    def _guarded(self, request: Request) -> None:
        try:
            self._take(request)
        except LedgerError:
            raise
        except Exception as exc:  # noqa: BLE001 - the one broad catch of this loop: the other requests outlive a bug
            detail = f"{type(exc).__name__}: {exc}"
            self._ledger.fail_request(request.request_id, reason="bug", detail=detail)
            tell_failed(self._emit, request, reason="bug", detail=detail)

    def _take(self, request: Request) -> None:
        if request.root is None or request.path is None:
            raise AssertionError("a request waits only once its video has a place")
        found = look(request.root, request.path)
        if isinstance(found, Refused):
            self._ledger.refuse_request(request.request_id, reason=found.reason, detail=found.detail)
            tell_refused(self._emit, request, reason=found.reason, detail=found.detail)
            return
        (job_id,) = submit(self._ledger, [found], force=request.force)
        self._ledger.request_taken(request.request_id, job_id=job_id)
        tell_taken(self._emit, request, job_id=job_id)
        self._wake()
