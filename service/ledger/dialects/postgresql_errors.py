"""What PostgreSQL says, in the ledger's words: by SQLSTATE, and by libpq's words where connecting fails."""

from __future__ import annotations

from contextlib import suppress

import psycopg
from psycopg.conninfo import conninfo_to_dict
from sqlalchemy.exc import StatementError

from service.ledger.errors import LedgerBusy, LedgerCorrupt, LedgerError, LedgerRefused, LedgerUnavailable
from service.ledger.place import ServerPlace

BUSY = frozenset({"55P03", "40P01", "40001"})
"""lock_not_available, deadlock_detected, serialization_failure."""
_CORRUPT = frozenset({"XX001", "XX002"})
_REFUSED = frozenset({"28000", "28P01", "3D000", "3F000", "42501", "0LP01"})
"""Authentication, no such database, no such schema, no right to do that."""
_REFUSALS = ("authentication failed", "no password supplied", "no pg_hba.conf entry", "does not exist")
"""Errors of connecting carry no SQLSTATE, so these English words must do; whatever else is said counts as passing."""
_UNAVAILABLE = {
    "53100": ("server_disk_full", "the server's disk is full"),
    "25006": ("server_read_only", "it may not be written to"),
    "53200": ("server_out_of_memory", "the server's memory is short"),
    "53300": ("server_busy", "the server has no connection left"),
    "57014": ("server_busy", "the server broke a statement off"),
    "58030": ("server_io_error", "the server's disk reports an I/O error"),
}
"""SQLSTATE to a reason and a sentence."""
_LOST = ("08", "53", "57P", "58")
"""Beginnings of SQLSTATEs: connection, resources, shut down, system."""


def sqlstate(error: Exception) -> str | None:
    """Return the code of a database error; None where it has none."""
    code = getattr(_cause(error), "sqlstate", None)
    return None if code is None else str(code)


def translated(error: Exception, place: ServerPlace) -> LedgerError | None:
    """Return the ledger's word for a database error, or None where it is a bug of ours."""
    state, said = sqlstate(error), _said(error, place)
    if state in BUSY:
        return LedgerBusy(f"{place}: another process is writing to the ledger and does not finish ({said}).")
    if state in _CORRUPT:
        return LedgerCorrupt(f"{place}: the ledger is damaged ({said}).")
    if state in _REFUSED or (state is None and _is_refusal(error, said)):
        return LedgerRefused(
            f"{place}: the ledger cannot be used: {said}. Correct state.ledger, or what the server allows; "
            'the README says under "PostgreSQL" what is needed.'
        )
    if state in _UNAVAILABLE:
        reason, why = _UNAVAILABLE[state]
        return LedgerUnavailable(f"{place}: the ledger cannot be used: {why} ({said}).", reason=reason)
    if _is_lost(error, state):
        return LedgerUnavailable(
            f"{place}: the database server cannot be reached ({said}). Start it, or correct state.ledger.",
            reason="server_unreachable",
        )
    return None


def _cause(error: Exception) -> BaseException | None:
    return error.orig if isinstance(error, StatementError) else error


def _is_refusal(error: Exception, said: str) -> bool:
    # libpq's word for a URL that it does not understand is a ProgrammingError.
    return isinstance(_cause(error), psycopg.ProgrammingError) or any(word in said for word in _REFUSALS)


def _is_lost(error: Exception, state: str | None) -> bool:
    if state is not None:
        return state.startswith(_LOST)
    return isinstance(_cause(error), (psycopg.OperationalError, psycopg.InterfaceError))


def _said(error: Exception, place: ServerPlace) -> str:
    """Return what was said, in one line; libpq may repeat pieces of the URL, and the password is not to be seen."""
    said = " ".join(str(_cause(error)).split()).rstrip(".")
    password = None
    with suppress(psycopg.ProgrammingError):  # which may be what is told
        password = conninfo_to_dict(place.url).get("password")
    return said.replace(str(password), "...") if password else said
