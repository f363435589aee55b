"""HDR pictures brought to 8-bit standard range, simply: enough for a keyframe and for the models that look at it."""

from __future__ import annotations

from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

PQ, HLG = 16, 18
"""Transfer characteristics of ITU-T H.273: SMPTE ST 2084 and ARIB STD-B67."""
HDR_TRANSFERS = frozenset({PQ, HLG})

_PEAK_NITS = 10_000.0
_WHITE_NITS = 203.0
"""Diffuse white of HDR programmes (ITU-R BT.2408)."""
_HIGHLIGHT = 1_000.0 / _WHITE_NITS
"""Where highlights end: most programmes are mastered at 1,000 cd/m2."""
_GAMMA = 1 / 2.2
_LEVELS = 4096
_BT2020_TO_BT709 = np.array(
    [[1.6605, -0.5876, -0.0728], [-0.1246, 1.1329, -0.0083], [-0.0182, -0.1006, 1.1187]], dtype=np.float32
)
"""Linear light, R G B (ITU-R BT.2087, annex 2)."""


def sdr_from_pq(rgb: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Map PQ-coded BT.2020 RGB, uint8 (height, width, 3), to BT.709 RGB of the same shape.

    Extended Reinhard per channel (Reinhard et al. 2002, eq. 4) above a diffuse white of 203 cd/m2. HLG needs none
    of this: it is made to look right on a standard display.
    """
    linear = cv2.transform(cv2.LUT(rgb, _linear_from_pq()), _BT2020_TO_BT709)
    scaled = np.clip(linear * ((_LEVELS - 1) / _HIGHLIGHT), 0, _LEVELS - 1).astype(np.uint16)
    return np.asarray(_display_from_linear()[scaled], dtype=np.uint8)


@cache
def _linear_from_pq() -> NDArray[np.float32]:
    """SMPTE ST 2084 EOTF for 256 codes, in units of diffuse white."""
    m1, m2, c1, c2, c3 = 0.1593017578125, 78.84375, 0.8359375, 18.8515625, 18.6875
    power = (np.arange(256) / 255.0) ** (1 / m2)
    nits = _PEAK_NITS * (np.maximum(power - c1, 0) / (c2 - c3 * power)) ** (1 / m1)
    return (nits / _WHITE_NITS).astype(np.float32)


@cache
def _display_from_linear() -> NDArray[np.uint8]:
    light = np.arange(_LEVELS) * (_HIGHLIGHT / (_LEVELS - 1))
    mapped = light * (1 + light / _HIGHLIGHT**2) / (1 + light)
    return np.asarray(np.round(255 * np.clip(mapped, 0, 1) ** _GAMMA), dtype=np.uint8)
