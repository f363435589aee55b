"""What decoding found out."""

from __future__ import annotations

from typing import Literal

from actors.results.base import Result, Unit


class Warned(Result):
    """Something a reader should know: a stable code, the field it touches, a sentence."""

    code: str
    field: str | None = None
    message: str


class FrameMeasures(Result):
    """What was measured on one keyframe (8-bit values of the displayed frame)."""

    brightness: Unit
    """Mean luma over 255."""
    contrast: Unit
    """Standard deviation of luma over 128, capped at 1."""
    sharpness: float
    """Variance of the Laplacian of the coded luma, sampled to a long side of about 512."""
    colours: tuple[tuple[str, Unit], ...] = ()
    """Named dominant colours with their share of the frame, largest first."""


class Shot(Result):
    """One shot: [start_s, end_s), its keyframe's time and measures; `transition` is how it began."""

    start_s: float
    end_s: float
    keyframe_s: float
    transition: Literal["start", "cut", "fade"] = "cut"
    motion: Unit | None = None
    """Mean absolute luma difference of neighbouring frames over 255; None for a shot of one frame."""
    measures: FrameMeasures | None = None


class Media(Result):
    """What decoding found out. `width` and `height` are as displayed; `rotation` is clockwise."""

    container: str
    codec: str | None = None
    audio_codec: str | None = None
    pixel_format: str | None = None
    hdr: bool = False
    has_video: bool
    has_audio: bool
    width: int | None = None
    height: int | None = None
    rotation: Literal[0, 90, 180, 270] = 0
    mirrored: bool = False
    frame_rate: float | None = None
    variable_frame_rate: bool | None = None
    bit_rate: int | None = None
    duration_s: float
    frames_decoded: int = 0
    size_bytes: int
    shots: tuple[Shot, ...] = ()
    frame_times_s: tuple[float, ...] = ()
    """Presentation times of the analysis frames; empty when none were wanted."""
    loudness_lufs: float | None = None
    """EBU R128 integrated loudness of the decoded sound; None without sound or below the gate."""
    warnings: tuple[Warned, ...] = ()


class Identity(Result):
    """The content's identity: SHA-256 in hex, of the pinned descriptor."""

    sha256: str
