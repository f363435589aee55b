"""Which keyframes stand for a clip: the best of those worth showing, no two of them alike."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from actors.frames.selection import FEWEST, sharpness
from actors.results import RepresentativeFrame, Shot


def by_prompt(
    eligible: Sequence[int],
    *,
    similarity: NDArray[np.float32],
    likeness: NDArray[np.float32],
    prompts: Sequence[str],
    most: int,
    diversity: float,
) -> tuple[RepresentativeFrame, ...]:
    """Choose the keyframes nearest to any prompt, in order of time, each with its nearest prompt.

    similarity: (n, prompts), cosines of pictures and prompts. likeness: (n, n), cosines of pictures. diversity: the
    likeness above which a keyframe adds nothing to one that is chosen already; where that leaves fewer than two, the
    one least like the chosen one joins it.
    """
    best = similarity.max(axis=1)
    chosen: list[int] = []
    for index in sorted(eligible, key=lambda index: -float(best[index])):
        if len(chosen) < most and all(likeness[index, other] <= diversity for other in chosen):
            chosen.append(index)
    rest = [index for index in eligible if index not in chosen]
    while len(chosen) < FEWEST and rest:
        chosen.append(min(rest, key=lambda index: max(float(likeness[index, other]) for other in chosen)))
        rest.remove(chosen[-1])
    nearest = similarity.argmax(axis=1)
    return tuple(
        RepresentativeFrame(
            shot=index,
            prompt=prompts[int(nearest[index])],
            similarity=round(float(np.clip(best[index], -1.0, 1.0)), 4),
        )
        for index in sorted(chosen)
    )


def by_time(eligible: Sequence[int], shots: Sequence[Shot], *, most: int) -> tuple[RepresentativeFrame, ...]:
    """Choose the sharpest keyframe of each of up to `most` parts of the clip that hold equally many of them."""
    parts = np.array_split(np.asarray(eligible, dtype=int), min(most, len(eligible))) if eligible else []
    return tuple(
        RepresentativeFrame(shot=max(part.tolist(), key=lambda index: sharpness(shots[index]))) for part in parts
    )
