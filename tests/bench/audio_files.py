"""Sound of a clip for the accuracy tables, by PyAV alone: scoring a model must not depend on the decode stage."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

SAMPLE_RATE_HZ = 16_000
MEDIA = frozenset((".flac", ".m4a", ".mkv", ".mov", ".mp3", ".mp4", ".mpg", ".ogg", ".ts", ".wav", ".webm", ".wmv"))


def sound(path: Path) -> NDArray[np.float32] | None:
    """Return the first sound track as float32 mono at 16 kHz, shape (samples,); None where there is none to decode."""
    import av

    try:
        with av.open(f"file:{path}") as container:
            if not container.streams.audio:
                return None
            resampler = av.AudioResampler(format="flt", layout="mono", rate=SAMPLE_RATE_HZ)
            frames = [*container.decode(container.streams.audio[0]), None]
            pieces = [piece.to_ndarray().reshape(-1) for frame in frames for piece in resampler.resample(frame)]
    except av.FFmpegError:
        return None
    return np.ascontiguousarray(np.concatenate(pieces), dtype=np.float32) if pieces else None


def clips(folder: Path) -> list[Path]:
    """Return the media files of a folder, by name."""
    return sorted(path for path in folder.iterdir() if path.suffix.lower() in MEDIA)
