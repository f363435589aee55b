"""Cursors: where a page of a list ended, as text that the next request gives back."""

from __future__ import annotations

import base64
import binascii
import json
import math
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import Query

from service.web.problems import Refusal

MOST = 200
MOST_INTEGER = 2**63 - 1
Limit = Annotated[int, Query(ge=1, le=MOST, description="how many at most")]
Cursor = Annotated[
    str | None, Query(max_length=2000, description="`next` of the page before; leave out for the first page")
]


def encode(*values: float | str | None) -> str:
    """Spell the values that the last row of a page is ordered by."""
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")


def decode(cursor: str, *kinds: type[Any]) -> tuple[Any, ...]:
    """Read such values back; raises `Refusal` (400) for what `encode` did not spell with values of these kinds."""
    try:
        values = json.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True))
    except (binascii.Error, UnicodeError, ValueError, RecursionError):
        values = None
    if not isinstance(values, list) or [type(value) for value in values] != list(kinds) or not all(map(_fits, values)):
        raise Refusal(
            HTTPStatus.BAD_REQUEST,
            "bad_cursor",
            "the cursor is none of ours: give back `next` as it was, with the same order, or leave it out.",
        )
    return tuple(values)


def _fits(value: Any) -> bool:
    """Say whether a database can compare with it."""
    if isinstance(value, int):
        return abs(value) <= MOST_INTEGER
    return not isinstance(value, float) or math.isfinite(value)
