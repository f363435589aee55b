"""`/documents`: what was found out about each video."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Path, Query
from pydantic import BaseModel, Field

from actors.document import Document
from actors.fusion.published import Published, published
from service.assembly import make_plan
from service.configuration import STAGES
from service.ledger.values import Job, Selector
from service.web.problems import Refusal, problems
from service.web.site import GivenSite

if TYPE_CHECKING:
    from service.web.site import Site

router = APIRouter(prefix="/documents", tags=["documents"])

VIDEO_ID = re.compile(r"[0-9a-f]{16}")
VideoId = Annotated[str, Path(pattern=f"^{VIDEO_ID.pattern}$", description="the first 16 digits of the SHA-256")]
StageName = Annotated[
    str | None, Query(pattern=f"^({'|'.join(STAGES)})$", description="only this stage and what depends on it")
]


class Reprocessed(BaseModel):
    """What is described anew."""

    jobs: list[int] = Field(examples=[[7]], description="numbers of the jobs that are queued again")


@router.get("/{video_id}", responses=problems(HTTPStatus.NOT_FOUND))
def document(site: GivenSite, video_id: VideoId) -> Document:
    """Return a document as it lies on disk, validated."""
    return found_document(site, video_id).document


@router.post("/{video_id}/reprocess", status_code=202, responses=problems(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT))
def reprocess(site: GivenSite, video_id: VideoId, stage: StageName = None) -> Reprocessed:
    """Describe a video anew, or only one stage and what depends on it; the document stays until it is replaced."""
    job = described_job(site, video_id)
    stages = None if stage is None else make_plan(site.configuration).dependants(stage)
    again = site.ledger.reprocess(Selector.of(job.absolute_path), stages=stages)
    if not again:
        raise Refusal(
            HTTPStatus.CONFLICT, "in_work", f"{video_id} is being described already, or its video is no longer there."
        )
    return Reprocessed(jobs=[found.job_id for found in again])


def described_job(site: Site, video_id: str) -> Job:
    """Return the job that made a document; raises `Refusal` (404)."""
    job = site.ledger.described(video_id)
    if job is None:
        raise unknown(video_id)
    return job


def found_document(site: Site, video_id: str) -> Published:
    """Return a document from disk; raises `Refusal` (404) where there is none any more."""
    job = described_job(site, video_id)
    root, name = job.output_root, job.document
    found = published(root, name) if root is not None and name is not None else None
    if found is None:
        raise unknown(video_id)
    return found


def unknown(video_id: str) -> Refusal:
    """Return the refusal for a document that is not there."""
    return Refusal(
        HTTPStatus.NOT_FOUND, "unknown_document", f"there is no document {video_id}. It may have been deleted."
    )
