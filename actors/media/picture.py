"""From a decoded frame to the picture a viewer sees: size, colours, orientation."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
from av.video.reformatter import Colorspace, VideoReformatter
from numpy.typing import NDArray

from actors.media.orientation import Geometry
from actors.media.tone import PQ, sdr_from_pq

_UNSPECIFIED = 2
_SD_HEIGHT = 576
_JPEG_MAX_SIDE = 65_500
"""libjpeg's limit."""


class Renderer:
    """Makes display-oriented RGB of one stream's frames; one per target size, so that swscale is set up once."""

    def __init__(self, geometry: Geometry, *, long_side: int = _JPEG_MAX_SIDE) -> None:
        self._geometry = geometry
        self._width, self._height = geometry.fitted(long_side)
        self._reformatter = VideoReformatter()

    @property
    def shape(self) -> tuple[int, int, int]:
        """Height, width and channels of what is made."""
        turned = self._geometry.orientation.swaps_sides
        sides = (self._width, self._height) if turned else (self._height, self._width)
        return (*sides, 3)

    def rgb(self, frame: Any) -> NDArray[np.uint8]:
        """Return uint8 (height, width, 3), contiguous, of `shape`, whatever size the frame has by now.

        A stream that does not say how its colours are coded is read as players do: BT.709 above standard
        definition, BT.601 up to it.
        """
        guessed = Colorspace.ITU709 if frame.colorspace == _UNSPECIFIED and frame.height > _SD_HEIGHT else None
        shrinks = self._width < frame.width
        made = self._reformatter.reformat(
            frame,
            width=self._width,
            height=self._height,
            format="rgb24",
            src_colorspace=guessed,
            interpolation="AREA" if shrinks else "BICUBIC",
            threads=1,
        )
        image = np.asarray(made.to_ndarray(), dtype=np.uint8)
        if frame.color_trc == PQ:
            image = sdr_from_pq(image)
        return self._geometry.orientation.apply(image)


def jpeg(rgb: NDArray[np.uint8], *, quality: int) -> bytes:
    """Encode a picture; raises ValueError when the encoder refuses."""
    done, encoded = cv2.imencode(".jpg", cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, quality])
    if not done:
        raise ValueError(f"a picture of shape {rgb.shape} cannot be encoded as JPEG")
    return bytes(encoded)
