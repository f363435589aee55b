"""What is said while the ledger cannot be used: that it is so, once, and that it is over. Meanwhile all is kept."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from service.bookkeeping import Emit
from service.clock import Clock
from service.disk import remedy
from service.ledger.errors import LedgerBusy, LedgerUnavailable
from service.ledger.values import WorkPause

Trouble = LedgerBusy | LedgerUnavailable
PASSING = (LedgerBusy, LedgerUnavailable)
"""What may be over after a while; nothing has been changed then."""
RETRY_S = 2.0
"""How long whoever met it waits before the next try, which itself waits for a lock."""
AT_MOST_S = 3600.0
"""After so long in one go the service ends, so that whoever watches over it sees that it cannot work."""
START_WITHIN_S = 60.0
"""A start waits so long: less than systemd does (TimeoutStartSec=90), with the last try's patience for a lock."""

_ResultT = TypeVar("_ResultT")


class LedgerTrouble:
    """The episodes in which one or several users of the ledger (`who`) cannot use it; for any thread."""

    def __init__(self, state: Path, *, low_water_mib: int, clock: Clock, emit: Emit) -> None:
        self._state = state
        self.low_water_mib = low_water_mib
        self._clock = clock
        self._emit = emit
        self._lock = threading.Lock()
        self._who: set[str] = set()
        self._since_s = 0.0
        self._error: Trouble | None = None

    @property
    def sentence(self) -> str | None:
        """Why the ledger cannot be used at present, None when it can."""
        error = self._error
        return None if error is None else str(error)

    def met(self, who: str, error: Trouble) -> None:
        """Note that `who` could not use the ledger."""
        with self._lock:
            begins, self._error = not self._who, error
            self._who.add(who)
            if begins:
                self._since_s = self._clock.monotonic()
                self._tell(error)

    def require_hope(self) -> None:
        """Raise what the ledger says, once it has been saying so for `AT_MOST_S`."""
        error = self._error
        if error is not None and self._clock.monotonic() - self._since_s >= AT_MOST_S:
            raise error

    def passed(self, who: str) -> None:
        """Note that `who` could use it; the episode is over when everybody can. Cheap when there was none."""
        if who not in self._who:
            return
        with self._lock:
            self._who.discard(who)
            if self._who:
                return
            self._error = None
            self._emit("work.resumed", reason="ledger", seconds=round(self._clock.monotonic() - self._since_s, 1))

    def _tell(self, error: Trouble) -> None:
        if isinstance(error, LedgerBusy):
            self._emit("ledger.busy", cause=str(error), detail="it is tried again; nothing is begun, nothing forgotten")
            return
        state = os.fsencode(self._state)
        self._emit(
            "work.paused",
            reason=error.reason,
            path=state,
            low_water_mib=self.low_water_mib,
            remedy=remedy(WorkPause(error.reason, state, self.low_water_mib)),
            detail=f"{error} Files are still watched; nothing is begun, nothing forgotten.",
        )


def patiently(
    action: Callable[[], _ResultT], trouble: LedgerTrouble, *, wait: Callable[[float], bool], clock: Clock
) -> _ResultT:
    """Return what `action` does with the ledger, tried again for `START_WITHIN_S` while that cannot be used.

    wait: waits so long, and says whether to give up. Raises what the last try raised.
    """
    end_s = clock.monotonic() + START_WITHIN_S
    while True:
        try:
            found = action()
        except PASSING as exc:
            trouble.met("start", exc)
            if clock.monotonic() >= end_s or wait(RETRY_S):
                raise
            continue
        trouble.passed("start")
        return found
