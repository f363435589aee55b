"""Fades: the picture sinks into black and another one rises out of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

BLACK = 6 / 255
"""Mean luma of a picture that counts as black; a dark scene of the corpus (`nasa_13013`) stays above 9/255."""
_VISIBLE, _VISIBLE_SHARE = 40, 0.04
"""So much of a black picture may be brighter than a tenth of the range (cf. FFmpeg's blackdetect): a line of text."""
_LIT = 20 / 255
"""Mean luma from which a picture is bright enough to be compared with another."""
_SAME_PICTURE = 0.95
"""Scenes of one template (captions, frames) correlate up to 0.88 in the corpus."""


@dataclass(slots=True)
class _View:
    time_s: float
    luma: NDArray[np.uint8]


class BlackDips:
    """Finds where one picture fades (or drops) to black and a different one comes out of it.

    PySceneDetect's ThresholdDetector reports every rise out of black, also the one that starts a clip, and cannot
    tell a blink from a change of scene. Here black at the start or the end of a clip is part of the first or last
    shot, and a picture that comes back is no boundary. White is not looked for: flashes are decoration.
    """

    def __init__(self) -> None:
        self._before: _View | None = None
        self._began_s: float | None = None
        self._ended_s: float | None = None
        self._black: tuple[float, float] | None = None

    def feed(self, time_s: float, luma: NDArray[np.uint8], brightness: float) -> float | None:
        """Take the next picture; return the middle of a dip once what comes after it is known to differ."""
        if brightness <= BLACK and float(np.mean(luma > _VISIBLE)) <= _VISIBLE_SHARE:
            self._sink(time_s)
            return None
        if self._began_s is not None and self._ended_s is None:
            self._ended_s = time_s
        if brightness < _LIT:
            return None
        boundary = self._rise(luma)
        self._before = _View(time_s, luma)
        return boundary

    def near(self, time_s: float, within_s: float) -> bool:
        """Whether the latest stretch of black comes within `within_s` of a recent time."""
        return self._black is not None and self._black[0] - within_s <= time_s <= self._black[1] + within_s

    def _sink(self, time_s: float) -> None:
        if self._began_s is None:
            self._began_s = time_s
        self._ended_s = None
        self._black = (self._began_s, time_s)

    def _rise(self, luma: NDArray[np.uint8]) -> float | None:
        began_s, ended_s = self._began_s, self._ended_s
        self._began_s = self._ended_s = None
        if began_s is None or ended_s is None or self._before is None:
            return None
        if _same_picture(self._before.luma, luma):
            return None
        return (began_s + ended_s) / 2


def _same_picture(first: NDArray[np.uint8], second: NDArray[np.uint8]) -> bool:
    """Whether two pictures are alike but for brightness: correlation of their lumas; flat pictures never are."""
    a, b = first.astype(np.float32).ravel(), second.astype(np.float32).ravel()
    a -= a.mean()
    b -= b.mean()
    scale = float(np.linalg.norm(a) * np.linalg.norm(b))
    return scale > a.size and float(a @ b) / scale > _SAME_PICTURE
