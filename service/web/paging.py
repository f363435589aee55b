"""Cursors: where a page of a list ended, as text that the next request gives back."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Any

from fastapi import Query

from service.ledger import cursor as cursors
from service.web.problems import Refusal

MOST = 200
JOBS, REQUESTS = "jobs", "requests"
"""What the cursors of these lists are about: each has one order."""
Limit = Annotated[int, Query(ge=1, le=MOST, description="how many at most")]
Cursor = Annotated[
    str | None, Query(max_length=2000, description="`next` of the page before; leave out for the first page")
]


def decode(cursor: str, about: str, *kinds: tuple[cursors.Kind, ...]) -> tuple[Any, ...]:
    """Read a cursor as `service.ledger.cursor.decode` does; raises `Refusal` (400) for what is none of this order."""
    keys = cursors.decode(cursor, about, *kinds)
    if keys is None:
        raise Refusal(
            HTTPStatus.BAD_REQUEST,
            "bad_cursor",
            "the cursor is none of ours: give back `next` as it was, with the same order, or leave it out.",
        )
    return keys
