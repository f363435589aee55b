"""What can go wrong with the ledger; the database's own exceptions are translated into these at its edge.

LedgerError (ReelwatchError)
├── LedgerBusy         75   somebody else holds a transaction for longer than we wait
├── LedgerUnavailable   1   the disk is full, read-only or failing: pause and try again
├── LedgerMissing       1   there is no ledger yet
├── LedgerCorrupt       1   it is damaged: the next service to start puts a file aside
├── LedgerUncertain     1   a server was lost in the middle of a commit, and cannot be asked what became of it
├── LedgerRefused      78   the server lets nobody in with these settings, or has no such database
└── LedgerVersion      78   it was made by another version

IllegalTransition, IllegalRequestChange and UnknownJob are bugs of the caller, not conditions to handle. UnknownRequest
is raised for a number that somebody asked for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from service.errors import ConfigError, ReelwatchError

if TYPE_CHECKING:
    from pathlib import Path

    from service.ledger.place import Place
    from service.ledger.states import State


class LedgerError(ReelwatchError):
    """The ledger cannot be used as asked."""


class LedgerBusy(LedgerError):  # noqa: N818 - reads as what it is
    """Another connection held the write lock beyond the busy timeout and every retry; nothing was changed."""

    exit_code = 75


class LedgerUnavailable(LedgerError):  # noqa: N818 - as above
    """The host cannot carry the write out at present (disk full, read-only, I/O error); nothing was changed.

    reason: a short stable code, those of `actors.fusion.faults` where they mean the same.
    """

    def __init__(self, message: str, *, reason: str = "unavailable") -> None:
        super().__init__(message)
        self.reason = reason


class LedgerMissing(LedgerError):  # noqa: N818 - as above
    """No ledger exists at the given place."""


class LedgerCorrupt(LedgerError):  # noqa: N818 - as above
    """The database is damaged, or is none."""


class LedgerUncertain(LedgerError):  # noqa: N818 - as above
    """Whether a change was made is not known: whoever opens the ledger anew goes by what it finds there."""


class LedgerRefused(LedgerError):  # noqa: N818 - as above
    """The database server was asked and said no: another setting is needed, not another try."""

    exit_code = 78


class LedgerVersion(LedgerError):  # noqa: N818 - as above
    """The ledger's schema is not the one this version works with."""

    exit_code = 78


def missing(place: Place) -> LedgerMissing:
    """Return the error that says that there is no ledger at a place."""
    return LedgerMissing(f"{place}: there is no ledger here yet. `reelwatch run` or `process` makes it.")


def unreadable(path: Path, why: str | None) -> ConfigError:
    """Return the error that says that a file of the state directory may not be read by this user."""
    return ConfigError(
        f"{path}: may not be read: {why}. Run this as the user of the service, or name another state directory with "
        "--state."
    )


class IllegalTransition(Exception):  # noqa: N818 - as above
    """A change of state that `TRANSITIONS` does not allow: a bug."""

    def __init__(self, job_id: int, before: State, after: State) -> None:
        super().__init__(f"job {job_id}: {before} -> {after} is not a change the ledger allows")
        self.job_id = job_id
        self.before = before
        self.after = after


class UnknownJob(LookupError):  # noqa: N818 - as above
    """No job has this number: a bug."""

    def __init__(self, job_id: int) -> None:
        super().__init__(f"no job {job_id} in the ledger")
        self.job_id = job_id


class IllegalRequestChange(Exception):  # noqa: N818 - as above
    """A change of a request's state that `REQUEST_TRANSITIONS` does not allow: a bug."""

    def __init__(self, request_id: int, before: str, after: str) -> None:
        super().__init__(f"request {request_id}: {before} -> {after} is not a change the ledger allows")
        self.request_id = request_id


class UnknownRequest(LookupError):  # noqa: N818 - as above
    """No request has this number (any more)."""

    def __init__(self, request_id: int) -> None:
        super().__init__(f"no request {request_id} in the ledger")
        self.request_id = request_id
