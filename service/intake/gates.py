"""The gates G1 to G6 for one file, as pure functions of what is remembered of it and of what a probe found.

Each returns a `Judgement`: the verdict, and when to look again if nothing changes until then.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from service.intake import verdicts
from service.intake.ports import Generation
from service.intake.probe import Changed, HeldOpen, Inspection, Seen, Trouble, Unread
from service.intake.settings import IntakeSettings, backoff_s
from service.intake.structure import Wholeness
from service.intake.tracks import Track
from service.intake.verdicts import Verdict

_IO_FIRST_S, _IO_LONGEST_S = 1.0, 60.0
_INCOMPLETE_LONGEST_S = 3600.0
_WRITER_FIRST_S = 0.5


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict (None: nothing to say) and the monotonic time of the next look."""

    verdict: Verdict | None
    due_s: float = math.inf


@dataclass(frozen=True, slots=True)
class Case:
    """One file at one moment."""

    track: Track
    settings: IntakeSettings
    now: float


def before_looking(case: Case) -> Judgement | None:
    """Apply G1 and G2, which need no descriptor; None lets the file on to the probe."""
    track, settings = case.track, case.settings
    if track.stat.size == 0:
        stale_s = track.first_seen_s + settings.incomplete_give_up_s
        if case.now >= stale_s:
            return Judgement(verdicts.waiting_stale_empty(after_s=settings.incomplete_give_up_s))
        return Judgement(verdicts.waiting_empty(), stale_s)
    if case.now < track.quiet_until_s(settings):
        return _not_quiet(case)
    return None


def after_looking(case: Case, inspection: Inspection) -> Judgement:
    """Apply what the probe found: its trouble, then G2 again, then G3 to G6 in order."""
    match inspection:
        case Unread():
            return _unread(case, inspection)
        case Changed():
            case.track.note(inspection.stat, now=case.now, settings=case.settings)
            return _not_quiet(case)
        case HeldOpen():
            return _writer(case, inspection)
        case Seen():
            return (
                _still_changing(case, inspection)
                or _writer_unknown(case, inspection)
                or _hole(case, inspection)
                or _container(case, inspection)
                or _sibling(case)
                or Judgement(_pass(inspection))
            )


def _not_quiet(case: Case) -> Judgement:
    window_s = case.track.window_s(case.settings)
    return Judgement(verdicts.waiting_quiet(window_s=window_s), case.track.quiet_until_s(case.settings))


def _unread(case: Case, inspection: Unread) -> Judgement:
    track, settings = case.track, case.settings
    if inspection.trouble is Trouble.GONE:
        return Judgement(None)  # what that means is for scans to say
    if inspection.trouble is Trouble.PERMISSION:
        return Judgement(verdicts.blocked_permission(), case.now + settings.blocked_recheck_s)
    pause_s = backoff_s(track.rechecks, first_s=_IO_FIRST_S, longest_s=_IO_LONGEST_S)
    track.rechecks += 1
    return Judgement(verdicts.blocked_io(inspection.error), case.now + pause_s)


def _writer(case: Case, inspection: HeldOpen) -> Judgement:
    """G3: rechecks follow the writer's own pace, so that a file is taken soon after a short copy ends."""
    track = case.track
    track.held = track.grew = True
    track.note(inspection.stat, now=case.now, settings=case.settings)
    pause_s = min(max((case.now - track.changed_s) / 4, _WRITER_FIRST_S), case.settings.writer_recheck_s)
    return Judgement(verdicts.waiting_writer(), case.now + pause_s)


def _no_writer(case: Case, inspection: Seen) -> bool:
    """Tell a proven absence of writers: on a shared file system a free lease says nothing about other hosts."""
    return case.track.local and inspection.writer_known


def _still_changing(case: Case, inspection: Seen) -> Judgement | None:
    """G2 for a file whose times alone move: it passes once two looks, a window apart, found equal ends.

    Only where "no writer" is a known fact; elsewhere somebody may be filling reserved space in the middle.
    """
    track, settings = case.track, case.settings
    was_touched, track.held = track.touched, False
    track.note(inspection.stat, now=case.now, settings=settings)
    if case.now >= track.changed_s + track.window_s(settings):
        track.touched = False
        return None
    if not track.touched:
        return _not_quiet(case)
    stood_still = was_touched and track.fingerprint == inspection.head_tail
    track.fingerprint = inspection.head_tail
    if stood_still and _no_writer(case, inspection):
        return None
    return Judgement(verdicts.waiting_touched(), case.now + max(track.window_s(settings), settings.quiet_local_s))


def _unasked_until_s(case: Case) -> float:
    """Return when time has stood in for what cannot be told."""
    since_s = case.track.body_changed_s if case.track.touched else case.track.changed_s
    return since_s + case.track.doubt_s(case.settings)


def _writer_unknown(case: Case, inspection: Seen) -> Judgement | None:
    until_s = _unasked_until_s(case)
    if _no_writer(case, inspection) or case.now >= until_s:
        return None
    return Judgement(verdicts.waiting_writer_unknown(window_s=case.track.doubt_s(case.settings)), until_s)


def _hole(case: Case, inspection: Seen) -> Judgement | None:
    if inspection.hole_at is None or not case.track.local or not case.settings.wait_for_holes:
        return None
    return _incomplete(case, inspection, verdicts.incomplete_hole(offset=inspection.hole_at))


def _container(case: Case, inspection: Seen) -> Judgement | None:
    structure = inspection.structure
    if structure.wholeness is Wholeness.INCOMPLETE:
        return _incomplete(case, inspection, verdicts.incomplete(structure.reason, structure.detail))
    until_s = _unasked_until_s(case)
    if structure.wholeness is Wholeness.UNDECIDED and case.now < until_s:
        return Judgement(verdicts.waiting_end_unknown(structure, window_s=case.track.doubt_s(case.settings)), until_s)
    return None


def _incomplete(case: Case, inspection: Seen, verdict: Verdict) -> Judgement:
    track, settings = case.track, case.settings
    if track.incomplete_since_s is None:
        track.incomplete_since_s = case.now
    give_up_s = track.incomplete_since_s + settings.incomplete_give_up_s
    if case.now >= give_up_s:
        after_s = settings.incomplete_give_up_s
        return Judgement(verdicts.settled_truncated(_generation(inspection), detail=verdict.reason, after_s=after_s))
    pause_s = backoff_s(track.rechecks, first_s=settings.incomplete_recheck_s, longest_s=_INCOMPLETE_LONGEST_S)
    track.rechecks += 1
    return Judgement(verdict, min(case.now + pause_s, give_up_s))


def _sibling(case: Case) -> Judgement | None:
    """G6; an abandoned `.part` does not hold its neighbour for ever (rclone leaves one behind when killed)."""
    track, stale_s = case.track, case.settings.sibling_stale_s
    if track.sibling is None or case.now >= track.sibling_changed_s + stale_s:
        return None
    verdict = verdicts.waiting_sibling(track.sibling.name, stale_s=stale_s)
    return Judgement(verdict, track.sibling_changed_s + stale_s)


def _pass(inspection: Seen) -> Verdict:
    if inspection.structure.wholeness is Wholeness.NOT_VIDEO:
        return verdicts.rejected(inspection.structure, _generation(inspection))
    return verdicts.settled(_generation(inspection))


def _generation(inspection: Seen) -> Generation:
    stat = inspection.stat
    return Generation(stat.device, stat.inode, stat.size, stat.mtime_ns, inspection.head_tail)
