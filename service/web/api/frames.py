"""`/documents/{id}/frames`: the pictures of a video's shots, as a list."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field

from service.web.api.documents import VideoId, found_document
from service.web.problems import problems
from service.web.site import GivenSite
from service.web.views.addresses import frame_address

router = APIRouter(prefix="/documents/{video_id}", tags=["documents"])


class FrameEntry(BaseModel):
    """The picture of a shot. Times are seconds."""

    shot_id: str = Field(examples=["s001"])
    start_s: float = Field(examples=[0.0])
    end_s: float = Field(examples=[2.4])
    picture: str | None = Field(
        examples=["/documents/e3d895ecd339c392/frames/clip_s001.jpg"],
        description="where it is served; null once retention has deleted it",
    )
    representative: bool | None = Field(
        examples=[True], description="whether it is among those that stand for the video; null when nobody chose"
    )
    dropped: Literal["black", "blurred", "duplicate"] | None = Field(
        examples=[None], description="why it is not worth showing; null when it is, or when nobody judged it"
    )
    duplicate_of: str | None = Field(examples=[None], description="the shot whose picture it repeats")


class FrameList(BaseModel):
    """The pictures in order of time; none for a file without a picture."""

    frames: list[FrameEntry]


@router.get("/frames", responses=problems("unknown_document"))
def frames(site: GivenSite, video_id: VideoId) -> FrameList:
    """List the pictures of a video's shots."""
    document = found_document(site, video_id).document
    chosen = None if document.representative_frames is None else {one.shot_id for one in document.representative_frames}
    return FrameList(
        frames=[
            FrameEntry(
                shot_id=shot.shot_id,
                start_s=shot.start_s,
                end_s=shot.end_s,
                picture=frame_address(video_id, shot.keyframe),
                representative=None if chosen is None else shot.shot_id in chosen,
                dropped=shot.dropped,
                duplicate_of=shot.duplicate_of,
            )
            for shot in document.shots
        ]
    )
