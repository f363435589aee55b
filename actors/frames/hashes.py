"""How alike pictures are, without a model: a perceptual hash of their structure, and their mean colour."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SIDE, KEPT = 32, 8
"""The picture is shrunk to SIDE by SIDE, of whose cosine transform KEPT by KEPT coefficients count (Zauner 2010)."""
FLAT = 1.0
"""Coefficients smaller than this stand for no structure: their signs are noise, and count as down."""
COLOUR = 0.1
"""Distance of mean colours (largest of three channels, over 255) from which pictures of one structure differ."""


@dataclass(frozen=True, slots=True)
class Signature:
    """bits: 64 signs, -1 or 1. colour: mean RGB over 255."""

    bits: NDArray[np.float32]
    colour: NDArray[np.float32]


def signature(picture: NDArray[np.uint8]) -> Signature:
    """Return what a picture, RGB uint8 (height, width, 3), is recognised by."""
    import cv2  # noqa: PLC0415 - heavy

    small = cv2.resize(picture, (SIDE, SIDE), interpolation=cv2.INTER_AREA)
    grey = cv2.cvtColor(small, cv2.COLOR_RGB2GRAY).astype(np.float32)
    low = np.asarray(cv2.dct(grey), dtype=np.float32)[:KEPT, :KEPT].ravel()
    # The first coefficient is the brightness, which would pull the median up.
    up = (low > np.median(low[1:])) & (np.abs(low) > FLAT)
    colour = np.asarray(small, dtype=np.float32).mean(axis=(0, 1)) / 255
    return Signature(np.where(up, 1.0, -1.0).astype(np.float32), colour)


def likeness(signatures: Sequence[Signature]) -> NDArray[np.float32]:
    """Return (n, n) float32: the share of equal bits, 0 where the colours differ."""
    if not signatures:
        return np.zeros((0, 0), dtype=np.float32)
    bits = np.stack([found.bits for found in signatures])
    colours = np.stack([found.colour for found in signatures])
    distance = np.abs(colours[:, None] - colours[None]).max(axis=2)
    equal = (1 + bits @ bits.T / bits.shape[1]) / 2
    return np.where(distance <= COLOUR, equal, 0.0).astype(np.float32)
