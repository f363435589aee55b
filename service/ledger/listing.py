"""Pages of jobs, those changed last first: read from the end of each state's part of an index, and no further.

Asked for several states at once, a database would read and sort every job that is in any of them.
"""

from __future__ import annotations

import unicodedata
from heapq import merge
from itertools import islice
from typing import TYPE_CHECKING

from sqlalchemy import literal, select, tuple_, union_all

from service.ledger import rows
from service.ledger.states import State
from service.ledger.tables import jobs
from service.logs.names import readable

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from sqlalchemy import Connection, Select

    from service.ledger.values import Job

CHANGED_LAST = (jobs.c.changed_at.desc(), jobs.c.job_id.desc())
LISTED = tuple(state for state in State if state is not State.SUPERSEDED)
"""The states that a list is of which is not told any."""

After = tuple[float, int]
"""The `changed_at` and number of the job that the page before ended with."""


def newest(connection: Connection, states: Collection[State] | None, *, after: After | None, limit: int) -> list[Job]:
    """Return the jobs in these states that changed last."""
    parts = [
        select(_ordered(select(jobs.c.changed_at, jobs.c.job_id), state, after).limit(limit).subquery())
        for state in _chosen(states)
    ]
    if not parts:
        return []
    all_of_them = union_all(*parts).subquery()
    changed_last = (all_of_them.c.changed_at.desc(), all_of_them.c.job_id.desc())
    question = select(all_of_them.c.job_id).order_by(*changed_last).limit(limit)
    return _rows(connection, connection.scalars(question).all())


def named(
    connection: Connection, words: str, states: Collection[State] | None, *, after: After | None, limit: int
) -> list[Job]:
    """Return what `newest` does, of those whose path below their inbox has every one of the words, in any case.

    Paths are bytes, in which no database finds an å whatever its case: they are read through here, until there are
    enough.
    """
    wanted = folded(words).split()
    found = merge(*(_numbers(connection, state, after, wanted) for state in _chosen(states)), reverse=True)
    return _rows(connection, [number for _, number in islice(found, limit)])


def folded(text: str) -> str:
    """Return a text as it is compared: composed (NFC) and without regard to case."""
    return unicodedata.normalize("NFC", text).casefold()


def _chosen(states: Collection[State] | None) -> tuple[State, ...]:
    return LISTED if states is None else tuple(dict.fromkeys(states))


def _numbers(connection: Connection, state: State, after: After | None, wanted: list[str]) -> Iterator[After]:
    question = _ordered(select(jobs.c.changed_at, jobs.c.job_id, jobs.c.path), state, after)
    for row in connection.execute(question):
        text = folded(readable(row.path))
        if all(word in text for word in wanted):
            yield row.changed_at, row.job_id


def _ordered(question: Select[tuple[float, int]], state: State, after: After | None) -> Select[tuple[float, int]]:
    question = question.where(jobs.c.state == state).order_by(*CHANGED_LAST)
    if after is None:
        return question
    return question.where(tuple_(jobs.c.changed_at, jobs.c.job_id) < tuple_(*map(literal, after)))


def _rows(connection: Connection, numbers: Sequence[int]) -> list[Job]:
    return rows.fetch(connection, jobs.c.job_id.in_(numbers), order=CHANGED_LAST) if numbers else []
