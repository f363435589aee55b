"""Tesseract inside this process: lines found on the whole picture in two ways, single lines read again on request."""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actors.errors import BackendUnavailable
from actors.ocr.engine import Quad, Reading

MIN_CONFIDENCE = 0.8
"""A line's confidence below which it is not a line at all. Tesseract is made for pages, and finds letters in leaves and
brickwork: of what it reads on the composed clips' frames, scenery with letters in it stays mostly below."""
OTSU, SAUVOLA = "0", "2"
"""Values of tesseract's `thresholding_method`."""
LINE_HEIGHT_PX = 48
LINE_MARGIN = 0.25
"""Of a line's height, added around it before it is read by itself."""
SAME_LINE = 0.3
"""Share of the smaller of two lines that must lie in the other for the two to be one line seen twice."""

_Rectangle = tuple[int, int, int, int]
"""Left, top, right, bottom in pixels."""


@dataclass(frozen=True, slots=True)
class _Line:
    reading: Reading
    rectangle: _Rectangle


class TesseractReader:
    """A `TextReader` over tesserocr; confidence is tesseract's own for a line, over 100.

    A picture is read as a page twice: as it is by Otsu's threshold, which suits plain cards, and inverted by Sauvola's
    local one, which finds light letters over footage. On frames of the composed clips the two find 18 of 26 lines with
    one false line, Otsu's alone 17 with two.
    """

    def __init__(self, tessdata: Path, languages: str) -> None:
        """Load the languages' models; raises `BackendUnavailable` when tesseract cannot."""
        import tesserocr  # noqa: PLC0415 - optional

        self._tesserocr = tesserocr
        # Leptonica otherwise writes to stderr about every box at a picture's edge.
        tesserocr.set_leptonica_log_level(tesserocr.LeptLogLevel.NONE)
        try:
            self._page, self._line = (
                tesserocr.PyTessBaseAPI(path=str(tessdata), lang=languages, psm=mode, oem=tesserocr.OEM.LSTM_ONLY)
                for mode in (tesserocr.PSM.SPARSE_TEXT, tesserocr.PSM.SINGLE_LINE)
            )
        except RuntimeError as exc:
            message = f"tesseract cannot load {languages} from {tessdata}: {exc}"
            raise BackendUnavailable("tessdata_unusable", message) from exc
        self._picture = 0
        self._found: dict[_Rectangle, Reading] = {}

    def detect(self, picture: NDArray[np.uint8], *, side: int) -> list[Quad]:
        """See `TextReader.detect`; tesseract reads what it finds, which `read` then has at hand."""
        grey, scale = _grey(picture, side=side)
        seen = [*self._lines(grey, OTSU), *self._lines(255 - grey, SAUVOLA)]
        lines = sorted(_distinct(seen), key=lambda line: (line.rectangle[1], line.rectangle[0]))
        self._picture = _fingerprint(picture)
        self._found = {_scaled(line.rectangle, 1 / scale): line.reading for line in lines}
        return [_quad(rectangle) for rectangle in self._found]

    def read(self, picture: NDArray[np.uint8], quads: Sequence[Quad]) -> list[Reading]:
        """See `TextReader.read`; regions that `detect` has just found in this picture are not read twice."""
        if not quads:
            return []
        known = self._found if _fingerprint(picture) == self._picture else {}
        return [known.get(_rectangle(quad)) or self._read_line(picture, _rectangle(quad)) for quad in quads]

    def _lines(self, grey: NDArray[np.uint8], method: str) -> Iterator[_Line]:
        """Read a picture as a page of scattered lines."""
        level = self._tesserocr.RIL.TEXTLINE
        self._page.SetVariable("thresholding_method", method)
        _show(self._page, grey)
        self._page.Recognize()
        found = self._page.GetIterator()
        for line in self._tesserocr.iterate_level(found, level) if found is not None else ():
            rectangle = line.BoundingBox(level)
            if rectangle is None or line.Empty(level):
                continue
            reading = Reading(" ".join(line.GetUTF8Text(level).split()), _share(line.Confidence(level)))
            if reading.text and reading.confidence >= MIN_CONFIDENCE:
                yield _Line(reading, rectangle)

    def _read_line(self, picture: NDArray[np.uint8], rectangle: _Rectangle) -> Reading:
        """Read one region by itself, in both ways, and return the surer reading."""
        crop = _crop(picture, rectangle)
        if crop is None:
            return Reading("", 0.0)
        readings = [self._read_crop(crop, OTSU), self._read_crop(255 - crop, SAUVOLA)]
        return max(readings, key=lambda reading: reading.confidence)

    def _read_crop(self, crop: NDArray[np.uint8], method: str) -> Reading:
        self._line.SetVariable("thresholding_method", method)
        _show(self._line, crop)
        text = " ".join(self._line.GetUTF8Text().split())
        return Reading(text, _share(self._line.MeanTextConf()) if text else 0.0)


def _show(api: Any, grey: NDArray[np.uint8]) -> None:
    height, width = grey.shape
    api.SetImageBytes(np.ascontiguousarray(grey).tobytes(), width, height, 1, width)


def _grey(picture: NDArray[np.uint8], *, side: int) -> tuple[NDArray[np.uint8], float]:
    """Return the luma of a BGR picture, its longer side at most `side` pixels, and the scale."""
    import cv2  # noqa: PLC0415 - heavy

    scale = min(1.0, side / max(picture.shape[:2]))
    grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
    if scale < 1.0:
        grey = cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
    return np.asarray(grey, dtype=np.uint8), scale


def _crop(picture: NDArray[np.uint8], rectangle: _Rectangle) -> NDArray[np.uint8] | None:
    """Return the luma of a region with a margin, `LINE_HEIGHT_PX` high; None where it has no area."""
    import cv2  # noqa: PLC0415 - heavy

    left, top, right, bottom = rectangle
    margin = round(LINE_MARGIN * (bottom - top))
    part = picture[max(0, top - margin) : bottom + margin, max(0, left - margin) : right + margin]
    if not part.size:
        return None
    scale = LINE_HEIGHT_PX / part.shape[0]
    size = (max(1, round(part.shape[1] * scale)), LINE_HEIGHT_PX)
    grey = cv2.resize(cv2.cvtColor(part, cv2.COLOR_BGR2GRAY), size, interpolation=cv2.INTER_CUBIC)
    return np.asarray(grey, dtype=np.uint8)


def _distinct(lines: Sequence[_Line]) -> list[_Line]:
    """Return the surest of those that lie over one another."""
    kept: list[_Line] = []
    for line in sorted(lines, key=lambda each: -each.reading.confidence):
        if all(_shared(line.rectangle, other.rectangle) < SAME_LINE for other in kept):
            kept.append(line)
    return kept


def _shared(one: _Rectangle, other: _Rectangle) -> float:
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    smaller = min((r[2] - r[0]) * (r[3] - r[1]) for r in (one, other))
    return max(0, width) * max(0, height) / max(1, smaller)


def _scaled(rectangle: _Rectangle, factor: float) -> _Rectangle:
    left, top, right, bottom = (round(edge * factor) for edge in rectangle)
    return left, top, right, bottom


def _quad(rectangle: _Rectangle) -> Quad:
    left, top, right, bottom = rectangle
    return np.array([[left, top], [right, top], [right, bottom], [left, bottom]], dtype=np.float32)


def _rectangle(quad: Quad) -> _Rectangle:
    (left, top), (right, bottom) = quad.min(axis=0), quad.max(axis=0)
    return round(float(left)), round(float(top)), round(float(right)), round(float(bottom))


def _fingerprint(picture: NDArray[np.uint8]) -> int:
    return zlib.crc32(picture.tobytes())


def _share(confidence: float) -> float:
    return min(1.0, max(0.0, confidence / 100))
