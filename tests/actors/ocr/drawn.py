"""Clips drawn for the text tests: overlays at known frames over footage that moves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

WIDTH, HEIGHT = 360, 640
FPS = 4.0


@dataclass(frozen=True, slots=True)
class Title:
    """A text on the frames first to last, inclusive, its baseline `y` pixels from the top."""

    text: str
    first: int
    last: int
    y: int = 120
    scale: float = 1.2


def footage(index: int) -> NDArray[np.uint8]:
    """Blurred blobs of colour that drift, RGB uint8 (height, width, 3)."""
    chance = np.random.default_rng(7)
    coarse = chance.integers(40, 200, (20, 40, 3), dtype=np.uint8)
    wide = cv2.resize(coarse, (WIDTH * 2, HEIGHT), interpolation=cv2.INTER_CUBIC)
    return np.ascontiguousarray(np.roll(wide, 17 * index, axis=1)[:, :WIDTH])


def frame(index: int, titles: Sequence[Title]) -> NDArray[np.uint8]:
    """One frame with the titles that stand on it: white with a black outline."""
    picture = footage(index)
    for title in titles:
        if title.first <= index <= title.last:
            for colour, thickness in (((0, 0, 0), 8), ((255, 255, 255), 3)):
                cv2.putText(picture, title.text, (20, title.y), 0, title.scale, colour, thickness, cv2.LINE_AA)
    return picture


def frames(count: int, titles: Sequence[Title]) -> NDArray[np.uint8]:
    """RGB uint8 (count, height, width, 3), four a second."""
    return np.stack([frame(index, titles) for index in range(count)])


def times_s(count: int) -> tuple[float, ...]:
    return tuple(index / FPS for index in range(count))


def jpeg(picture: NDArray[np.uint8]) -> bytes:
    return bytes(cv2.imencode(".jpg", picture[..., ::-1])[1])
