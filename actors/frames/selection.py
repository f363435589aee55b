"""Which keyframes are not worth showing, and why: black, blurred, or all but the same as an earlier one."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, Field

from actors.results import KeyframeVerdict, Shot

FEWEST = 2
"""Keyframes that stand for a clip, if it has as many that are worth showing."""


class SelectionOptions(BaseModel):
    """Bounds that every backend of the stage has in common; they are compared with what decoding measured.

    Over the corpus' 57 keyframes that are no plain surface none is dropped: the darkest has brightness 0.06 and
    contrast 0.22, the softest sharpness 10. Blurred by a Gaussian of 1 % of their longer side, all 57 lie below 4.1.
    """

    black_brightness: float = Field(default=0.04, ge=0.0, le=1.0)
    """Mean luma up to which a keyframe may be black …"""
    black_contrast: float = Field(default=0.05, ge=0.0, le=1.0)
    """… if its contrast is no higher than this: white text on black is a picture."""
    blurred_sharpness: float = Field(default=8.0, ge=0.0)
    """Variance of the Laplacian below which a keyframe is blurred …"""
    blurred_contrast: float = Field(default=0.05, ge=0.0, le=1.0)
    """… if it has at least this contrast: a plain surface has no edges to be sharp."""
    representatives: int = Field(default=4, ge=2, le=5)
    """Keyframes at most that stand for the clip."""


def verdicts(
    shots: Sequence[Shot], likeness: NDArray[np.float32], *, options: SelectionOptions, duplicate: float
) -> list[KeyframeVerdict]:
    """Judge every keyframe, in order.

    likeness: (n, n), 1 for the same picture. duplicate: the likeness from which a keyframe repeats an earlier one that
    was not dropped itself; the most alike is named. What was not measured is neither black nor blurred. Raises
    `ValueError` when there is not one keyframe per shot.
    """
    if len(likeness) != len(shots):
        raise ValueError(f"{len(likeness)} keyframes for {len(shots)} shots")
    found: list[KeyframeVerdict] = []
    kept: list[int] = []
    for index, shot in enumerate(shots):
        verdict = _measured(shot, options)
        if verdict.dropped is None and kept:
            nearest = max(kept, key=lambda earlier: float(likeness[index, earlier]))
            if likeness[index, nearest] >= duplicate:
                verdict = KeyframeVerdict(dropped="duplicate", duplicate_of=nearest)
        if verdict.dropped is None:
            kept.append(index)
        found.append(verdict)
    return found


def candidates(found: Sequence[KeyframeVerdict], shots: Sequence[Shot]) -> list[int]:
    """Return the keyframes that may stand for the clip: those not dropped, else the sharpest of the brightest half."""
    kept = [index for index, verdict in enumerate(found) if verdict.dropped is None]
    if kept or not shots:
        return kept
    brightest = sorted(range(len(shots)), key=lambda index: -_brightness(shots[index]))[: (len(shots) + 1) // 2]
    return [max(brightest, key=lambda index: sharpness(shots[index]))]


def sharpness(shot: Shot) -> float:
    """Return a shot's sharpness for comparison; what was not measured comes last."""
    return shot.measures.sharpness if shot.measures else -1.0


def _brightness(shot: Shot) -> float:
    return shot.measures.brightness if shot.measures else -1.0


def _measured(shot: Shot, options: SelectionOptions) -> KeyframeVerdict:
    measures = shot.measures
    if measures is None:
        return KeyframeVerdict()
    if measures.brightness <= options.black_brightness and measures.contrast <= options.black_contrast:
        return KeyframeVerdict(dropped="black")
    if measures.contrast >= options.blurred_contrast and measures.sharpness < options.blurred_sharpness:
        return KeyframeVerdict(dropped="blurred")
    return KeyframeVerdict()
