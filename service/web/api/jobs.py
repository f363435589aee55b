"""`/jobs`: what has become of each video, and trying again what failed."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field

from service.explanation import RETRIABLE
from service.ledger.cursor import INT4, encode
from service.ledger.errors import UnknownJob
from service.ledger.states import State
from service.ledger.values import Job, Selector
from service.web import paging
from service.web.api.entries import JobDetail, JobEntry, detail, entry
from service.web.outlook import look
from service.web.problems import Refusal, problems
from service.web.site import GivenSite

if TYPE_CHECKING:
    from service.web.site import Site

router = APIRouter(prefix="/jobs", tags=["jobs"])

JobId = Annotated[int, Path(ge=1, le=2**31 - 1, examples=[7], description="the job's number")]
Named = Annotated[
    str | None,
    Query(max_length=200, description="only videos whose path below their inbox has all these words, in any case"),
]


class JobPage(BaseModel):
    """A page of jobs, those changed last first."""

    jobs: list[JobEntry]
    next: str | None = Field(description="the cursor of the next page; null at the end", examples=[None])


@router.get("", responses=problems("bad_cursor"))
def jobs(
    site: GivenSite,
    state: Annotated[list[State] | None, Query(description="only in these states; default: all but superseded")] = None,
    name: Named = None,
    limit: paging.Limit = 50,
    cursor: paging.Cursor = None,
) -> JobPage:
    """List videos and what has become of them."""
    page, after = job_page(site, state, name=name, limit=limit, cursor=cursor)
    situation = look(site).situation
    return JobPage(jobs=[entry(job, situation) for job in page], next=after)


@router.get("/{job_id}", responses=problems("unknown_job"))
def job(site: GivenSite, job_id: JobId) -> JobDetail:
    """Return one video's job: why it waits or failed, and while it is in work its stages."""
    return detail(known_job(site, job_id), look(site))


@router.post("/{job_id}/retry", status_code=202, responses=problems("unknown_job", "nothing_to_retry"))
def retry(site: GivenSite, job_id: JobId) -> JobEntry:
    """Try a video again that failed, was rejected or parked; results of stages that succeeded are used again."""
    found = known_job(site, job_id)
    if found.state not in RETRIABLE:
        raise Refusal(
            HTTPStatus.CONFLICT, "nothing_to_retry", f"job {job_id} is {found.state.value}: nothing there has failed."
        )
    site.ledger.retry(Selector.of(found.absolute_path))
    return entry(known_job(site, job_id), look(site).situation)


def job_page(
    site: Site, states: list[State] | None, *, name: str | None, limit: int, cursor: str | None
) -> tuple[list[Job], str | None]:
    """Return a page of jobs and the cursor of the next one; raises `Refusal` for a cursor of somebody else's."""
    after = None if cursor is None else paging.decode(cursor, paging.JOBS, (float,), (INT4,))
    if name and name.strip():
        found = site.ledger.jobs_named(name, states, limit=limit + 1, after=after)
    else:
        found = site.ledger.jobs(states, limit=limit + 1, after=after)
    page = found[:limit]
    more = len(found) > limit
    return page, encode(paging.JOBS, page[-1].changed_at, page[-1].job_id) if more else None


def known_job(site: Site, job_id: int) -> Job:
    """Return a job; raises `Refusal` (404) where there is none."""
    try:
        return site.ledger.job(job_id)
    except UnknownJob:
        raise Refusal(HTTPStatus.NOT_FOUND, "unknown_job", f"there is no job {job_id}.") from None
