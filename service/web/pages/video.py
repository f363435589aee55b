"""`/videos/{id}`: one video to look at, to listen to and to read."""

from __future__ import annotations

from contextlib import suppress
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastapi import APIRouter, Form, Path, Query
from starlette.responses import RedirectResponse

from actors.document import Document
from service.configuration import STAGES
from service.web.api import documents
from service.web.api.entries import entry
from service.web.api.media import has_source
from service.web.outlook import look
from service.web.pages.templates import page
from service.web.problems import Refusal
from service.web.site import GivenSite
from service.web.views.addresses import frame_address
from service.web.views.lanes import extent_s, lanes
from service.web.views.story import story
from service.web.views.transcript import paragraphs, voices
from service.web.views.unknown import stage_lines, why

if TYPE_CHECKING:
    from starlette.responses import HTMLResponse, Response

    from service.explanation import Situation
    from service.ledger.values import Job

router = APIRouter(prefix="/videos/{video_id}")

TABS = (("overview", "Overview"), ("story", "Story"), ("visual", "Visual"), ("artifacts", "Artifacts"))
"""Sections of the page and their names, each a template of its own."""
_LONGEST_ID = 100
"""What is longer names no video, and is not repeated back."""

Name = Annotated[str, Path(max_length=_LONGEST_ID)]
Moment = Annotated[str | None, Query(max_length=_LONGEST_ID)]
Stage = Annotated[Literal["", *STAGES], Form()]  # type: ignore[valid-type] # the names stand in one place


@router.get("", response_model=None)
def video(site: GivenSite, video_id: Name, t: Moment = None) -> HTMLResponse:
    """Show a video and what is known of it. t: where to begin, in seconds; what is no number is passed over."""
    try:
        if documents.VIDEO_ID.fullmatch(video_id) is None:
            raise documents.unknown(video_id)
        found, job = documents.found_document(site, video_id).document, site.ledger.described(video_id)
    except Refusal as refusal:
        return page(site, "absent.html", here="/library", status=HTTPStatus.NOT_FOUND, detail=refusal.detail)
    return page(site, "video.html", here="/library", **_values(found, job, look(site).situation, start_s=_seconds(t)))


@router.post("/reprocess", response_model=None)
def reprocess(site: GivenSite, video_id: documents.VideoId, stage: Stage = "") -> Response:
    """Have a video described anew, for browsers that run no scripts; the page then shows what becomes of it."""
    with suppress(Refusal):  # in work already, or gone: the page says so itself
        documents.reprocess(site, video_id, stage or None)
    return RedirectResponse(f"/videos/{video_id}#artifacts", HTTPStatus.SEE_OTHER)


def _values(document: Document, job: Job | None, situation: Situation, *, start_s: float | None) -> dict[str, Any]:
    said = paragraphs(document)
    return {
        "document": document,
        "job": None if job is None else entry(job, situation),
        "has_source": has_source(job),
        "start_s": start_s,
        "tabs": TABS,
        "paragraphs": said,
        "voices": tuple(voices(document).values()),
        "lanes": lanes(document, said),
        "extent_s": extent_s(document),
        "story": story(document, said),
        "stages": stage_lines(document),
        "stage_choices": [name for name in STAGES if name in document.processing.stages],
        "why": lambda field: why(document, field),
        "frame": lambda keyframe: frame_address(document.video_id, keyframe),
    }


def _seconds(text: str | None) -> float | None:
    try:
        seconds = float(text or "")
    except ValueError:
        return None
    return seconds if 0 <= seconds < float("inf") else None
