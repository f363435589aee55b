"""The settings of decoding."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from actors.backend import BackendOptions


class DecodeOptions(BackendOptions):
    """`[stages.decode.options]`. Every limit applies to what is decoded, none to what a header claims."""

    neutral: ClassVar[frozenset[str]] = frozenset({"threads", "max_file_mib", "memory_mib"})

    threads: int = Field(default=1, ge=0, le=64)
    """Decoder threads; 0 lets FFmpeg choose. A second one halves the wait on an idle machine for 5 to 10 % more CPU."""
    analysis_fps: float = Field(default=4.0, gt=0, le=60)
    """How many analysis frames a second are kept, unless memory halves it."""
    analysis_long_side: int = Field(default=640, ge=64, le=4096)
    """Longer side of an analysis frame; smaller videos are not enlarged."""
    frames_mib: int = Field(default=192, ge=8, le=65_536)
    """Memory of one video's analysis frames."""
    keyframe_quality: int = Field(default=88, ge=1, le=100)
    """JPEG quality of keyframes."""
    max_media_s: float = Field(default=3600.0, gt=0)
    """What lies later is not decoded; the document says so (`cut_off`)."""
    max_pixels: int = Field(default=8192 * 8192, ge=1024)
    """Largest picture, in coded pixels."""
    max_streams: int = Field(default=64, ge=1, le=1000)
    """Streams beyond this number, attachments and cover pictures included, are not looked at; some demuxers refuse."""
    max_file_mib: int = Field(default=65_536, ge=1)
    """A larger file is not even hashed."""
    memory_mib: int = Field(default=2048, ge=0)
    """How much memory decoding may take, in the actor's process, beyond what its libraries do; 0: no limit."""
