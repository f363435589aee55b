"""What has grown old: documents from which something is to be taken away, and results that held the same."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sqlalchemy import Text, func, select, type_coerce

from service.ledger import rows
from service.ledger.afterwork_values import DOCUMENT, KEYFRAMES, PURGE, TRANSCRIPT
from service.ledger.side import Side, others_at
from service.ledger.states import State
from service.ledger.tables import jobs, stage_results

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement

    from service.ledger.values import Job

STAGES = {KEYFRAMES: ("frames",), TRANSCRIPT: ("asr", "diarization"), DOCUMENT: None}
"""The stages whose results hold what is taken away: of keyframes, their embeddings; of a document, all (None)."""
_AT_REST = (State.DONE, State.PARKED, State.FAILED, State.REJECTED, State.GONE)


@dataclass(frozen=True)
class RetentionSide(Side):
    """Purges in three steps, as moves are (`ArchiveSide`)."""

    def purgeable(self, kind: str, *, before: float | None = None, limit: int | None = None) -> list[Job]:
        """Return jobs at rest from whose document this was not taken away yet, those described first first.

        before: described before this time only, in wall-clock seconds.
        """
        where = [jobs.c.state.in_(_AT_REST), jobs.c.chore.is_(None), *_holding(kind)]
        if before is not None:
            where.append(jobs.c.described_at <= before)
        with self.database.read() as connection:
            return rows.fetch(connection, *where, order=(jobs.c.described_at, jobs.c.job_id), limit=limit)

    def first_described_at(self, kind: str) -> float | None:
        """Return when the oldest document that still holds this was described; None when none does."""
        where = (jobs.c.state.in_(_AT_REST), jobs.c.chore.is_(None), *_holding(kind))
        with self.database.read() as connection:
            found: float | None = connection.scalar(select(func.min(jobs.c.described_at)).where(*where))
        return found

    def begin_purge(self, job: Job, kinds: Collection[str]) -> Job | None:
        """Note that this is about to be taken out of a job's document; None when it is in work after all.

        From here on the document is not fused again by itself; nothing at its path is claimed before the purge ends.
        """
        with self.database.write() as connection:
            present = rows.get(connection, job.job_id)
            busy = present.state not in _AT_REST or present.chore is not None
            if busy or others_at(connection, present, State.RUNNING):
                return None
            purged = tuple(sorted({*present.purged, *kinds}))
            begun = replace(present, purged=purged, chore=(PURGE, *sorted(kinds)), updated_at=self.clock.wall())
            rows.save(connection, [begun])
            return begun

    def purges(self) -> list[Job]:
        """Return the jobs whose purge was begun and has not ended."""
        with self.database.read() as connection:
            busy = rows.fetch(connection, jobs.c.chore.is_not(None))
        return [job for job in busy if job.chore is not None and job.chore[0] == PURGE]

    def take_back_purge(self, job_id: int, kinds: Collection[str]) -> None:
        """Note that a purge could not be carried out: it is due again, and until then nothing is held up by it."""
        with self.database.write() as connection:
            job = rows.get(connection, job_id)
            left = tuple(kind for kind in job.purged if kind not in kinds)
            rows.save(connection, [replace(job, purged=left, chore=None, updated_at=self.clock.wall())])

    def end_purge(self, job_id: int) -> None:
        """Note that the files hold it no more, and drop the results that do."""
        with self.database.write() as connection:
            job = rows.get(connection, job_id)
            for kind in (job.chore or ())[1:]:
                stages = STAGES[kind]
                of_these = () if stages is None else (stage_results.c.stage.in_(stages),)
                connection.execute(stage_results.delete().where(stage_results.c.sha256 == job.sha256, *of_these))
            rows.save(connection, [replace(job, chore=None, updated_at=self.clock.wall())])

    def forget_results(self, kind: str, *, before: float) -> int:
        """Drop results that hold this and are older, whatever became of their videos; return how many.

        For contents that have no document (any more): a purge drops those of its own.
        """
        stages = STAGES[kind]
        old = (stage_results.c.created_at <= before, *(() if stages is None else (stage_results.c.stage.in_(stages),)))
        with self.database.read() as connection:
            if connection.execute(select(stage_results.c.key).where(*old).limit(1)).first() is None:
                return 0
        with self.database.write() as connection:
            return connection.execute(stage_results.delete().where(*old)).rowcount

    def forget_unredacted(self, stages: Collection[str], *, redaction: str) -> int:
        """Drop these stages' results that were stored under another redaction; return how many."""
        other = (stage_results.c.stage.in_(list(stages)), stage_results.c.redaction != redaction)
        with self.database.write() as connection:
            return connection.execute(stage_results.delete().where(*other)).rowcount

    def scrub(self) -> None:
        """Have nothing of what was dropped remain in the ledger's files, as far as readers of other processes allow."""
        self.database.scrub([stage_results])


def _holding(kind: str) -> tuple[ColumnElement[bool], ...]:
    """Select documents that were not purged of this, nor altogether."""
    purged = type_coerce(jobs.c.purged, Text)
    gone = [purged.not_like(f'%"{what}"%') for what in {kind, DOCUMENT}]
    return (jobs.c.document.is_not(None), jobs.c.described_at.is_not(None), *gone)
