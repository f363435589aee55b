"""Where the video came from, and what its container says."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from actors.document.base import Count, NonNegative, Part, described

PostedAt = Annotated[str, Field(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}(T[0-9]{2}:[0-9]{2}:[0-9]{2}Z)?$")]
Sha256 = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Counts(Part):
    """How the platform's public counted the video when the sidecar was written; null where the sidecar is silent."""

    views: Count | None = described("Views", "Times played.", unit="count")
    likes: Count | None = described("Likes", "Times liked.", unit="count")
    comments: Count | None = described("Comments", "Comments under the video.", unit="count")
    shares: Count | None = described("Shares", "Times shared or reposted.", unit="count")
    saves: Count | None = described("Saves", "Times saved or bookmarked.", unit="count")


class Source(Part):
    """The file, and what a sidecar beside it tells about its publication."""

    relative_path: str = described(
        "Relative path", "Path below the watched folder; bytes that are not UTF-8 are written as \\xNN."
    )
    also_at: tuple[str, ...] = described("Also at", "Other paths at which the same bytes were found.")
    size_bytes: Count = described("Size", "Size of the file.", unit="byte")
    sha256: Sha256 = described("SHA-256", "Digest of the file's bytes, in hexadecimal.")
    platform_id: str | None = described(
        "Platform id", "The platform's own id of the video, from a sidecar; null without one."
    )
    caption: str | None = described(
        "Caption", "What the author wrote beside the video, from a sidecar; null without one."
    )
    hashtags: tuple[str, ...] | None = described(
        "Hashtags",
        "Hashtags without the # sign, in the order of the caption, then those the sidecar lists; null when no sidecar "
        "tells.",
    )
    author: str | None = described("Author", "The author's name on the platform, from a sidecar; null without one.")
    posted_at: PostedAt | None = described(
        "Posted at", "When it was published: UTC as YYYY-MM-DDTHH:MM:SSZ, or the date alone where only that is known."
    )
    counts: Counts | None = described("Counts", "Public counts from a sidecar; null when no sidecar has any.")


class MediaInfo(Part):
    """What decoding found out about the streams."""

    container: str = described("Container", "Container format, as FFmpeg names it.")
    codec: str | None = described("Video codec", "As FFmpeg names it; null without video.")
    pixel_format: str | None = described("Pixel format", "As FFmpeg names it; null without video.")
    hdr: bool = described("HDR", "Whether the transfer function is PQ or HLG.")
    has_video: bool = described("Has video", "Whether a moving picture was decoded.")
    has_audio: bool = described("Has audio", "Whether a sound track was decoded.")
    width: Count | None = described("Width", "As displayed, after rotation; null without video.", unit="pixel")
    height: Count | None = described("Height", "As displayed, after rotation; null without video.", unit="pixel")
    rotation: Literal[0, 90, 180, 270] = described(
        "Rotation", "Clockwise turn from the coded to the displayed picture.", unit="degree"
    )
    mirrored: bool = described("Mirrored", "Whether the container asks for a mirrored display.")
    frame_rate: NonNegative | None = described(
        "Frame rate", "Mean frames per second; null without video or where unknown.", unit="1/s"
    )
    variable_frame_rate: bool | None = described(
        "Variable frame rate", "Whether the distances between frames vary; null where unknown."
    )
    bit_rate: Count | None = described("Bit rate", "Of the whole file; null where unknown.", unit="bit/s")
