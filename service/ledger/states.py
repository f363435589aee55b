"""The states of a job and the changes allowed between them, written once; `README.md` beside this explains them."""

from __future__ import annotations

from enum import StrEnum


class State(StrEnum):
    """Where a job is. No state moves a file."""

    WAITING = "waiting"
    INCOMPLETE = "incomplete"
    BLOCKED = "blocked"
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    DUPLICATE = "duplicate"
    REJECTED = "rejected"
    FAILED = "failed"
    PARKED = "parked"
    SUPERSEDED = "superseded"
    GONE = "gone"


_S = State
_PENDING = {_S.WAITING, _S.INCOMPLETE, _S.BLOCKED}

TRANSITIONS: dict[State, frozenset[State]] = {
    _S.WAITING: frozenset({_S.INCOMPLETE, _S.BLOCKED, _S.QUEUED, _S.REJECTED, _S.SUPERSEDED, _S.GONE}),
    _S.INCOMPLETE: frozenset({_S.WAITING, _S.BLOCKED, _S.QUEUED, _S.REJECTED, _S.SUPERSEDED, _S.GONE}),
    _S.BLOCKED: frozenset({_S.WAITING, _S.INCOMPLETE, _S.QUEUED, _S.REJECTED, _S.SUPERSEDED, _S.GONE}),
    _S.QUEUED: frozenset({_S.RUNNING, _S.BLOCKED, _S.SUPERSEDED, _S.GONE}),
    _S.RUNNING: frozenset(
        {
            _S.QUEUED,
            _S.BLOCKED,
            _S.DONE,
            _S.DUPLICATE,
            _S.REJECTED,
            _S.FAILED,
            _S.PARKED,
            _S.SUPERSEDED,
            _S.GONE,
        }
    ),
    # `retry` and `reprocess` reopen what has ended; a file that reappears reopens what was gone. Whatever has ended
    # is superseded once its path holds other content: for `done`, once that content's document has replaced its own.
    _S.DONE: frozenset({_S.QUEUED, _S.SUPERSEDED}),
    _S.DUPLICATE: frozenset({_S.QUEUED, _S.SUPERSEDED}),
    _S.REJECTED: frozenset({_S.QUEUED, _S.SUPERSEDED}),
    _S.FAILED: frozenset({_S.QUEUED, _S.SUPERSEDED}),
    _S.PARKED: frozenset({_S.QUEUED, _S.SUPERSEDED}),
    _S.SUPERSEDED: frozenset(),
    _S.GONE: frozenset({_S.WAITING, _S.INCOMPLETE, _S.BLOCKED, _S.QUEUED, _S.REJECTED, _S.SUPERSEDED}),
}
"""From each state, the states a job may go to next."""

TERMINAL: frozenset[State] = frozenset(
    {_S.DONE, _S.DUPLICATE, _S.REJECTED, _S.FAILED, _S.PARKED, _S.SUPERSEDED, _S.GONE}
)
"""States that need nothing further from the service."""

SETTLING: frozenset[State] = frozenset(_PENDING)
"""States that belong to intake: the file is watched but not yet taken."""
