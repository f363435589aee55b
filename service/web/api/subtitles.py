"""`/documents/{video_id}/subtitles.*`: what is said in a video, with its times or without."""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Query
from starlette.responses import Response

from service.exports import TEXT_FORMATS
from service.web.api.documents import VideoId, found_document
from service.web.problems import Refusal, problems
from service.web.site import GivenSite

if TYPE_CHECKING:
    from service.web.site import Site

router = APIRouter(prefix="/documents/{video_id}", tags=["documents"])

Words = Annotated[bool, Query(description="a time before each word, so that a player lights up what is being said")]
_SRT = "1\n00:00:00,500 --> 00:00:01,750\nHei alle sammen.\n\n"
_VTT = "WEBVTT\n\n00:00:00.500 --> 00:00:01.750\n<v A>Hei <00:00:00.900>alle <00:00:01.200>sammen.\n"
_TXT = "A: Hei alle sammen.\n"


def _answers(description: str, media_type: str, example: str) -> dict[int | str, dict[str, Any]]:
    content = {media_type: {"schema": {"type": "string"}, "example": example}}
    return problems("unknown_document", "no_transcript") | {200: {"description": description, "content": content}}


@router.get(
    "/subtitles.srt",
    response_model=None,
    response_class=Response,
    responses=_answers("SubRip subtitles", "application/x-subrip", _SRT),
)
def srt(site: GivenSite, video_id: VideoId) -> Response:
    """Return what is said as SubRip; empty when nothing is."""
    return _said(site, video_id, "srt")


@router.get(
    "/subtitles.vtt",
    response_model=None,
    response_class=Response,
    responses=_answers("WebVTT subtitles", "text/vtt", _VTT),
)
def vtt(site: GivenSite, video_id: VideoId, *, words: Words = False) -> Response:
    """Return what is said as WebVTT, by whom where known; the header alone when nothing is."""
    return _said(site, video_id, "vtt-words" if words else "vtt")


@router.get(
    "/subtitles.txt",
    response_model=None,
    response_class=Response,
    responses=_answers("The transcript", "text/plain", _TXT),
)
def txt(site: GivenSite, video_id: VideoId) -> Response:
    """Return what is said as text, a line per stretch, led by its speaker where known; empty when nothing is said."""
    return _said(site, video_id, "txt")


def _said(site: Site, video_id: str, form: str) -> Response:
    found, known = found_document(site, video_id), TEXT_FORMATS[form]
    if found.document.transcript.text is None:
        detail = f"what is said in {video_id} is not known; processing.stages.asr of its document tells why."
        raise Refusal(HTTPStatus.NOT_FOUND, "no_transcript", detail)
    name = quote(f"{found.name.rpartition('/')[2]}.{known.ending}", safe="")
    told = {"content-disposition": f"inline; filename*=utf-8''{name}", "cache-control": "private, no-cache"}
    return Response(known.spell(found.document), headers=told, media_type=known.media_type)
