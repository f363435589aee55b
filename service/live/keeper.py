"""Keeps the live note of the running service up to date; owned by the driver's loop."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Protocol

from service.clock import Clock
from service.errors import ConfigError
from service.ledger.errors import LedgerError
from service.ledger.ledger import Ledger
from service.ledger.live import LiveText
from service.live.looking import Moment, actors_of, jobs_of, stages_of
from service.live.note import InboxNote, LiveNote, Vitals, changes
from service.logs.names import readable
from service.metrics.gauges import Collector
from service.scheduler.board import Board

LEAST_S = 1.0
"""Between two notes, however much happens."""
AGAIN_S = 0.2
"""After a note that the ledger did not take."""
VITALS_S = 10.0
"""How old memory and free space in a note may be while work goes on: looking through /proc takes milliseconds."""


class Driver(Protocol):
    """What is asked of the driver."""

    @property
    def board(self) -> Board:
        """See `Driver.board`."""

    @property
    def busy(self) -> bool:
        """See `Driver.busy`."""


class Keeper:
    """Writes a note when something has changed, at most every `LEAST_S`; else every `every_s`.

    open_ledger: opens the ledger for expendable notes, when the first one is written. A note that the ledger does not
    take at once is let go: it is for display, and the next one, `AGAIN_S` later, says more.
    """

    def __init__(
        self, *, open_ledger: Callable[[], Ledger], driver: Driver, collector: Collector, clock: Clock, every_s: float
    ) -> None:
        self._open = open_ledger
        self._driver = driver
        self._collector = collector
        self._clock = clock
        self.every_s = every_s
        self._ledger: Ledger | None = None
        self._look_s = self._due_s = self._vitals_s = clock.monotonic()
        self._vitals: Vitals | None = None
        self._written: tuple[Any, ...] | None = None

    def look(self) -> bool:
        """Write a note where one is due; True when one was written. Cheap when called too early."""
        now_s = self._clock.monotonic()
        if now_s < self._look_s:
            return False
        self._look_s = now_s + LEAST_S
        note = self._note(now_s)
        found = changes(note)
        if found == self._written and now_s < self._due_s:
            return False
        with suppress(LedgerError, ConfigError):  # the latter where it may not be read any more
            self._write(note)
            self._written, self._due_s = found, now_s + self._pace_s
            return True
        self._look_s = now_s + AGAIN_S
        return False

    def close(self) -> None:
        """Let go of the ledger; the last note stays, as that of a process that has ended."""
        if self._ledger is not None:
            self._ledger.close()
            self._ledger = None

    @property
    def _pace_s(self) -> float:
        return min(VITALS_S, self.every_s) if self._driver.busy else self.every_s

    def _write(self, note: LiveNote) -> None:
        if self._ledger is None:
            self._ledger = self._open()
        text = note.model_dump_json(exclude_none=True, exclude_defaults=True)
        self._ledger.note_live(LiveText(note.pid, note.at, text))

    def _note(self, now_s: float) -> LiveNote:
        moment, board = Moment(now_s, self._clock.wall()), self._driver.board
        vitals, counted = self._current_vitals(now_s), self._collector.counted()
        return LiveNote(
            pid=os.getpid(),
            at=round(moment.wall, 3),
            started_at=round(self._collector.started_s, 3),
            pool_up=board.up,
            jobs=jobs_of(board, moment),
            actors=actors_of(board, counted, vitals.memory_bytes),
            stages=stages_of(board),
            vitals=vitals,
        )

    def _current_vitals(self, now_s: float) -> Vitals:
        if self._vitals is None or now_s >= self._vitals_s:
            self._vitals_s = now_s + self._pace_s
            self._vitals = _vitals(self._collector)
        return self._vitals


def _vitals(collector: Collector) -> Vitals:
    gauges = collector.gauges(counting=False)
    inboxes = tuple(
        InboxNote(path=readable(root.path), lost=root.lost, watched=root.watched, sweep_s=root.sweep_s)
        for root in gauges.roots
    )
    return Vitals(
        at=round(gauges.now_s, 3),
        memory_bytes=dict(gauges.memory_bytes),
        free_bytes=dict(gauges.free_bytes),
        low_water_bytes=gauges.low_water_bytes,
        inboxes=inboxes,
    )
