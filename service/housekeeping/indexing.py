"""Keeps the index of the library in step with the documents: what the ledger notes at once, the rest by comparison."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator

from service.bookkeeping import Emit
from service.clock import Clock
from service.housekeeping.errand import Errand
from service.housekeeping.housekeeping import SET_ASIDE_S
from service.ledger.errors import LedgerError
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
    with `notes_only`, for whom somebody waits, it never does either: the next service does.
    """

    name = "indexing"

    def __init__(self, *, ledger: Ledger, clock: Clock, emit: Emit, notes_only: bool = False) -> None:
        self._ledger = ledger
        self._library = ledger.library
        self._indexer = Indexer(ledger)
        self._clock = clock
        self._emit = emit
        self._put_off: dict[tuple[bytes, str], float] = {}
        self._compare_s = self._tidy_s = math.inf if notes_only else -math.inf
        self._compared_upto = 0
        self._dropped = True
        self._tidying = False

    def errands(self) -> list[Errand]:
        """Return documents that are to be looked at, and a piece of comparing and of tidying where it is time for it.

        None waits for another: notes may come faster than they are worked off.
        """
        now = self._clock.monotonic()
        self._put_off = {key: until_s for key, until_s in self._put_off.items() if until_s > now}
        due = self._library.due(limit=AT_ONCE + len(self._put_off))
        return [*(_errand(one, self._look) for one in due if _key(one) not in self._put_off), *self._upkeep(now)]

    def _upkeep(self, now: float) -> Iterator[Errand]:
        if now >= self._compare_s:
            yield Errand("compare", self._compare)
        if self._tidying or (self._dropped and now >= self._tidy_s):
            yield Errand("tidy", self._tidy)

    def wait_s(self) -> float:
        """Return in how many seconds something is tried again, compared or tidied."""
        times = [self._compare_s, *self._put_off.values()]
        if self._dropped:
            times.append(self._tidy_s)
        return max(0.0, min(times) - self._clock.monotonic())

    def _look(self, due: Due) -> None:
        # Put off beforehand: one that meets a bug must not be proposed again in place of all others.
        self._put_off[_key(due)] = self._clock.monotonic() + SET_ASIDE_S
        try:
            change = self._indexer.look(due)
        except OSError as exc:
            self._later(due, exc)
            return
        except LedgerError:
            del self._put_off[_key(due)]
            raise
        del self._put_off[_key(due)]
        self._dropped |= change in {Change.REPLACED, Change.DROPPED}

    def _later(self, due: Due, exc: OSError) -> None:
        reason = exc.strerror or type(exc).__name__
        self._put_off[_key(due)] = self._clock.monotonic() + RETRY_S
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
        begin = not self._tidying
        if begin:  # what is dropped from now on is for the next time: only what is there when it begins is merged
            self._dropped = False
        self._tidying = self._library.tidy(begin=begin)
        if not self._tidying:
            self._library.scrub()
            self._tidy_s = self._clock.monotonic() + TIDY_EVERY_S


def _key(due: Due) -> tuple[bytes, str]:
    return due.output_root, due.document


def _errand(due: Due, look: Callable[[Due], None]) -> Errand:
    return Errand(f"index {due.document}", lambda: look(due), {"document": f"{due.document}.json"})
