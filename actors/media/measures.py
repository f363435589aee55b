"""What can be said about one picture without a model: brightness, contrast, sharpness, named colours."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from actors.results import FrameMeasures

_MEASURED_SIDE = 160
_GREY_SATURATION = 40
_BLACK_VALUE, _WHITE_VALUE = 45, 200
_BROWN_VALUE = 150
_HUES: tuple[tuple[int, str], ...] = (
    (8, "red"),
    (22, "orange"),
    (34, "yellow"),
    (85, "green"),
    (98, "cyan"),
    (130, "blue"),
    (145, "purple"),
    (170, "pink"),
    (180, "red"),
)
"""Upper bounds of OpenCV's hue (0-179, two degrees each)."""
_MIN_SHARE = 0.08
_MOST_COLOURS = 4


def measure(rgb: NDArray[np.uint8], *, sharpness: float) -> FrameMeasures:
    """Measure a displayed picture, uint8 (height, width, 3); samples are picked on a grid, not averaged."""
    step = max(1, max(rgb.shape[:2]) // _MEASURED_SIDE)
    sample = np.ascontiguousarray(rgb[::step, ::step])
    mean, deviation = cv2.meanStdDev(cv2.cvtColor(sample, cv2.COLOR_RGB2GRAY))
    return FrameMeasures(
        brightness=round(float(mean[0, 0]) / 255, 4),
        contrast=round(min(1.0, float(deviation[0, 0]) / 128), 4),
        sharpness=round(sharpness, 2),
        colours=named_colours(sample),
    )


def laplacian_variance(luma: NDArray[np.uint8]) -> float:
    """Return the variance of the Laplacian (Pech-Pacheco et al. 2000): the higher, the sharper."""
    _, deviation = cv2.meanStdDev(cv2.Laplacian(luma, cv2.CV_16S))
    return float(deviation[0, 0]) ** 2


def named_colours(rgb: NDArray[np.uint8]) -> tuple[tuple[str, float], ...]:
    """Return up to four colour names with their share of the picture, largest first, none below 8 %."""
    hue, saturation, value = (np.asarray(c) for c in cv2.split(cv2.cvtColor(rgb, cv2.COLOR_RGB2HSV)))
    grey = saturation < _GREY_SATURATION
    black = value < _BLACK_VALUE
    coloured = ~grey & ~black
    shares: dict[str, float] = {
        "black": float(np.mean(black)),
        "white": float(np.mean(grey & ~black & (value > _WHITE_VALUE))),
        "grey": float(np.mean(grey & ~black & (value <= _WHITE_VALUE))),
    }
    lower = 0
    for upper, name in _HUES:
        inside = coloured & (hue >= lower) & (hue < upper)
        _add_hue(shares, name, inside, value)
        lower = upper
    ranked = sorted(shares.items(), key=lambda item: -item[1])
    return tuple((name, round(share, 3)) for name, share in ranked[:_MOST_COLOURS] if share >= _MIN_SHARE)


def _add_hue(shares: dict[str, float], name: str, inside: NDArray[np.bool_], value: NDArray[np.uint8]) -> None:
    """Add a hue's share; dark orange is what people call brown."""
    dark = inside & (value < _BROWN_VALUE) if name == "orange" else np.zeros_like(inside)
    shares["brown"] = shares.get("brown", 0.0) + float(np.mean(dark))
    shares[name] = shares.get(name, 0.0) + float(np.mean(inside & ~dark))
