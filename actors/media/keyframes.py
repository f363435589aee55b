"""One picture for each shot, chosen while the shot goes by: sharp, not black, rather from its middle."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from actors.media.luma import fine_luma
from actors.media.measures import laplacian_variance

_FIRST_INTERVAL_S = 0.25
_MOST_CANDIDATES = 8
_FEWEST_CANDIDATES = 2
_HELD_BYTES = 96 << 20
_DARK = 16 / 255
_FLAT = 4.0
_EDGE_WEIGHT = 0.4
"""What a frame at the edge of its shot counts against one in the middle: it must be 2.5 times as sharp."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A frame that may stand for its shot; the decoder's own picture is held, not a copy."""

    time_s: float
    frame: Any
    sharpness: float
    usable: bool
    brightness: float


class KeyframeChooser:
    """Keeps a few evenly spaced candidates of the shot that is going on, bounded in number and bytes.

    When there are too many, every second goes and the interval doubles, so a shot of any length is covered.
    Sharpness is measured on candidates only.
    """

    def __init__(self) -> None:
        self._candidates: list[Candidate] = []
        self._interval_s = _FIRST_INTERVAL_S
        self._next_s = float("-inf")
        self._latest: tuple[float, Any, NDArray[np.uint8], float] | None = None

    def offer(self, frame: Any, *, time_s: float, luma: NDArray[np.uint8], brightness: float) -> None:
        """Look at the next frame of the stream; `luma` is its thumbnail's."""
        self._latest = (time_s, frame, luma, brightness)
        if time_s < self._next_s:
            return
        self._next_s = time_s + self._interval_s
        self._candidates.append(_candidate(*self._latest))
        if len(self._candidates) > _capacity(frame):
            self._candidates = self._candidates[::2]
            self._interval_s *= 2

    def close_shot(self, *, start_s: float, end_s: float) -> Candidate:
        """Choose for the shot [start_s, end_s) and begin the next one with the candidates that are later."""
        inside = [c for c in self._candidates if c.time_s < end_s]
        self._candidates = self._candidates[len(inside) :]
        self._interval_s = _FIRST_INTERVAL_S
        self._next_s = float("-inf")
        if not inside:
            inside = [self._fallback()]
        return _best(inside, start_s=start_s, end_s=end_s)

    def _fallback(self) -> Candidate:
        """Return the latest frame: a last shot shorter than the interval has no candidate of its own."""
        if self._latest is None:
            raise ValueError("a shot without a frame cannot be closed")
        return _candidate(*self._latest)


def _candidate(time_s: float, frame: Any, luma: NDArray[np.uint8], brightness: float) -> Candidate:
    _, deviation = cv2.meanStdDev(luma)
    return Candidate(
        time_s=time_s,
        frame=frame,
        sharpness=laplacian_variance(fine_luma(frame)),
        usable=brightness > _DARK and float(deviation[0, 0]) > _FLAT,
        brightness=brightness,
    )


def _capacity(frame: Any) -> int:
    """Return how many frames of this size may be held: three bytes a pixel is the most common formats need."""
    frame_bytes: int = 3 * frame.width * frame.height
    return max(_FEWEST_CANDIDATES, min(_MOST_CANDIDATES, _HELD_BYTES // frame_bytes))


def _best(candidates: list[Candidate], *, start_s: float, end_s: float) -> Candidate:
    usable = [c for c in candidates if c.usable]
    if not usable:
        return max(candidates, key=lambda c: c.brightness)
    middle_s, half_s = (start_s + end_s) / 2, max((end_s - start_s) / 2, 1e-6)

    def merit(candidate: Candidate) -> float:
        off_centre = min(1.0, abs(candidate.time_s - middle_s) / half_s)
        return candidate.sharpness * (1 - (1 - _EDGE_WEIGHT) * off_centre)

    return max(usable, key=merit)
