"""Why a video is where it is, in plain words, and what would help: what `reelwatch why` says, for pages and the API."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from service.disk import remedy
from service.ledger.states import SETTLING, State
from service.logs.names import readable

if TYPE_CHECKING:
    from service.ledger.values import Job, WorkPause

RETRIABLE = frozenset({State.FAILED, State.REJECTED, State.PARKED})
"""States from which `retry` tries again."""

_WORDS: Mapping[State, str] = MappingProxyType(
    {
        State.WAITING: "Not taken yet",
        State.INCOMPLETE: "Not whole yet",
        State.BLOCKED: "Cannot be read for now",
        State.QUEUED: "Complete; waits for its turn",
        State.RUNNING: "Being described",
        State.DONE: "Described",
        State.DUPLICATE: "The same content is described already",
        State.REJECTED: "No video, or none that can be decoded",
        State.FAILED: "All attempts failed",
        State.PARKED: "A model's process died on it twice",
        State.SUPERSEDED: "Replaced by newer content",
        State.GONE: "Disappeared before it was described",
    }
)
_REMEDIES: Mapping[State, str] = MappingProxyType(
    {
        State.REJECTED: "Check that the file plays and write it anew; or try again.",
        State.FAILED: "Try again. If it fails again, the service's log says more (event job.failed).",
        State.PARKED: "Try again: it runs alone then. `reelwatch doctor` says what this host lacks.",
    }
)
_SILENT = frozenset({State.DONE, State.RUNNING, State.SUPERSEDED, State.GONE})
_SELF_EVIDENT = frozenset({"settled", "same_content", "retry", "reprocess", "died_twice"})
"""Reasons that say no more than the state does."""


@dataclass(frozen=True, slots=True)
class Situation:
    """What keeps all videos alike. running: the service is there. pause: why it begins nothing. now: wall clock."""

    running: bool
    pause: WorkPause | None
    now: float


@dataclass(frozen=True, slots=True)
class Explanation:
    """sentence: why it is where it is. remedy: what would help, None where nothing need be done.

    retry_at: when it is tried again by itself, wall-clock seconds.
    """

    sentence: str
    remedy: str | None = None
    retry_at: float | None = None


def explained(job: Job, situation: Situation) -> Explanation:
    """Say why a job is where it is."""
    if job.state is State.QUEUED:
        return _queued(job, situation)
    why = None if job.state in _SILENT else _because(job)
    if job.state in SETTLING and why is not None:
        return Explanation(_capital(why))  # a gate's sentence says itself what it waits for
    return Explanation(_WORDS[job.state] + (f": {why}" if why else ""), _REMEDIES.get(job.state))


def _queued(job: Job, situation: Situation) -> Explanation:
    if job.not_before is not None and job.not_before > situation.now:
        return Explanation(f"An attempt failed: {_because(job) or 'the cause is not known'}", retry_at=job.not_before)
    if not situation.running:
        return Explanation("Complete; the service is not running", "Start it: `reelwatch run`, or its systemd unit.")
    if situation.pause is not None:
        return Explanation(
            f"Complete; all work is paused: {situation.pause.reason}", _capital(remedy(situation.pause)) + "."
        )
    alone = " and runs alone, because a model's process has died on it" if job.solo else ""
    return Explanation(_WORDS[State.QUEUED] + alone)


def _because(job: Job) -> str | None:
    """Return the detail, of a traceback its last line; else the reason where that says more than the state."""
    lines = [line.strip() for line in (job.detail or "").splitlines() if line.strip()]
    if lines:
        return readable(lines[-1])
    return None if job.reason is None or job.reason in _SELF_EVIDENT else readable(job.reason.replace("_", " "))


def _capital(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]
