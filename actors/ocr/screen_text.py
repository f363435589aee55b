"""What every backend for on-screen text does: read the keyframes, follow texts through the analysis frames."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import ClassVar, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from actors.backend import Backend, BackendOptions, Outcome, StageItem, StageStatus
from actors.errors import BackendUnavailable, BadInput
from actors.ocr.engine import Reading, TextReader
from actors.ocr.following import Pace, TextFollower
from actors.ocr.overlays import KeyframeLine, overlays
from actors.ocr.regions import Rect, bounds, could_be_text, relative
from actors.ocr.wording import plausible
from actors.results import Box, Media, OnScreenText, TextLine, TextOverlay


class ScreenTextOptions(BackendOptions):
    """What all have in common; sides are pixels of the longer side at which the detector sees a picture."""

    keyframe_side: int = Field(default=640, ge=320, le=1920)
    """Lines are then read from the keyframe at full size. 320 costs a third and loses lines under 1/30 of the side."""
    frame_side: int = Field(default=480, ge=320, le=1280)
    """For analysis frames: 0.04 s a look; 640 takes 0.07 s and finds no more of the composed clips' text."""
    overlays: bool = True
    """Whether texts are followed through the analysis frames."""
    look_s: float = Field(default=0.5, gt=0)
    """Shortest time between two looks at the analysis frames, unless a followed text has just gone."""
    recheck_s: float = Field(default=1.0, gt=0)
    """Longest time without a look while the picture changes."""
    lines_per_s: float = Field(default=8.0, gt=0)
    """Lines read a second of media at most, on average; beyond that only the largest new ones are read."""


OptionsT = TypeVar("OptionsT", bound=ScreenTextOptions)


class ScreenText(Backend[OptionsT]):
    """The lines of every keyframe and overlays over the whole clip, by whichever `TextReader` the subclass opens."""

    needs: ClassVar[tuple[str, ...]] = ("frames", "keyframes")
    actor: ClassVar[str] = "ocr"
    options_type: ClassVar[type[BackendOptions]] = ScreenTextOptions
    _reader: TextReader | None = None

    @abstractmethod
    def open_reader(self) -> TextReader:
        """Load the models; raises `BackendUnavailable`, or the `ImportError` of a library that is broken."""

    def load(self) -> None:
        """See `Backend.load`."""
        try:
            import cv2  # noqa: PLC0415 - heavy

            cv2.setNumThreads(self.options.threads)
            self._reader = self.open_reader()
        except ImportError as exc:
            raise BackendUnavailable("ocr_import", f"{self.name} cannot be imported: {exc}") from exc

    def run(self, items: Sequence[StageItem]) -> list[Outcome]:
        """Return `OnScreenText` per item, or `no_video`."""
        return [self._outcome(item) for item in items]

    def close(self) -> None:
        """Let go of the models."""
        self._reader = None

    def _outcome(self, item: StageItem) -> Outcome:
        media = item.media
        if media is None or not media.has_video:
            return Outcome(StageStatus.NO_VIDEO, reason="the file has no picture")
        keyframes = [_decoded(jpeg, index) for index, jpeg in enumerate(item.keyframes or ())]
        lines = tuple(self._lines(picture) for picture in keyframes)
        found, frames_read = self._overlays(item, media, lines)
        return Outcome(StageStatus.DONE, data=OnScreenText(keyframes=lines, overlays=found, frames_read=frames_read))

    def _lines(self, picture: NDArray[np.uint8]) -> tuple[TextLine, ...]:
        """Read one keyframe, BGR uint8 (height, width, 3), from top to bottom."""
        reader = self._loaded()
        height, width = picture.shape[:2]
        quads = [
            quad
            for quad in reader.detect(picture, side=self.options.keyframe_side)
            if could_be_text(bounds(quad), frame_height=height)
        ]
        return tuple(
            TextLine(
                text=reading.text,
                confidence=round(reading.confidence, 4),
                box=relative(bounds(quad), width=width, height=height),
            )
            for quad, reading in zip(quads, reader.read(picture, quads), strict=True)
            if plausible(reading)
        )

    def _overlays(
        self, item: StageItem, media: Media, lines: Sequence[Sequence[TextLine]]
    ) -> tuple[tuple[TextOverlay, ...], int]:
        """Return the overlays and how many analysis frames the recogniser read."""
        frames = item.frames
        if not self.options.overlays or frames is None or not len(frames):
            return (), 0
        options = self.options
        pace = Pace(
            look_s=options.look_s,
            recheck_s=options.recheck_s,
            side=options.frame_side,
            lines_per_s=options.lines_per_s,
        )
        follower = TextFollower(
            self._loaded(),
            frames=frames,
            times_s=media.frame_times_s,
            shot_starts_s=[shot.start_s for shot in media.shots],
            pace=pace,
        )
        tracks = follower.follow()
        height, width = frames.shape[1:3]
        found = overlays(
            tracks,
            keyframe_lines=_placed(lines, media, width=width, height=height),
            times_s=media.frame_times_s,
            duration_s=media.duration_s,
            frame_size=(width, height),
        )
        return found, len(follower.read_in)

    def _loaded(self) -> TextReader:
        if self._reader is None:
            raise BackendUnavailable("not_loaded", f"{self.name} was run before it was loaded")
        return self._reader


def _decoded(jpeg: bytes, index: int) -> NDArray[np.uint8]:
    """Return a keyframe as BGR uint8 (height, width, 3)."""
    import cv2  # noqa: PLC0415 - heavy

    picture = cv2.imdecode(np.frombuffer(jpeg, dtype=np.uint8), cv2.IMREAD_COLOR)
    if picture is None:
        raise BadInput("keyframe_unreadable", f"keyframe {index + 1} ({len(jpeg)} bytes) is no picture")
    return np.asarray(picture, dtype=np.uint8)


def _placed(lines: Sequence[Sequence[TextLine]], media: Media, *, width: int, height: int) -> tuple[KeyframeLine, ...]:
    """Return the keyframes' lines with their times, as rectangles in the pixels of the analysis frames."""
    return tuple(
        KeyframeLine(shot.keyframe_s, _pixels(line.box, width=width, height=height), _reading(line))
        for shot, found in zip(media.shots, lines, strict=False)
        for line in found
    )


def _pixels(box: Box, *, width: int, height: int) -> Rect:
    x, y, w, h = box
    return Rect(round(x * width), round(y * height), round((x + w) * width), round((y + h) * height))


def _reading(line: TextLine) -> Reading:
    return Reading(line.text, line.confidence)
