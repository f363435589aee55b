"""Videos as a vision backend is given them, from drawn pictures."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np
from numpy.typing import NDArray
from vision import jpeg

from actors.backend import StageItem
from actors.media.measures import laplacian_variance, measure
from actors.results import Media, Shot


def shot(index: int, picture: NDArray[np.uint8] | None = None) -> Shot:
    """A shot of one second, its keyframe measured as decoding measures it."""
    measures = None
    if picture is not None:
        luma = np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), dtype=np.uint8)
        measures = measure(picture, sharpness=laplacian_variance(luma))
    return Shot(start_s=index, end_s=index + 1, keyframe_s=index + 0.5, measures=measures)


def media(pictures: Sequence[NDArray[np.uint8]], *, has_video: bool = True) -> Media:
    shots = tuple(shot(index, picture) for index, picture in enumerate(pictures))
    return Media(
        container="mp4", has_video=has_video, has_audio=False, duration_s=len(shots), size_bytes=1, shots=shots
    )


def video(*pictures: NDArray[np.uint8]) -> StageItem:
    return StageItem("0" * 16, media=media(pictures), keyframes=tuple(jpeg(picture) for picture in pictures))


def audio_only() -> StageItem:
    return StageItem("1" * 16, media=media((), has_video=False))


def with_unreadable_keyframe() -> StageItem:
    black = np.zeros((8, 8, 3), np.uint8)
    return StageItem("2" * 16, media=media([black, black]), keyframes=(jpeg(black), b"no picture"))
