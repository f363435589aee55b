"""Keeps the index of the library in step with the documents: what the ledger notes at once, the rest by comparison."""

from __future__ import annotations

import math
import os

from service.bookkeeping import Emit
from service.clock import Clock
from service.housekeeping.errand import Errand
from service.ledger.ledger import Ledger
from service.ledger.library.values import Due
from service.search.indexer import Change, Indexer

AT_ONCE = 20
RETRY_S = 60.0
COMPARE_EVERY_S = 600.0
"""How often files are compared with what was indexed: somebody may have deleted or replaced documents."""
TIDY_EVERY_S = 600.0
"""How often, at most, the index of words is rewritten so that nothing of what was dropped lies on in it."""


class Indexing:
    """The task.

    Begins with a comparison, which finds what no note tells of, and with tidying up after a process that was killed;
    with `notes_only`, for whom somebody waits, it does neither.
    """

    name = "indexing"

    def __init__(self, *, ledger: Ledger, clock: Clock, emit: Emit, notes_only: bool = False) -> None:
        self._ledger = ledger
        self._library = ledger.library
        self._indexer = Indexer(ledger)
        self._clock = clock
        self._emit = emit
        self._put_off: dict[tuple[bytes, str], tuple[float, str]] = {}
        self._compare_s = math.inf if notes_only else -math.inf
        self._tidy_s = -math.inf
        self._compared_upto = 0
        self._dropped = not notes_only
        self._tidying = False

    def errands(self) -> list[Errand]:
        """Return documents that are to be looked at; without any, a piece of the comparison or of the tidying."""
        now = self._clock.monotonic()
        self._put_off = {key: value for key, value in self._put_off.items() if value[0] > now}
        due = self._library.due(limit=AT_ONCE + len(self._put_off))
        found = [one for one in due if (one.output_root, one.document) not in self._put_off]
        if found:
            return [
                Errand(f"index {one.document}", lambda one=one: self._look(one), {"document": f"{one.document}.json"})  # type: ignore[misc] # mypy cannot infer a lambda with a default
                for one in found
            ]
        if now >= self._compare_s:
            return [Errand("compare", self._compare)]
        if self._tidying or (self._dropped and now >= self._tidy_s):
            return [Errand("tidy", self._tidy)]
        return []

    def wait_s(self) -> float:
        """Return in how many seconds something is tried again, compared or tidied."""
        times = [self._compare_s, *(until_s for until_s, _ in self._put_off.values())]
        if self._dropped:
            times.append(self._tidy_s)
        return max(0.0, min(times) - self._clock.monotonic())

    def _look(self, due: Due) -> None:
        try:
            change = self._indexer.look(due)
        except OSError as exc:
            self._later(due, exc)
            return
        self._dropped |= change in {Change.REPLACED, Change.DROPPED}

    def _later(self, due: Due, exc: OSError) -> None:
        reason = exc.strerror or type(exc).__name__
        self._put_off[due.output_root, due.document] = (self._clock.monotonic() + RETRY_S, reason)
        where = os.fsdecode(due.output_root)
        told = {"document": f"{due.document}.json", "reason": reason, "detail": f"it cannot be read below {where}"}
        self._emit("document.not_indexed", **told, retry_in_s=RETRY_S)

    def _compare(self) -> None:
        if self._compared_upto == 0:
            self._library.note_missing()
        self._compared_upto, _ = self._indexer.compare(self._compared_upto)
        if self._compared_upto == 0:
            self._compare_s = self._clock.monotonic() + COMPARE_EVERY_S

    def _tidy(self) -> None:
        begin, self._dropped = not self._tidying, False
        self._tidying = self._library.tidy(begin=begin)
        if not self._tidying:
            self._library.scrub()
            self._tidy_s = self._clock.monotonic() + TIDY_EVERY_S
