"""Where the pictures of a document are served; its page is known to the command line, too (`service.search.links`)."""

from __future__ import annotations

from typing import overload
from urllib.parse import quote


@overload
def frame_address(video_id: str, keyframe: str) -> str: ...
@overload
def frame_address(video_id: str, keyframe: None) -> None: ...
@overload
def frame_address(video_id: str, keyframe: str | None) -> str | None: ...
def frame_address(video_id: str, keyframe: str | None) -> str | None:
    """Return where the picture is served that a document, or the library, calls by its path; None for none."""
    return None if keyframe is None else f"/documents/{video_id}/frames/{quote(keyframe.rpartition('/')[2])}"
