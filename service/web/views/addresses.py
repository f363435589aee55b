"""Where things are served: the pictures of a document, and its page at a moment."""

from __future__ import annotations

from typing import overload
from urllib.parse import quote

from service.web.views.figures import moment


@overload
def frame_address(video_id: str, keyframe: str) -> str: ...
@overload
def frame_address(video_id: str, keyframe: None) -> None: ...
@overload
def frame_address(video_id: str, keyframe: str | None) -> str | None: ...
def frame_address(video_id: str, keyframe: str | None) -> str | None:
    """Return where the picture is served that a document, or the library, calls by its path; None for none."""
    return None if keyframe is None else f"/documents/{video_id}/frames/{quote(keyframe.rpartition('/')[2])}"


def video_address(video_id: str, at_s: float | None = None) -> str:
    """Return the page of a video, which begins at a moment; None for its beginning."""
    return f"/videos/{video_id}" if at_s is None else f"/videos/{video_id}?t={moment(at_s)}"
