"""Presentation times of one stream's frames, and what they say about the frame rate. Frame counts are never times."""

from __future__ import annotations

from array import array
from dataclasses import dataclass, field
from typing import Any

import numpy as np

_FORWARD_JUMP_S = 10.0
_BACKWARD_JUMP_S = 1.0
"""Beyond these a transport stream's clock has been reset; FFmpeg's `dts_delta_threshold` is 10 s too."""
_JITTER_SHARE = 0.1
_MILLISECOND_CLOCK_S = 0.0015
"""Matroska counts milliseconds: 30 fps reads 33, 33, 34 ms and is constant all the same."""
_IRREGULAR_SHARE = 0.02


@dataclass(slots=True)
class PresentationClock:
    """Gives each frame of a stream its time in the container's clock, in seconds, strictly increasing.

    A frame without a time follows its predecessor. In formats whose clock may jump (`discontinuous`), a jump is
    taken out, so that times go on from where they were. A frame that is not later than its predecessor is refused.
    """

    tick_s: float
    """The resolution of the stream's clock: frames count their length in it."""
    default_step_s: float | None = None
    discontinuous: bool = False
    first_s: float | None = None
    end_s: float = 0.0
    """Where the last frame stops being shown."""
    refused: int = 0
    jumps: int = 0
    _last_s: float = 0.0
    _offset_s: float = 0.0
    times_s: array[float] = field(default_factory=lambda: array("d"))

    def place(self, frame: Any, *, lasts_s: float | None = None) -> float | None:
        """Return the frame's time, or None for a frame that must not be shown.

        `lasts_s` is the frame's length where it is known better than the container knows it (sound: its samples).
        """
        time_s = self._time(frame)
        if self.first_s is not None and time_s <= self._last_s:
            self.refused += 1
            return None
        if self.first_s is None:
            self.first_s = time_s
        self._last_s = time_s
        self.end_s = time_s + (self._duration(frame) if lasts_s is None else lasts_s)
        self.times_s.append(time_s)
        return time_s

    @property
    def elapsed_s(self) -> float:
        """Seconds from the first frame to the last one."""
        return 0.0 if self.first_s is None else self._last_s - self.first_s

    def _time(self, frame: Any) -> float:
        if frame.pts is None:
            return self.end_s
        time_s = float(frame.time) + self._offset_s
        if not self.discontinuous or self.first_s is None:
            return time_s
        if not -_BACKWARD_JUMP_S <= time_s - self.end_s <= _FORWARD_JUMP_S:
            self.jumps += 1
            self._offset_s += self.end_s - time_s
            return self.end_s
        return time_s

    def _duration(self, frame: Any) -> float:
        if frame.duration:
            return int(frame.duration) * self.tick_s
        if self.default_step_s:
            return self.default_step_s
        return self.times_s[-1] - self.times_s[-2] if len(self.times_s) > 1 else 0.0


@dataclass(frozen=True, slots=True)
class FrameRate:
    """Mean rate of the decoded frames, and whether their spacing varies; None where one frame cannot tell."""

    per_second: float | None = None
    variable: bool | None = None


def frame_rate(times_s: array[float], *, tick_s: float) -> FrameRate:
    """Measure the rate of strictly increasing times; `tick_s` is the resolution of the stream's clock."""
    if len(times_s) < 2:  # noqa: PLR2004 - two frames make one distance
        return FrameRate()
    steps = np.diff(np.frombuffer(times_s, dtype=np.float64))
    usual = float(np.median(steps))
    tolerance = max(_JITTER_SHARE * usual, 1.5 * tick_s, _MILLISECOND_CLOCK_S)
    irregular = float(np.mean(np.abs(steps - usual) > tolerance))
    return FrameRate(round(float(1.0 / np.mean(steps)), 3), irregular > _IRREGULAR_SHARE)
