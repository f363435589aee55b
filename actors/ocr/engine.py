"""What the engines of on-screen text have in common: regions, readings, and the two questions they answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Quad = NDArray[np.float32]
"""Four corners (4, 2) in pixels, x before y, clockwise from the upper left."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a recogniser makes of one region; confidence is the recogniser's own, 0-1."""

    text: str
    confidence: float


class TextReader(Protocol):
    """Finds regions of text and reads them. Pictures are BGR uint8 (height, width, 3), contiguous."""

    def detect(self, picture: NDArray[np.uint8], *, side: int) -> list[Quad]:
        """Return the regions that hold text, from top to bottom, seen with the longer side at most `side` pixels."""

    def read(self, picture: NDArray[np.uint8], quads: Sequence[Quad]) -> list[Reading]:
        """Return one reading per region; an unreadable one has empty text and confidence 0."""
