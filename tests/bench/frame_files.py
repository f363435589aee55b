"""Frames of a clip for the accuracy tables, by PyAV alone: scoring a model must not depend on the decode stage."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

ANALYSIS_FPS = 4.0
ANALYSIS_LONG_SIDE = 640
KEYFRAME_QUALITY = 88
TIME_SLACK_S = 1e-6


@dataclass(frozen=True, slots=True)
class AnalysisFrames:
    """What the decode stage would hand a model: RGB uint8 (frame, height, width, 3) and presentation times."""

    frames: NDArray[np.uint8]
    times_s: tuple[float, ...]
    duration_s: float


def displayed_frames(path: Path) -> Iterator[tuple[float, Callable[[], NDArray[np.uint8]]]]:
    """Yield the presentation time in seconds of each frame of the first video stream, and what makes its picture.

    The picture is RGB, upright, at full size; only the few frames that are kept pay for it.
    """
    import av

    with av.open(f"file:{path}") as container:
        for frame in container.decode(container.streams.video[0]):
            if frame.time is not None:
                yield float(frame.time), partial(_picture, frame)


def _picture(frame: Any) -> NDArray[np.uint8]:
    # PyAV gives the counter-clockwise turn that displays the coded picture upright.
    return np.ascontiguousarray(np.rot90(frame.to_ndarray(format="rgb24"), round(frame.rotation / 90) % 4))


def analysis_frames(path: Path, *, fps: float = ANALYSIS_FPS, long_side: int = ANALYSIS_LONG_SIDE) -> AnalysisFrames:
    """Return the frames at or after each multiple of 1/fps, shrunk to `long_side` pixels at most."""
    kept: list[NDArray[np.uint8]] = []
    times: list[float] = []
    due_s, last_s = 0.0, 0.0
    for time_s, picture in displayed_frames(path):
        last_s = time_s
        if time_s + TIME_SLACK_S >= due_s:
            kept.append(shrunk(picture(), long_side=long_side))
            times.append(time_s)
            due_s = (np.floor((time_s + TIME_SLACK_S) * fps) + 1) / fps
    return AnalysisFrames(np.stack(kept), tuple(times), last_s)


def keyframe_jpegs(path: Path, times_s: Sequence[float]) -> tuple[bytes, ...]:
    """Return a JPEG at full displayed size of the first frame at or after each of the ascending `times_s`."""
    due = list(times_s)
    found: list[bytes] = []
    last: Callable[[], NDArray[np.uint8]] | None = None
    for time_s, picture in displayed_frames(path):
        last = picture
        while due and time_s + TIME_SLACK_S >= due[0]:
            found.append(jpeg(picture()))
            due.pop(0)
        if not due:
            return tuple(found)
    if last is None:
        raise ValueError(f"{path} holds no picture")
    return (*found, *(jpeg(last()) for _ in due))


def shrunk(picture: NDArray[np.uint8], *, long_side: int) -> NDArray[np.uint8]:
    """Return the picture with its longer side at `long_side` pixels, or as it is where it is smaller."""
    import cv2

    height, width = picture.shape[:2]
    scale = long_side / max(height, width)
    if scale >= 1:
        return picture
    size = (max(2, round(width * scale / 2) * 2), max(2, round(height * scale / 2) * 2))
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), dtype=np.uint8)


def jpeg(picture: NDArray[np.uint8]) -> bytes:
    """Return an RGB picture as JPEG bytes."""
    import cv2

    ok, encoded = cv2.imencode(".jpg", picture[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, KEYFRAME_QUALITY])
    if not ok:
        raise ValueError(f"a picture of shape {picture.shape} cannot be encoded")
    return bytes(encoded)
