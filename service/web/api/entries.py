"""A job as the API tells of it: in lists, alone, and in events."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from pydantic import BaseModel, Field

from service.explanation import RETRIABLE, explained
from service.ledger.states import State
from service.live.note import JobProgress
from service.logs.names import readable

if TYPE_CHECKING:
    from service.explanation import Situation
    from service.ledger.values import Job
    from service.web.outlook import Outlook


class JobEntry(BaseModel):
    """One video on its way. Times are Unix times."""

    job: int = Field(examples=[7])
    path: str = Field(
        examples=["/srv/videos/inbox/tips/clip.mp4"], description="for people; bytes beyond UTF-8 escaped"
    )
    filename: str = Field(examples=["clip.mp4"])
    state: State = Field(examples=["done"])
    reason: str | None = Field(examples=[None], description="a stable code: why it waits, failed or was rejected")
    detail: str | None = Field(examples=[None], description="the same for people")
    why: str = Field(examples=["Described"], description="a sentence: why it is where it is")
    remedy: str | None = Field(examples=[None], description="what would help; null where nothing need be done")
    retriable: bool = Field(examples=[False], description="`retry` tries it again")
    video_id: str | None = Field(examples=["e3d895ecd339c392"], description="known once the content was read")
    document: str | None = Field(examples=["tips/clip"], description="below the output, without .json")
    duplicate_of: int | None = Field(examples=[None], description="the job that owns the same content")
    size_bytes: int | None = Field(examples=[2_414_117])
    attempts: int = Field(examples=[1])
    not_before: float | None = Field(examples=[None], description="when a failed attempt is repeated")
    created_at: float = Field(examples=[1764151200.0])
    claimed_at: float | None = Field(examples=[1764151202.0], description="when work on it began last")
    changed_at: float = Field(examples=[1764151217.4])


class JobDetail(JobEntry):
    """One video with how far it has come."""

    progress: JobProgress | None = Field(description="its stages, while it is in work and the service tells of it")


def entry(job: Job, situation: Situation) -> JobEntry:
    """Return what the API says of a job."""
    told = explained(job, situation)
    return JobEntry(
        job=job.job_id,
        path=readable(job.absolute_path),
        filename=readable(os.path.basename(job.path)),  # noqa: PTH119 - bytes paths
        state=job.state,
        reason=job.reason,
        detail=job.detail,
        why=told.sentence,
        remedy=told.remedy,
        retriable=job.state in RETRIABLE,
        video_id=None if job.sha256 is None else job.sha256[:16],
        document=job.document,
        duplicate_of=job.duplicate_of,
        size_bytes=job.size,
        attempts=job.attempts,
        not_before=job.not_before,
        created_at=job.created_at,
        claimed_at=job.claimed_at,
        changed_at=job.changed_at,
    )


def detail(job: Job, outlook: Outlook) -> JobDetail:
    """Return what the API says of one job, its progress included."""
    return JobDetail(**entry(job, outlook.situation).model_dump(), progress=outlook.progress(job))
