"""Shot boundaries, found while the frames go by: PySceneDetect proposes, the pictures around a proposal decide."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

import cv2
import numpy as np
from numpy.typing import NDArray
from scenedetect import FrameTimecode
from scenedetect.common import Timecode
from scenedetect.detectors import AdaptiveDetector

from actors.media.dips import BlackDips

MIN_SHOT_S = 0.6
_ADAPTIVE_THRESHOLD = 3.0
"""PySceneDetect's benchmark on short web video (AutoShot) is best at 3.5 with window 3 and 0.6 s; a cut out of fast
motion lands at 3.49 there (corpus tt2, 28.0 s; tt3, 5.5 s), so 3.0 proposes and the checks below refuse."""
_MIN_CONTENT = 15.0
_WEIGHTS = AdaptiveDetector.Components(delta_hue=0.3, delta_sat=1.0, delta_lum=1.0, delta_edges=0.0)
"""Hue is noise where there is little colour: at a noise of 4/255, full weight loses 38 % of cuts, this loses 6 %."""
_USUAL_WINDOW = 3
_WINDOWS = ((80.0, 12), (40.0, 6), (10.0, 3), (4.0, 2))
"""From so many frames a second, this window: 0.1 s at least, because 60 fps clips often show each picture twice."""
_MICROSECOND = 1_000_000
_TICK = Fraction(1, _MICROSECOND)
_NOMINAL_RATE = 25.0
"""The unit of PySceneDetect's frame numbers, which nothing here reads; a header's rate may be absurd."""
_FLASH_S = 0.2
_RETURNED = 0.5
_CHANGED = 8
_CHANGED_SHARE = 0.6
_BLOCKS = (8, 8)

Picture = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Boundary:
    """A new shot starts at this time."""

    time_s: float
    transition: Literal["cut", "fade"]


@dataclass(frozen=True, slots=True)
class _Seen:
    timecode: FrameTimecode
    time_s: float
    picture: Picture


class BoundaryDetector:
    """Takes thumbnails in presentation order and reports boundaries at least `MIN_SHOT_S` apart, a little late.

    A cut is a proposal of AdaptiveDetector that (1) changes most of the picture, not an inset or a caption; (2) is
    not undone within `_FLASH_S`, nor undoes itself, as flashes do; (3) does not touch black, which belongs to fades.
    The first two are measured on the thumbnails. Corpus: true cuts change at least 75 % of 8x8 blocks, insets
    38 %; flashes return to within 4 % of the picture before, cuts not below 90 %.
    """

    def __init__(self, frame_rate: float | None) -> None:
        self._detector = AdaptiveDetector(
            adaptive_threshold=_ADAPTIVE_THRESHOLD,
            window_width=_window(frame_rate),
            min_scene_len=0,
            min_content_val=_MIN_CONTENT,
            weights=_WEIGHTS,
        )
        self._history: deque[_Seen] = deque()
        self._proposals: deque[FrameTimecode] = deque()
        self._dips = BlackDips()
        self._last_boundary_s: float | None = None

    def feed(self, time_s: float, picture: Picture, brightness: float) -> list[Boundary]:
        """Take the next thumbnail (Y, Cr, Cb) and return boundaries that have become certain, in order."""
        if self._last_boundary_s is None:
            self._last_boundary_s = time_s
        timecode = FrameTimecode(Timecode(pts=round(time_s * _MICROSECOND), time_base=_TICK), fps=_NOMINAL_RATE)
        self._history.append(_Seen(timecode, time_s, picture))
        self._proposals.extend(
            self._detector.process_frame(timecode, cv2.cvtColor(picture, cv2.COLOR_YCrCb2BGR)),
        )
        fade_s = self._dips.feed(time_s, picture[..., 0], brightness)
        boundaries = self._decide(now_s=time_s)
        if fade_s is not None:
            boundaries += self._accept(fade_s, "fade")
        self._forget(now_s=time_s)
        return boundaries

    def finish(self) -> list[Boundary]:
        """Return what was still waiting for later frames."""
        if not self._history:
            return []
        self._proposals.extend(self._detector.post_process(self._history[-1].timecode))
        return self._decide(now_s=float("inf"))

    def _decide(self, *, now_s: float) -> list[Boundary]:
        boundaries: list[Boundary] = []
        while self._proposals and self._proposals[0].seconds + _FLASH_S < now_s:
            proposal = self._proposals.popleft()
            index = next((i for i, seen in enumerate(self._history) if seen.timecode is proposal), 0)
            if index and self._is_cut(index):
                boundaries += self._accept(self._history[index].time_s, "cut")
        return boundaries

    def _accept(self, time_s: float, transition: Literal["cut", "fade"]) -> list[Boundary]:
        if self._last_boundary_s is None or time_s - self._last_boundary_s < MIN_SHOT_S:
            return []
        self._last_boundary_s = time_s
        return [Boundary(time_s, transition)]

    def _is_cut(self, index: int) -> bool:
        before, after = self._history[index - 1], self._history[index]
        if _changed_share(before.picture, after.picture) < _CHANGED_SHARE:
            return False
        if self._dips.near(after.time_s, _FLASH_S):
            return False
        return not self._is_flash(index)

    def _is_flash(self, index: int) -> bool:
        """Whether the picture before the change returns soon after it, or the one after it was there just before."""
        before, after = self._history[index - 1], self._history[index]
        change = cv2.norm(before.picture, after.picture, cv2.NORM_L1)
        seen = enumerate(self._history)
        return any(
            (i > index and s.time_s - after.time_s <= _FLASH_S and _near(before, s, _RETURNED * change))
            or (i < index - 1 and before.time_s - s.time_s <= _FLASH_S and _near(after, s, _RETURNED * change))
            for i, s in seen
        )

    def _forget(self, *, now_s: float) -> None:
        """Drop what no proposal can refer to any more: proposals lag by the window, checks by two flashes."""
        oldest = self._proposals[0].seconds if self._proposals else now_s
        keep = self._detector.window_width + 2
        while len(self._history) > keep and self._history[0].time_s < oldest - 3 * _FLASH_S:
            self._history.popleft()


def _window(frame_rate: float | None) -> int:
    """Return how many frames on either side a change is compared with."""
    if frame_rate is None:
        return _USUAL_WINDOW
    return next((window for least, window in _WINDOWS if frame_rate >= least), 1)


def _changed_share(first: Picture, second: Picture) -> float:
    """Return the share of the picture, in blocks, whose mean difference in any channel is visible."""
    blocks = cv2.resize(cv2.absdiff(first, second), _BLOCKS, interpolation=cv2.INTER_AREA)
    return float(np.mean(blocks.max(axis=2) > _CHANGED))


def _near(first: _Seen, second: _Seen, distance: float) -> bool:
    return bool(cv2.norm(first.picture, second.picture, cv2.NORM_L1) < distance)
