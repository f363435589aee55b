"""`/jobs`: what has become of each video, and trying again what failed."""

from __future__ import annotations

import os
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field

from service.ledger.errors import UnknownJob
from service.ledger.states import State
from service.ledger.values import Job, Selector
from service.logs.names import readable
from service.web import paging
from service.web.problems import Refusal, problems
from service.web.site import GivenSite

if TYPE_CHECKING:
    from service.web.site import Site

router = APIRouter(prefix="/jobs", tags=["jobs"])

JobId = Annotated[int, Path(ge=1, le=2**31 - 1, description="the job's number")]
RETRIABLE = frozenset({State.FAILED, State.REJECTED, State.PARKED})


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
    video_id: str | None = Field(examples=["e3d895ecd339c392"], description="known once the content was read")
    document: str | None = Field(examples=["tips/clip"], description="below the output, without .json")
    duplicate_of: int | None = Field(examples=[None], description="the job that owns the same content")
    size_bytes: int | None = Field(examples=[2_414_117])
    attempts: int = Field(examples=[1])
    not_before: float | None = Field(examples=[None], description="when a failed attempt is repeated")
    created_at: float = Field(examples=[1764151200.0])
    changed_at: float = Field(examples=[1764151217.4])


class JobPage(BaseModel):
    """A page of jobs, those changed last first."""

    jobs: list[JobEntry]
    next: str | None = Field(description="the cursor of the next page; null at the end", examples=[None])


@router.get("", responses=problems(HTTPStatus.BAD_REQUEST))
def jobs(
    site: GivenSite,
    state: Annotated[list[State] | None, Query(description="only in these states; default: all but superseded")] = None,
    limit: paging.Limit = 50,
    cursor: paging.Cursor = None,
) -> JobPage:
    """List videos and what has become of them."""
    after = None if cursor is None else paging.decode(cursor, float, int)
    found = site.ledger.jobs(state, limit=limit + 1, after=after)
    page = found[:limit]
    more = len(found) > limit
    last = paging.encode(page[-1].changed_at, page[-1].job_id) if more else None
    return JobPage(jobs=[entry(job) for job in page], next=last)


@router.get("/{job_id}", responses=problems(HTTPStatus.NOT_FOUND))
def job(site: GivenSite, job_id: JobId) -> JobEntry:
    """Return one video's job."""
    return entry(_known(site, job_id))


@router.post("/{job_id}/retry", status_code=202, responses=problems(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT))
def retry(site: GivenSite, job_id: JobId) -> JobEntry:
    """Try a video again that failed, was rejected or parked; results of stages that succeeded are used again."""
    found = _known(site, job_id)
    if found.state not in RETRIABLE:
        raise Refusal(
            HTTPStatus.CONFLICT, "nothing_to_retry", f"job {job_id} is {found.state.value}: nothing there has failed."
        )
    site.ledger.retry(Selector.of(found.absolute_path))
    return entry(_known(site, job_id))


def entry(job: Job) -> JobEntry:
    """Return what the API says of a job."""
    return JobEntry(
        job=job.job_id,
        path=readable(job.absolute_path),
        filename=readable(os.path.basename(job.path)),  # noqa: PTH119 - bytes paths
        state=job.state,
        reason=job.reason,
        detail=job.detail,
        video_id=None if job.sha256 is None else job.sha256[:16],
        document=job.document,
        duplicate_of=job.duplicate_of,
        size_bytes=job.size,
        attempts=job.attempts,
        not_before=job.not_before,
        created_at=job.created_at,
        changed_at=job.changed_at,
    )


def _known(site: Site, job_id: int) -> Job:
    try:
        return site.ledger.job(job_id)
    except UnknownJob:
        raise Refusal(HTTPStatus.NOT_FOUND, "unknown_job", f"there is no job {job_id}.") from None
