"""Pictures and sound of a document: its keyframes, and the video itself while its source is there."""

from __future__ import annotations

import os
import stat
from contextlib import ExitStack
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, Literal

from fastapi import APIRouter, Path, Query, Request
from starlette.responses import Response

from actors.fingerprint import head_tail
from actors.fusion import directories
from actors.fusion.names import components, keyframe_pattern
from service.intake.beneath import opened_beneath
from service.web.api import files
from service.web.api.documents import VideoId, found_document, place_of
from service.web.files import file_response
from service.web.problems import Refusal, problems
from service.web.site import GivenSite
from service.web.thumbnails import WIDTH_PX, small_picture

if TYPE_CHECKING:
    from service.ledger.values import Job

router = APIRouter(prefix="/documents/{video_id}", tags=["documents"])

FrameName = Annotated[
    str, Path(max_length=255, examples=["clip_s001.jpg"], description="the file name of a shot's keyframe")
]
PictureSize = Annotated[
    Literal["small"] | None, Query(description=f"`small`: {WIDTH_PX} pixels wide at most; else as large as the video")
]
VIDEO_TYPES = {
    ".avi": "video/x-msvideo",
    ".m4v": "video/mp4",
    ".mkv": "video/x-matroska",
    ".mov": "video/quicktime",
    ".mp4": "video/mp4",
    ".ts": "video/mp2t",
    ".webm": "video/webm",
}
"""By ending; anything else is told as bytes, which a browser does not play but offers to keep."""


@router.get(
    "/frames/{name}",
    response_model=None,
    response_class=Response,
    responses=files.described("The picture", "image/jpeg", problems("unknown_document", "unknown_frame", "bad_range")),
    openapi_extra=files.ASKED,
)
def frame(site: GivenSite, request: Request, video_id: VideoId, name: FrameName, size: PictureSize = None) -> Response:
    """Return the picture of a shot."""
    descriptor = _opened_frame(*place_of(site, video_id), name)
    if descriptor is None:
        raise Refusal(HTTPStatus.NOT_FOUND, "unknown_frame", f"document {video_id} has no picture {name!r}.")
    if size == "small":
        return small_picture(descriptor, request.headers)
    return file_response(descriptor, request.headers, media_type="image/jpeg")


@router.get(
    "/video",
    response_model=None,
    response_class=Response,
    responses=files.described("The video", "video/*", problems("unknown_document", "source_gone", "bad_range")),
    openapi_extra=files.ASKED,
)
def video(site: GivenSite, request: Request, video_id: VideoId) -> Response:
    """Play the video: the source where it lies, while it is there; ranges are answered."""
    job = site.ledger.described(video_id)
    if job is None:
        found_document(site, video_id)
    descriptor = opened_source(job)
    if job is None or descriptor is None:
        raise Refusal(
            HTTPStatus.GONE, "source_gone", "the video is no longer where it was described; its document stays."
        )
    ending = os.path.splitext(os.fsdecode(job.path))[1].lower()  # noqa: PTH122 - a name in bytes
    return file_response(descriptor, request.headers, media_type=VIDEO_TYPES.get(ending, "application/octet-stream"))


def opened_source(job: Job | None) -> int | None:
    """Open a job's video; None where it is gone or another file stands there now, and without a job."""
    if job is None or not job.root:
        return None
    try:
        with opened_beneath(job.root, job.path, flags=os.O_RDONLY) as found:
            return os.dup(found) if _is_described(found, job) else None
    except OSError:
        return None


def _is_described(descriptor: int, job: Job) -> bool:
    """Say whether this is the file that was described, and not another of its size; one that was only touched is."""
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode) or status.st_size != job.size:
        return False
    same = (job.device, job.inode, job.mtime_ns) == (status.st_dev, status.st_ino, status.st_mtime_ns)
    return same or head_tail(descriptor, size=status.st_size) == job.head_tail


def has_source(job: Job | None) -> bool:
    """Whether a job's video is still where it was described."""
    descriptor = opened_source(job)
    if descriptor is not None:
        os.close(descriptor)
    return descriptor is not None


def _opened_frame(output_root: bytes, document: str, name: str) -> int | None:
    *folder, stem = components(document)
    if keyframe_pattern(stem).fullmatch(os.fsencode(name)) is None:
        return None
    with ExitStack() as stack:
        try:
            parent = stack.enter_context(directories.descended(output_root, (*folder, stem, b"frames")))
            return os.open(os.fsencode(name), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=parent)
        except OSError:
            return None
