"""Where a find is played: the web face's page of the video, at the moment."""

from __future__ import annotations


def moment(seconds: float) -> str:
    """Spell seconds for an address or a `datetime` attribute: no more digits than documents have."""
    return f"{seconds:.3f}".rstrip("0").rstrip(".")


def video_address(video_id: str, at_s: float | None = None) -> str:
    """Return the page of a video, which begins at a moment; None for its beginning."""
    return f"/videos/{video_id}" if at_s is None else f"/videos/{video_id}?t={moment(at_s)}"
