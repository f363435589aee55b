"""The thread that works off what follows documents: one errand after another, whatever happens in one of them."""

from __future__ import annotations

import math
import threading
import traceback
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from service.bookkeeping import Emit
from service.clock import Clock
from service.housekeeping.errand import Errand, Task
from service.ledger.errors import LedgerCorrupt, LedgerError
from service.ledger.ledger import Ledger
from service.ledger_trouble import PASSING, LedgerTrouble

POLL_S = 1.0
"""How often it looks whether the ledger has changed; microseconds when it has not."""
AFTER_FAILURE_S = 2.0
WHO = "housekeeping"
_TOLD = ("job", "root", "path", "video_id", "message_id", "kind", "document")
"""What the log is told of an errand."""
SET_ASIDE_S = 3600.0
"""How long an errand, or a task, that met a bug is left alone, so that the others get their turn."""


class Housekeeping:
    """Carries out the errands of its tasks until it is stopped. What must survive a crash, they keep in the ledger.

    trouble: where a ledger that cannot be used is told; who calls `work_off` alone needs none. A damaged ledger ends
    the loop: `damage` then says how.
    """

    def __init__(
        self, tasks: Sequence[Task], *, ledger: Ledger, clock: Clock, emit: Emit, trouble: LedgerTrouble | None = None
    ) -> None:
        self._tasks = tasks
        self._ledger = ledger
        self._clock = clock
        self._emit = emit
        self._trouble = trouble
        self.damage: LedgerCorrupt | None = None
        self._stopping = threading.Event()
        self._set_aside: dict[str, float] = {}
        self._seen_version = -1
        self._due_s = 0.0
        self._until_s = math.inf
        self._thread = threading.Thread(target=self._run, name="housekeeping", daemon=True)
        self.ticked_s = clock.monotonic()
        """When it last began an errand or looked for one. One errand may take as long as the webhook's timeout."""

    def start(self) -> None:
        """Begin, in a thread of its own; without tasks there is nothing to begin."""
        if self._tasks:
            self._thread.start()

    def stop(self, *, timeout_s: float = 5.0) -> None:
        """End after the present errand; one that takes longer is ended with the process, and is found in the ledger."""
        self._stopping.set()
        if self._thread.is_alive():
            self._thread.join(timeout=timeout_s)

    def work_off(self, *, within_s: float = math.inf) -> None:
        """Do everything that is due now, also what one errand makes due for the next, and begin nothing after a time.

        Whoever has no thread calls it. Raises `LedgerBusy` and `LedgerUnavailable`.
        """
        self._until_s = self._clock.monotonic() + within_s
        busy = True
        while busy:
            found = [self._work_at(task) for task in self._tasks]
            busy = any(found) and not self._ended

    def _run(self) -> None:
        while not self._stopping.is_set():
            self.ticked_s = self._clock.monotonic()
            try:
                self._round()
            except PASSING as exc:
                if self._trouble is not None:
                    self._trouble.met(WHO, exc)
                self._stopping.wait(AFTER_FAILURE_S)
            except LedgerCorrupt as exc:
                self.damage = exc
                return
            else:
                if self._trouble is not None:
                    self._trouble.passed(WHO)
                self._stopping.wait(POLL_S)

    def _round(self) -> None:
        version = self._ledger.data_version()
        if version == self._seen_version and self._clock.monotonic() < self._due_s:
            return
        self._seen_version = version
        self.work_off()
        waits = [task.wait_s() for task in self._tasks if task.name not in self._set_aside]
        self._due_s = self._clock.monotonic() + min([*waits, SET_ASIDE_S])

    def _work_at(self, task: Task) -> bool:
        """Carry out one task's errands; say whether there were any that are not set aside."""
        found: list[Errand] = []
        if not self._is_set_aside(task.name):
            self._guarded(task, task.name, lambda: found.extend(task.errands()), {})
        errands = [errand for errand in found if not self._is_set_aside(errand.key)]
        for errand in errands:
            if self._ended:
                break
            self.ticked_s = self._clock.monotonic()
            self._guarded(task, errand.key, errand.run, errand.about)
        return bool(errands)

    @property
    def _ended(self) -> bool:
        return self._stopping.is_set() or self._clock.monotonic() >= self._until_s

    def _guarded(self, task: Task, key: str, act: Callable[[], None], about: Mapping[str, Any]) -> None:
        """Do something of a task's, an errand or the look for some; what meets a bug is set aside by its key."""
        try:
            act()
        except LedgerError:
            raise
        except Exception as exc:  # noqa: BLE001 - the one broad catch of this loop: the others' errands outlive a bug
            self._set_aside[key] = self._clock.monotonic() + SET_ASIDE_S
            cause, where = f"{type(exc).__name__}: {exc}", traceback.format_exc()
            said = {name: about[name] for name in _TOLD if name in about}
            self._emit("housekeeping.failed", task=task.name, cause=cause, traceback=where, **said)

    def _is_set_aside(self, key: str) -> bool:
        until_s = self._set_aside.get(key)
        if until_s is None or self._clock.monotonic() < until_s:
            return until_s is not None
        del self._set_aside[key]
        return False
