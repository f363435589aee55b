"""What belongs to a content rather than to a path: who owns it, where else it lies, its results, its document."""

from __future__ import annotations

import os
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import astuple, dataclass, fields, replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, bindparam, select, update

from actors.backend import StageStatus
from service.ledger import documents, rows
from service.ledger.announcements import announce
from service.ledger.moves import moved, queued
from service.ledger.side import Side, change, claimed, reopen_for_fusion
from service.ledger.states import State
from service.ledger.tables import OWNS_CONTENT, jobs, stage_results
from service.ledger.values import Adopted, Identified, Job, StoredResult

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement

    from service.intake.ports import Location

_RESULT_FIELDS = tuple(field.name for field in fields(StoredResult))
_RESULTS = select(*(stage_results.c[name] for name in _RESULT_FIELDS))
_CHUNK = 500
_UNENDED = frozenset(State) - {State.DONE, State.DUPLICATE}
_FORGET = stage_results.delete().where(stage_results.c.key == bindparam("old_key"))
_PROGRESS = update(jobs).where(jobs.c.job_id == bindparam("number"), jobs.c.crashes > 0).values(crashes=0)


@dataclass(frozen=True)
class ContentSide(Side):
    """Identity, results and names."""

    def identified(self, job_id: int, sha256: str) -> Identified:
        """Note what a running job's content is, and who owns it in this output.

        Nobody else: the job does, and goes on. Another path: the job becomes a duplicate, and the owner's document is
        fused again to name this path too. The same path (a touch, or the same bytes written anew): the owner takes
        over the generation and the job is superseded. Two jobs cannot both own it: a unique index sees to that.
        """
        now = self.clock.wall()
        with self.database.write() as connection:
            before = claimed(connection, job_id, State.RUNNING)
            known = self._known_as(before, sha256, now=now)
            owner = self._owner(connection, known)
            if owner is None:
                return _own(connection, before, known, now=now)
            if owner.location == known.location:
                return _merge(connection, before, known, owner, now=now)
            answer = _double(connection, before, known, owner, now=now)
            announce(connection, answer.job, kinds=self.announces, now=now)
            return answer

    def copies(self, sha256: str) -> tuple[Location, ...]:
        """Return where a content's duplicates in this output are, of those whose files were last seen there."""
        where = (jobs.c.sha256 == sha256, jobs.c.output_root == self._output(), jobs.c.state == State.DUPLICATE)
        with self.database.read() as connection:
            twins = rows.fetch(connection, *where, jobs.c.source_missing.is_(False))
        return tuple(sorted({twin.location for twin in twins}))

    def also_at(self, sha256: str) -> tuple[bytes, ...]:
        """Return the absolute paths of `copies`."""
        return tuple(os.path.join(*copy) for copy in self.copies(sha256))  # noqa: PTH118 - bytes paths

    def results(self, keys: Collection[str]) -> dict[str, StoredResult]:
        """Return the stored results among `keys`."""
        wanted, found = list(keys), list[StoredResult]()
        with self.database.read() as connection:
            for start in range(0, len(wanted), _CHUNK):
                found += _select_results(connection, stage_results.c.key.in_(wanted[start : start + _CHUNK]))
        return {result.key: result for result in found}

    def results_of(self, sha256: str) -> dict[str, StoredResult]:
        """Return everything stored about a content, by key."""
        with self.database.read() as connection:
            found = _select_results(connection, stage_results.c.sha256 == sha256)
        return {result.key: result for result in found}

    def store_results(self, results: Sequence[StoredResult], *, job_id: int | None = None) -> None:
        """Keep durable results, one transaction for all; a key that is there is written anew.

        job_id: the job that made them; a new result is progress, and wipes the crashes held against it. One that was
        there already is none: a video that kills the service after it was decoded is decoded anew at every attempt.
        Raises `ValueError` for a result that must not be kept (DESIGN 2.5).
        """
        for result in results:
            if not StageStatus(result.status).durable:
                raise ValueError(f"{result.stage} ended {result.status}: such a result is not kept")
        now = self.clock.wall()
        values = [dict(zip(_RESULT_FIELDS, astuple(replace(r, created_at=now)), strict=True)) for r in results]
        if not values:
            return
        with self.database.write() as connection:
            had = connection.execute(_FORGET, [{"old_key": result.key} for result in results]).rowcount
            connection.execute(stage_results.insert(), values)
            if job_id is not None and had < len(values):
                connection.execute(_PROGRESS, {"number": job_id})

    def allocate_name(self, job: Job, *, is_foreign: Callable[[str], bool] = lambda _: False) -> str:
        """Return the name of the job's document below the output, without `.json`; the same at every call.

        is_foreign: whether a stranger's file lies under a name; such a name is passed over, and one that was allocated
        before is given up for another. Raises `ValueError` before the job is identified.
        """
        if job.sha256 is None:
            raise ValueError(f"job {job.job_id} has no name before its content is known")
        output_root = job.output_root or self._output()
        with self.database.write() as connection:
            # The file may have been renamed since the caller read the row; the name would stay with the old path.
            location = rows.get(connection, job.job_id).location
            return documents.allocate_name(
                connection, output_root=output_root, location=location, sha256=job.sha256, is_foreign=is_foreign
            )

    def unsettled_documents(self) -> list[str]:
        """Return the names, in this output, of documents that a run may have left half replaced, cut short as it was.

        A run that came to its end left its place whole; the others are the few that wait, failed or were superseded.
        """
        with self.database.read() as connection:
            return documents.names_of_jobs(connection, self._output(), _UNENDED)

    def adopt(self, found: Iterable[Adopted]) -> int:
        """Take up published documents that no job knows, as done; return how many were new.

        What the ledger knows better (a name that is taken, a content that has an owner) is left as it is.
        """
        now, count = self.clock.wall(), 0
        with self.database.write() as connection:
            for document in found:
                count += _adopt(connection, document, now=now)
        return count

    def _output(self) -> bytes:
        if self.output_root is None:
            raise ValueError("the ledger was opened without an output root, which this needs")
        return self.output_root

    def _known_as(self, job: Job, sha256: str, *, now: float) -> Job:
        # What was published elsewhere is not managed any more: this output gets a document of its own.
        document = job.document if job.output_root == self._output() else None
        return replace(
            job, sha256=sha256, output_root=self._output(), document=document, identified_at=now, updated_at=now
        )

    def _owner(self, connection: Connection, job: Job) -> Job | None:
        owners = rows.fetch(
            connection,
            jobs.c.output_root == job.output_root,
            jobs.c.sha256 == job.sha256,
            OWNS_CONTENT,
            jobs.c.job_id != job.job_id,
        )
        return owners[0] if owners else None


def _own(connection: Connection, before: Job, known: Job, *, now: float) -> Identified:
    after = change(connection, before, replace(known, is_primary=True), now=now)
    same_content = (jobs.c.sha256 == known.sha256, jobs.c.output_root == known.output_root)
    orphans = (jobs.c.state == State.DUPLICATE, jobs.c.duplicate_of != after.job_id)
    connection.execute(update(jobs).where(*same_content, *orphans).values(duplicate_of=after.job_id))
    return Identified(after, after)


def _double(connection: Connection, before: Job, known: Job, owner: Job, *, now: float) -> Identified:
    after = moved(known, State.DUPLICATE, now=now, reason="same_content", duplicate_of=owner.job_id)
    after = change(connection, before, replace(after, is_primary=False, document=None), now=now)
    again = reopen_for_fusion(connection, owner, reason="also_at", now=now)
    return Identified(after, again or owner, fusion_again=again is not None)


def _merge(connection: Connection, before: Job, known: Job, owner: Job, *, now: float) -> Identified:
    stat: dict[str, Any] = {
        name: getattr(known, name) for name in ("device", "inode", "size", "mtime_ns", "head_tail", "truncated")
    }
    owner = replace(owner, **stat, source_missing=False, updated_at=now)
    if owner.state is State.GONE:
        owner = queued(owner, now=now, reason="reappeared")
    rows.save(connection, [owner])
    after = moved(known, State.SUPERSEDED, now=now, reason="same_content", duplicate_of=owner.job_id)
    return Identified(change(connection, before, after, now=now), owner)


def _select_results(connection: Connection, where: ColumnElement[bool]) -> list[StoredResult]:
    return [StoredResult(*row) for row in connection.execute(_RESULTS.where(where))]


def _adopt(connection: Connection, document: Adopted, *, now: float) -> bool:
    same = (jobs.c.output_root == document.output_root, jobs.c.sha256 == document.sha256, OWNS_CONTENT)
    location = (document.root, document.path) if document.root else None
    if rows.fetch(connection, *same) or not documents.reserve_name(
        connection, output_root=document.output_root, name=document.name, location=location
    ):
        return False
    stat = document.generation
    values: dict[str, Any] = {} if stat is None else {name: getattr(stat, name) for name in stat.__slots__}
    values |= {"document": document.name, "is_primary": True, "settings_key": document.settings_key}
    values |= {"sha256": document.sha256, "output_root": document.output_root, "source_missing": location is None}
    values |= {"described_at": now if document.described_at is None else document.described_at}
    values |= {"purged": document.purged, "created_at": now, "changed_at": now, "updated_at": now}
    job = Job(0, document.root, document.path, State.DONE, reason="adopted", **values)
    rows.insert(connection, [job])
    return True
