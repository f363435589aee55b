"""When a file is taken: a state machine over the gates that owns no thread, no clock and no file.

It is told what scans see (`see`), asks a probe when a quiet window has passed (`advance`), and answers with verdicts,
one for each change of state or reason. Events play no part here: they only make scans happen sooner.
"""

from __future__ import annotations

import heapq
import itertools
import math
from dataclasses import replace

from service.intake import gates
from service.intake.gates import Case, Judgement
from service.intake.ports import Location
from service.intake.probe import FileStat, Probe
from service.intake.settings import IntakeSettings
from service.intake.tracks import Sibling, Track
from service.intake.verdicts import Reason, Verdict
from service.ledger.states import State

_EMPTY = (State.WAITING, Reason.EMPTY)
_ENDS = frozenset({State.QUEUED, State.REJECTED})


class Settler:
    """All files that are being watched until they are complete."""

    def __init__(self, settings: IntakeSettings, probe: Probe) -> None:
        self._settings = settings
        self._probe = probe
        self._tracks: dict[Location, Track] = {}
        self._agenda: list[tuple[float, int, Location]] = []
        self._order = itertools.count()
        self._paused: set[bytes] = set()

    def __len__(self) -> int:
        return len(self._tracks)

    def __contains__(self, location: Location) -> bool:
        return location in self._tracks

    def track(self, location: Location) -> Track | None:
        """Return what is remembered of a file that waits."""
        return self._tracks.get(location)

    def next_due_s(self) -> float:
        """Return the monotonic time at which `advance` may have something to do; infinity if nothing waits for time."""
        return self._agenda[0][0] if self._agenda else math.inf

    def forget(self, location: Location) -> Track | None:
        """Stop watching a file, and return what was remembered of it."""
        return self._tracks.pop(location, None)

    def see(
        self,
        location: Location,
        stat: FileStat,
        *,
        now: float,
        local: bool,
        sibling: Sibling | None = None,
        incomplete_since_s: float | None = None,
    ) -> None:
        """Take note of what a scan saw; another inode under the name is another file, whose windows start anew."""
        track = self._tracks.get(location)
        if track is None or (track.stat.device, track.stat.inode) != (stat.device, stat.inode):
            track = Track(stat, local, now, now, now, now, now, incomplete_since_s=incomplete_since_s)
            self._tracks[location] = track
            self._schedule(location, track, now)
        elif track.stat == stat:
            track.note(stat, now=now, settings=self._settings)
            if track.due_s == math.inf and stat.size:  # it was gone when the probe looked, and is back
                self._schedule(location, track, now)
        else:
            appointed = track.touched and track.due_s < math.inf  # the second look has its own time
            track.note(stat, now=now, settings=self._settings)
            if not appointed:
                self._schedule(location, track, max(now, track.quiet_until_s(self._settings)))
        if track.sibling != sibling:
            track.sibling, track.sibling_changed_s = sibling, now
            self._schedule(location, track, min(track.due_s, max(now, track.quiet_until_s(self._settings))))

    def pause(self, root: bytes) -> None:
        """Judge nothing under a root that is lost."""
        self._paused.add(root)

    def is_paused(self, root: bytes) -> bool:
        """Tell whether a root is lost."""
        return root in self._paused

    def resume(self, root: bytes, *, now: float) -> None:
        """Judge what waits under a root that is back, each as if its time had come."""
        self._paused.discard(root)
        for location, track in self._tracks.items():
            if location[0] == root:
                self._schedule(location, track, now)

    def advance(self, *, now: float, limit: int) -> list[tuple[Location, Verdict]]:
        """Judge at most `limit` files whose time has come, oldest first; return the verdicts that are news.

        A file whose verdict is QUEUED or REJECTED is no longer watched.
        """
        news: list[tuple[Location, Verdict]] = []
        for _ in range(limit):
            location = self._next(now)
            if location is None:
                break
            track = self._tracks[location]
            judgement = self._judge(location, track, now)
            self._schedule(location, track, judgement.due_s)
            if judgement.verdict is not None and _is_news(track, judgement.verdict):
                news.append((location, judgement.verdict))
        return news

    def _next(self, now: float) -> Location | None:
        while self._agenda and self._agenda[0][0] <= now:
            due_s, _, location = heapq.heappop(self._agenda)
            track = self._tracks.get(location)
            if track is not None and track.due_s == due_s and location[0] not in self._paused:
                return location  # any other entry was rescheduled, forgotten, or comes back with its root
        return None

    def _judge(self, location: Location, track: Track, now: float) -> Judgement:
        case = Case(track, self._settings, now)
        early = gates.before_looking(case)
        if early is not None:
            return early
        judgement = gates.after_looking(case, self._probe.inspect(*location, expected=track.stat))
        if judgement.verdict is not None and judgement.verdict.state in _ENDS:
            self._tracks.pop(location)
            return replace(judgement, verdict=replace(judgement.verdict, settling_s=now - track.first_seen_s))
        return judgement

    def _schedule(self, location: Location, track: Track, due_s: float) -> None:
        track.due_s = due_s
        if due_s < math.inf:
            heapq.heappush(self._agenda, (due_s, next(self._order), location))


def _is_news(track: Track, verdict: Verdict) -> bool:
    told = (verdict.state, verdict.reason)
    if track.told == told:
        return False
    # What else was said still holds; a writer that closes after each piece would be reported twice for every piece.
    if verdict.reason == Reason.QUIET and track.told not in {None, _EMPTY}:
        return False
    track.told = told
    return True
