"""How a coded picture is to be shown: rotation, mirroring and the shape of its pixels."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

import numpy as np
from numpy.typing import NDArray

Rotation = Literal[0, 90, 180, 270]

_MATRIX_BYTES = 36
_TOLERANCE = 0.02
_TURNS: dict[tuple[int, int, int, int], tuple[Rotation, bool]] = {
    (1, 0, 0, 1): (0, False),
    (0, 1, -1, 0): (90, False),
    (-1, 0, 0, -1): (180, False),
    (0, -1, 1, 0): (270, False),
    (-1, 0, 0, 1): (0, True),
    (0, -1, -1, 0): (90, True),
    (1, 0, 0, -1): (180, True),
    (0, 1, 1, 0): (270, True),
}
"""(a, b, c, d) of x' = a x + c y, y' = b x + d y, with y downwards: the eight ways to lay a rectangle on a grid."""


@dataclass(frozen=True, slots=True)
class Orientation:
    """The displayed picture is the coded one, mirrored left to right if `mirrored`, then turned clockwise."""

    rotation: Rotation = 0
    mirrored: bool = False

    @property
    def swaps_sides(self) -> bool:
        """Whether width becomes height."""
        return self.rotation in {90, 270}

    def apply(self, image: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Turn an image, shape (height, width, channels), into display orientation; contiguous."""
        shown = image[:, ::-1] if self.mirrored else image
        # np.rot90 turns counter-clockwise.
        return np.ascontiguousarray(np.rot90(shown, k=-(self.rotation // 90) % 4))


UPRIGHT = Orientation()


def from_display_matrix(matrix: bytes) -> Orientation | None:
    """Read a display matrix: nine little-endian int32, 16.16 fixed point (ISO/IEC 14496-12, 6.2.2).

    Scaling is ignored, players ignore it too. Returns None for a matrix that is no quarter turn with or without
    mirroring: all zeros, shears, odd angles (mp4parse's `no_timescale.mp4` carries zeros).
    """
    if len(matrix) != _MATRIX_BYTES:
        return None
    a, b, _, c, d = (float(v) for v in np.frombuffer(matrix, dtype="<i4")[:5])
    across, along = float(np.hypot(a, b)), float(np.hypot(c, d))
    if not across or not along:
        return None
    unit = (a / across, b / across, c / along, d / along)
    nearest = tuple(round(v) for v in unit)
    if any(abs(v - n) > _TOLERANCE for v, n in zip(unit, nearest, strict=True)):
        return None
    turn = _TURNS.get((nearest[0], nearest[1], nearest[2], nearest[3]))
    return None if turn is None else Orientation(*turn)


@dataclass(frozen=True, slots=True)
class Geometry:
    """From coded to displayed size: sample aspect ratio first, then orientation."""

    coded_width: int
    coded_height: int
    sample_aspect: Fraction = Fraction(1)
    orientation: Orientation = UPRIGHT

    @property
    def upright_size(self) -> tuple[int, int]:
        """Width and height with square pixels, before turning: the picture is widened or heightened, never shrunk."""
        if self.sample_aspect >= 1:
            return max(1, round(self.coded_width * self.sample_aspect)), self.coded_height
        return self.coded_width, max(1, round(self.coded_height / self.sample_aspect))

    @property
    def displayed_size(self) -> tuple[int, int]:
        """Width and height as a viewer sees them."""
        width, height = self.upright_size
        return (height, width) if self.orientation.swaps_sides else (width, height)

    def fitted(self, long_side: int) -> tuple[int, int]:
        """Return `upright_size` scaled down so that its longer side is at most `long_side`."""
        width, height = self.upright_size
        scale = min(1.0, long_side / max(width, height))
        return max(1, round(width * scale)), max(1, round(height * scale))
