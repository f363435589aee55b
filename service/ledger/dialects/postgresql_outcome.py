"""What became of a transaction whose server was lost in the middle of its COMMIT."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing, suppress

import psycopg

from service.clock import Clock
from service.ledger.dialects.base import Access
from service.ledger.dialects.postgresql_session import connected
from service.ledger.errors import LedgerRefused, LedgerUncertain
from service.ledger.place import ServerPlace
from service.pulse import LOOP_LIMIT_S

WITHIN_S = 30.0
"""How long the server is asked; all the while nobody else of this process writes."""
CONNECT_S = 3
"""How long one try to reach it may take, per host: many short ones, as a server that comes back answers at once."""
PAUSE_S = 0.5
assert WITHIN_S + CONNECT_S < LOOP_LIMIT_S  # noqa: S101 - else the loop that waits for it counts as hung
_QUESTION = "SELECT pg_xact_status(%s::xid8)"


def was_committed(number: str, place: ServerPlace, access: Access, *, clock: Clock, alive: Callable[[], None]) -> bool:
    """Ask a server that comes back what became of a transaction; `pg_xact_status` is there for that.

    number: the transaction's, 64 bits wide. alive: called between two tries. Each asks on a new connection: what a
    pool still holds may lead to a server that is gone without a word. Raises `LedgerUncertain` after `WITHIN_S`.
    """
    end_s = clock.monotonic() + WITHIN_S
    while True:
        alive()
        with suppress(psycopg.Error, LedgerRefused):  # refused for now: a server that is being restored, say
            outcome = _outcome(number, place, access)
            if outcome in {"committed", "aborted"}:
                return outcome == "committed"
        if clock.monotonic() >= end_s:
            break
        clock.sleep(PAUSE_S)
    raise LedgerUncertain(
        f"{place}: the database server was lost while it committed, and whether it did is not known. Look with "
        "`reelwatch status` once it is back."
    )


def _outcome(number: str, place: ServerPlace, access: Access) -> str | None:
    session, _ = connected(place, access, connect_s=CONNECT_S)
    with closing(session):
        row = session.execute(_QUESTION, (number,)).fetchone()
    return None if row is None or row[0] is None else str(row[0])
