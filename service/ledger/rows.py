"""Jobs in and out of the table. Rows are written whole: one statement for every change, and its cache stays warm.

Every change of a job passes here, so that the library's index hears of each that may concern a document.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import fields
from itertools import groupby
from typing import Any

from sqlalchemy import ColumnElement, Connection, bindparam, select, update

from service.ledger.errors import UnknownJob
from service.ledger.library.due import note_due
from service.ledger.states import State
from service.ledger.tables import jobs
from service.ledger.values import Job

_FIELDS = tuple(field.name for field in fields(Job))
_CHUNK = 500
_SELECT = select(*(jobs.c[name] for name in _FIELDS))
_BY_ID = _SELECT.where(jobs.c.job_id == bindparam("number"))
_UPDATE = (
    update(jobs)
    .where(jobs.c.job_id == bindparam("number"))
    .values({jobs.c[name]: bindparam(f"new_{name}") for name in _FIELDS if name != "job_id"})
)
_BY_PATHS = _SELECT.where(
    jobs.c.root == bindparam("at_root"),
    jobs.c.path.in_(bindparam("at_paths", expanding=True)),
    jobs.c.state != State.SUPERSEDED,
)


def get(connection: Connection, job_id: int) -> Job:
    """Return one job; raises `UnknownJob`."""
    row = connection.execute(_BY_ID, {"number": job_id}).one_or_none()
    if row is None:
        raise UnknownJob(job_id)
    return Job(*row)


def fetch(
    connection: Connection,
    *where: ColumnElement[bool],
    order: Sequence[Any] = (jobs.c.job_id,),
    limit: int | None = None,
) -> list[Job]:
    """Return the jobs that meet every condition."""
    return [Job(*row) for row in connection.execute(_SELECT.where(*where).order_by(*order).limit(limit))]


def at(connection: Connection, locations: Collection[tuple[bytes, bytes]]) -> list[Job]:
    """Return all jobs at these locations but the superseded ones."""
    found: list[Job] = []
    for root, pairs in groupby(sorted(locations), key=lambda pair: pair[0]):
        paths = [path for _, path in pairs]
        for start in range(0, len(paths), _CHUNK):
            rows = connection.execute(_BY_PATHS, {"at_root": root, "at_paths": paths[start : start + _CHUNK]})
            found.extend(Job(*row) for row in rows)
    return found


def insert(connection: Connection, new: Iterable[Job]) -> None:
    """Add jobs; the database numbers them."""
    new = list(new)
    values = [{name: getattr(job, name) for name in _FIELDS if name != "job_id"} for job in new]
    if values:
        connection.execute(jobs.insert(), values)
        note_due(connection, new)


def save(connection: Connection, changed: Iterable[Job]) -> None:
    """Write jobs as they are now, in the order given, which matters where one gives up what the next one takes."""
    changed = list(changed)
    values = [{f"new_{name}": getattr(job, name) for name in _FIELDS[1:]} | {"number": job.job_id} for job in changed]
    if values:
        connection.execute(_UPDATE, values)
        note_due(connection, changed)
