"""What is remembered of a file that is not taken yet, from one look to the next."""

from __future__ import annotations

import math
from dataclasses import dataclass

from service.intake.probe import FileStat
from service.intake.settings import IntakeSettings
from service.ledger.states import State


@dataclass(frozen=True, slots=True)
class Sibling:
    """A temporary file that holds a final name busy, as the scan saw it."""

    name: bytes
    size: int
    mtime_ns: int


@dataclass(slots=True)
class Track:
    """What is remembered of one file that is not taken yet. Times are monotonic seconds.

    changed_s, body_changed_s: when another stat, another size was first seen; same_s: when the stat was last confirmed;
    unrest_s: when the present run of changes began. held: the last look found a writer, grew: one was at work since we
    know the file. touched: for long only its times have moved. told: what was last reported.
    """

    stat: FileStat
    local: bool
    first_seen_s: float
    changed_s: float
    body_changed_s: float
    same_s: float
    unrest_s: float
    due_s: float = math.inf
    longest_gap_s: float = 0.0
    held: bool = False
    grew: bool = False
    sibling: Sibling | None = None
    sibling_changed_s: float = 0.0
    incomplete_since_s: float | None = None
    rechecks: int = 0
    touched: bool = False
    fingerprint: str = ""
    told: tuple[State, str] | None = None

    def note(self, stat: FileStat, *, now: float, settings: IntakeSettings) -> None:
        """Take in what a look showed."""
        if stat == self.stat:
            # While a writer holds the file, its pauses say nothing: the end of its work will be seen.
            self.same_s = self.same_s if self.held else now
            return
        # The pause that was seen, not the time between two looks: those are ours, not the writer's.
        pause_s = self.same_s - self.changed_s
        self.longest_gap_s = max(self.longest_gap_s, pause_s)
        if pause_s >= self.window_s(settings):
            self.unrest_s = now
        if not stat.same_body(self.stat):
            self.body_changed_s, self.grew, self.fingerprint = now, True, ""
            self.incomplete_since_s = None
        self.stat, self.changed_s, self.same_s, self.rechecks = stat, now, now, 0
        self.touched = now - max(self.body_changed_s, self.unrest_s) >= settings.touch_patience_s

    def window_s(self, settings: IntakeSettings) -> float:
        """G2's window for a file of which all is known; short where it appeared whole."""
        if not self.local:
            return settings.quiet_network_s
        return settings.quiet_local_s if self.grew else settings.quiet_whole_s

    def doubt_s(self, settings: IntakeSettings) -> float:
        """G2's window where writer or end cannot be told: at least twice the longest pause its writer has made."""
        least_s = max(settings.foreign_quiet_s, self.window_s(settings))
        return max(least_s, min(2 * self.longest_gap_s, settings.longest_quiet_s))

    def quiet_until_s(self, settings: IntakeSettings) -> float:
        """When G2 is passed if nothing changes; touches alone do not postpone it for ever."""
        return (self.body_changed_s if self.touched else self.changed_s) + self.window_s(settings)
