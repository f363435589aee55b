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
from service.ledger.values import Selector
from service.web.problems import Refusal, problems
from service.web.site import GivenSite

if TYPE_CHECKING:
    from service.web.site import Site

router = APIRouter(prefix="/documents", tags=["documents"])

VIDEO_ID = re.compile(r"[0-9a-f]{16}")
VideoId = Annotated[
    str,
    Path(
        pattern=f"^{VIDEO_ID.pattern}$",
        examples=["e3d895ecd339c392"],
        description="the first 16 digits of the SHA-256",
    ),
]
StageName = Annotated[
    str | None, Query(pattern=f"^({'|'.join(STAGES)})$", description="only this stage and what depends on it")
]


class Reprocessed(BaseModel):
    """What is described anew."""

    jobs: list[int] = Field(examples=[[7]], description="numbers of the jobs that are queued again")


@router.get("/{video_id}", responses=problems("unknown_document"))
def document(site: GivenSite, video_id: VideoId) -> Document:
    """Return a document as it lies on disk, validated."""
    return found_document(site, video_id).document


@router.post(
    "/{video_id}/reprocess", status_code=202, responses=problems("unknown_document", "source_unknown", "in_work")
)
def reprocess(site: GivenSite, video_id: VideoId, stage: StageName = None) -> Reprocessed:
    """Describe a video anew, or only one stage and what depends on it; the document stays until it is replaced."""
    job = site.ledger.described(video_id)
    if job is None:
        found_document(site, video_id)
        raise Refusal(
            HTTPStatus.CONFLICT,
            "source_unknown",
            f"where the video of {video_id} lies is not known; drop it once more.",
        )
    stages = None if stage is None else make_plan(site.configuration).dependants(stage)
    again = site.ledger.reprocess(Selector.of(job.absolute_path), stages=stages)
    if not again:
        raise Refusal(
            HTTPStatus.CONFLICT, "in_work", f"{video_id} is being described already, or its video is no longer there."
        )
    return Reprocessed(jobs=[found.job_id for found in again])


def place_of(site: Site, video_id: str) -> tuple[bytes, str]:
    """Return the output and the name of a video's document; raises `Refusal` (404).

    As its job says; of a document that another ledger's job has made, as the index says.
    """
    job = site.ledger.described(video_id)
    if job is not None and job.output_root is not None and job.document is not None:
        return job.output_root, job.document
    row = site.ledger.library.document(video_id)
    if row is None:
        raise unknown(video_id)
    return site.output_root, row.document


def found_document(site: Site, video_id: str) -> Published:
    """Return a document from disk; raises `Refusal` (404) where there is none any more."""
    found = published(*place_of(site, video_id))
    if found is None or found.document.video_id != video_id:  # another may have taken its name since it was indexed
        raise unknown(video_id)
    return found


def unknown(video_id: str) -> Refusal:
    """Return the refusal for a document that is not there."""
    return Refusal(
        HTTPStatus.NOT_FOUND, "unknown_document", f"there is no document {video_id}. It may have been deleted."
    )
