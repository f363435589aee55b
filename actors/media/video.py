"""The picture track: everything that is learnt from the frames while they go by, once."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from actors.media.cuts import Boundary, BoundaryDetector
from actors.media.frames import FrameStore
from actors.media.keyframes import Candidate, KeyframeChooser
from actors.media.luma import Thumbnailer, brightness, is_full_range
from actors.media.measures import measure
from actors.media.options import DecodeOptions
from actors.media.orientation import UPRIGHT, Geometry, Orientation, from_display_matrix
from actors.media.picture import Renderer, jpeg
from actors.media.timing import FrameRate, PresentationClock, frame_rate
from actors.media.tone import HDR_TRANSFERS
from actors.results import FrameMeasures, Shot, Warned

_MIB = 1 << 20


@dataclass(frozen=True, slots=True)
class ShotFound:
    """A finished shot in the container's clock."""

    start_s: float
    end_s: float
    transition: str
    keyframe_s: float
    motion: float | None
    measures: FrameMeasures
    jpeg: bytes | None


@dataclass(slots=True)
class PictureFacts:
    """What the first frame says about the stream."""

    geometry: Geometry
    pixel_format: str
    hdr: bool
    warnings: list[Warned] = field(default_factory=list)


class PictureTrack:
    """Takes decoded frames in presentation order; gives shots, keyframes and analysis frames."""

    def __init__(self, stream: Any, *, options: DecodeOptions, wants: frozenset[str], discontinuous: bool) -> None:
        rate = float(stream.average_rate) if stream.average_rate else None
        self._options = options
        self._wants = wants
        self._aspect = stream.sample_aspect_ratio or Fraction(1)
        self._tick_s = float(stream.time_base)
        self._clock = PresentationClock(
            tick_s=self._tick_s, default_step_s=1 / rate if rate else None, discontinuous=discontinuous
        )
        self._boundaries = BoundaryDetector(rate)
        self._thumbnailer = Thumbnailer()
        self._chooser = KeyframeChooser()
        self._renderer: Renderer | None = None
        self._store: FrameStore | None = None
        self._store_renderer: Renderer | None = None
        self._full_range = False
        self._open = Boundary(0.0, "cut")
        self._previous: NDArray[np.uint8] | None = None
        self._motion: list[tuple[float, float]] = []
        self.facts: PictureFacts | None = None
        self.shots: list[ShotFound] = []
        self.finished = False
        """Whether `max_media_s` has been reached."""

    @property
    def first_s(self) -> float | None:
        """Time of the first frame in the container's clock; None when nothing was decoded."""
        return self._clock.first_s

    @property
    def end_s(self) -> float:
        """Where the last frame stops being shown, in the container's clock."""
        return self._clock.end_s

    @property
    def frames_decoded(self) -> int:
        """How many frames were taken."""
        return len(self._clock.times_s)

    @property
    def rate(self) -> FrameRate:
        """The measured frame rate."""
        return frame_rate(self._clock.times_s, tick_s=self._tick_s)

    @property
    def refused(self) -> int:
        """How many frames had a time not later than their predecessor's."""
        return self._clock.refused

    def feed(self, frame: Any) -> None:
        """Take the next frame."""
        if self.finished:
            return
        time_s = self._clock.place(frame)
        if time_s is None:
            return
        if self.facts is None:
            self._begin(frame, time_s)
        if self._clock.elapsed_s >= self._options.max_media_s:
            self.finished = True
            return
        self._look(frame, time_s)

    def finish(self) -> None:
        """Close the last shot; call once, after the last frame."""
        if self.facts is None:
            return
        for boundary in self._boundaries.finish():
            self._close(boundary)
        self._close(Boundary(self.end_s, "cut"))

    def frames(self) -> tuple[NDArray[np.uint8] | None, list[float]]:
        """Return the analysis frames and their times in the container's clock; None when not wanted."""
        if self._store is None:
            return None, []
        return self._store.pictures(), self._store.times_s()

    def _begin(self, frame: Any, time_s: float) -> None:
        self.facts = _facts(frame, self._aspect)
        self._full_range = is_full_range(frame)
        self._open = Boundary(time_s, "cut")
        self._renderer = Renderer(self.facts.geometry)
        if "frames" in self._wants:
            self._store_renderer = Renderer(self.facts.geometry, long_side=self._options.analysis_long_side)
            self._store = FrameStore(
                shape=self._store_renderer.shape,
                fps=self._options.analysis_fps,
                budget_bytes=self._options.frames_mib * _MIB,
            )

    def _look(self, frame: Any, time_s: float) -> None:
        picture = self._thumbnailer.thumbnail(frame)
        luma = picture[..., 0]
        light = brightness(luma, full_range=self._full_range)
        self._measure_motion(luma, time_s)
        self._chooser.offer(frame, time_s=time_s, luma=luma, brightness=light)
        for boundary in self._boundaries.feed(time_s, picture, light):
            self._close(boundary)
        store, renderer = self._store, self._store_renderer
        if store is not None and renderer is not None:
            store.offer(time_s, lambda: renderer.rgb(frame))

    def _measure_motion(self, luma: NDArray[np.uint8], time_s: float) -> None:
        if self._previous is not None:
            difference = cv2.norm(luma, self._previous, cv2.NORM_L1) / luma.size / 255
            self._motion.append((time_s, difference))
        self._previous = luma

    def _close(self, boundary: Boundary) -> None:
        """End the open shot at the boundary and begin the next one there."""
        start_s, end_s = self._open.time_s, boundary.time_s
        chosen = self._chooser.close_shot(start_s=start_s, end_s=end_s)
        # The difference across the boundary itself belongs to neither shot.
        inside = [d for t, d in self._motion if start_s < t < end_s]
        self._motion = [(t, d) for t, d in self._motion if t > end_s]
        motion = min(1.0, sum(inside) / len(inside)) if inside else None
        measures, encoded = self._render(chosen)
        self.shots.append(
            ShotFound(start_s, end_s, self._transition(), chosen.time_s, motion, measures, encoded),
        )
        self._open = boundary

    def _render(self, chosen: Candidate) -> tuple[FrameMeasures, bytes | None]:
        if self._renderer is None:
            raise ValueError("a shot cannot be closed before the first frame")
        rgb = self._renderer.rgb(chosen.frame)
        encoded = jpeg(rgb, quality=self._options.keyframe_quality) if "keyframes" in self._wants else None
        return measure(rgb, sharpness=chosen.sharpness), encoded

    def _transition(self) -> str:
        return self._open.transition if self.shots else "start"


def tiled(shots: list[ShotFound], *, origin_s: float, duration_s: float) -> tuple[Shot, ...]:
    """Return the shots in presentation time, without gaps: the first begins at 0, the last ends with the media."""
    starts = [0.0, *(shot.start_s - origin_s for shot in shots[1:])]
    ends = [*starts[1:], duration_s]
    return tuple(
        Shot(
            start_s=round(start_s, 6),
            end_s=round(end_s, 6),
            keyframe_s=round(shot.keyframe_s - origin_s, 6),
            transition=shot.transition,  # type: ignore[arg-type] # one of the three literals by construction
            motion=None if shot.motion is None else round(shot.motion, 5),
            measures=shot.measures,
        )
        for shot, start_s, end_s in zip(shots, starts, ends, strict=True)
    )


def _facts(frame: Any, aspect: Fraction) -> PictureFacts:
    orientation, warnings = _orientation(frame)
    return PictureFacts(
        geometry=Geometry(frame.width, frame.height, _sane(aspect), orientation),
        pixel_format=frame.format.name,
        hdr=frame.color_trc in HDR_TRANSFERS,
        warnings=warnings,
    )


def _sane(aspect: Fraction) -> Fraction:
    """Return the sample aspect ratio, or 1 for one that no camera makes (0/1 means unknown)."""
    return aspect if Fraction(1, 4) <= aspect <= Fraction(4) else Fraction(1)


def _orientation(frame: Any) -> tuple[Orientation, list[Warned]]:
    matrix = next((bytes(side) for side in frame.side_data if side.type.name == "DISPLAYMATRIX"), None)
    if matrix is None:
        return UPRIGHT, []
    orientation = from_display_matrix(matrix)
    if orientation is not None:
        return orientation, []
    message = "the display matrix is no quarter turn; the picture is shown as coded"
    return UPRIGHT, [Warned(code="display_matrix_invalid", field="media.rotation", message=message)]
