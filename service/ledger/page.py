"""The rows that one call of intake touches, read at once, changed in memory, written at once.

4,000 files in one call cost a handful of statements instead of several for each file.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from service.ledger import documents, rows
from service.ledger.moves import moved
from service.ledger.side import reclaim_content, settle_ownership
from service.ledger.states import SETTLING, State
from service.ledger.values import Job

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from service.intake.ports import Generation, Location

_ENDED_ELSEWHERE = "newer_content"


class Page:
    """A working set of jobs by location; new jobs have negative numbers until they are written."""

    def __init__(self, connection: Connection, locations: Iterable[Location], *, now: float) -> None:
        self.now = now
        self._connection = connection
        self._at: dict[Location, dict[int, Job]] = defaultdict(dict)
        self._before: dict[int, Job] = {}
        self._after: dict[int, Job] = {}
        self._renamed: list[tuple[Location, Location]] = []
        for job in rows.at(connection, set(locations)):
            self._at[job.location][job.job_id] = job
            self._before[job.job_id] = job

    def at(self, location: Location) -> list[Job]:
        """Return the rows at a location that are not superseded, the oldest first."""
        return [job for job in self._at[location].values() if job.state is not State.SUPERSEDED]

    def latest(self, location: Location) -> Job | None:
        """Return the row that speaks for the location: the newest whose file is still there."""
        return max(self.at(location), key=precedence, default=None)

    def pending(self, location: Location) -> Job | None:
        """Return the row that belongs to intake, if there is one."""
        return next((job for job in self.at(location) if job.state in SETTLING), None)

    def same(self, location: Location, generation: Generation) -> Job | None:
        """Return the row that stands for this generation already: one that is not gone, before one that is."""
        holding = [job for job in self.at(location) if job.state not in SETTLING and job.holds(generation)]
        return max(holding, key=lambda job: (job.state is not State.GONE, job.job_id), default=None)

    def movable(self, source: Location, target: Location, generation: Generation) -> Job | None:
        """Return the row at `source` that follows the file to `target`."""
        running = any(job.state is State.RUNNING for job in self.at(target))
        for job in reversed(self.at(source)):
            pending = job.state in SETTLING and (job.device, job.inode) == (generation.device, generation.inode)
            if (pending or job.holds(generation)) and not (running and job.state is State.RUNNING):
                return job
        return None

    def put(self, job: Job) -> Job:
        """Keep a changed row; new ones come with number 0."""
        if job.job_id == 0:
            job = replace(job, job_id=-1 - len(self._after) - len(self._before))
        previous = self._after.pop(job.job_id, None) or self._before.get(job.job_id)
        if previous is not None:
            self._at[previous.location].pop(job.job_id, None)
        self._at[job.location][job.job_id] = job
        self._after[job.job_id] = job
        return job

    def drop(self, job: Job) -> None:
        """Supersede a row."""
        self.put(moved(job, State.SUPERSEDED, now=self.now, reason=_ENDED_ELSEWHERE))

    def relocate(self, job: Job, target: Location) -> Job:
        """Let a row, and the name of its document, follow its file to `target`."""
        self.clear(target, keep=job)
        others = [other for other in self.at(job.location) if other.job_id != job.job_id]
        if job.published or not any(other.published for other in others):
            self._renamed.append((job.location, target))
        root, path = target
        return self.put(replace(job, root=root, path=path, source_missing=False, updated_at=self.now))

    def clear(self, location: Location, *, keep: Job | None = None) -> None:
        """Make way for new content at a location.

        What waits there is superseded, and so is what ended without a document. Published rows stay: their document
        stands until it is replaced. A running one finds out by itself.
        """
        for job in self.at(location):
            if (keep is not None and job.job_id == keep.job_id) or job.state is State.RUNNING:
                continue
            if job.published and job.state not in {State.QUEUED, *SETTLING}:
                self.put(replace(job, source_missing=True, updated_at=self.now))
            else:
                self.drop(job)

    def write(self) -> None:
        """Write every change; what gives up a place was changed, and is written, before what takes it."""
        rows.save(self._connection, [job for number, job in self._after.items() if number > 0])
        rows.insert(self._connection, [job for number, job in self._after.items() if number < 0])
        for source, target in self._renamed:
            documents.relocate_name(self._connection, source, target)
        for number, job in self._after.items():
            before = self._before.get(number)
            if before is None:
                continue
            settle_ownership(self._connection, before, job, now=self.now)
            if job.state is State.DUPLICATE and before.source_missing and not job.source_missing:
                reclaim_content(self._connection, job, now=self.now)


def precedence(job: Job) -> tuple[bool, int]:
    """Order rows of one path: a row whose file has left comes after (below) any whose file is there."""
    return not job.source_missing, job.job_id
