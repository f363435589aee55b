"""From speech probabilities per window to spans: Silero's own hysteresis, on sample numbers."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from actors.vad.network import WINDOW_SAMPLES

RELEASE_BELOW = 0.15
"""Speech ends this far below the threshold that began it (snakers4/silero-vad, `neg_threshold`)."""
LOWEST_RELEASE = 0.01


@dataclass(frozen=True, slots=True)
class SpanRules:
    """When speech begins and ends, in samples at 16 kHz."""

    threshold: float
    min_speech_samples: int
    min_silence_samples: int
    pad_samples: int


def speech_spans(probabilities: NDArray[np.float32], *, samples: int, rules: SpanRules) -> list[tuple[int, int]]:
    """Return spans of speech as [first, end) samples, in order, apart, padded, within [0, samples].

    A window at or above the threshold begins speech; a pause of `min_silence_samples` below the release threshold
    ends it where the pause began; what is not longer than `min_speech_samples` is dropped. After
    `get_speech_timestamps` of snakers4/silero-vad without its maximum length.
    """
    spans = [
        (first, end) for first, end in _raw(probabilities, samples, rules) if end - first > rules.min_speech_samples
    ]
    return _padded(spans, samples, rules.pad_samples)


def _raw(probabilities: NDArray[np.float32], samples: int, rules: SpanRules) -> list[tuple[int, int]]:
    release = max(rules.threshold - RELEASE_BELOW, LOWEST_RELEASE)
    spans: list[tuple[int, int]] = []
    begun: int | None = None
    pause: int | None = None
    for window, probability in enumerate(probabilities):
        now = window * WINDOW_SAMPLES
        if probability >= rules.threshold:
            begun = now if begun is None else begun
            pause = None
        elif begun is not None and probability < release:
            pause = now if pause is None else pause
            if now - pause >= rules.min_silence_samples:
                spans.append((begun, pause))
                begun = pause = None
    if begun is not None:
        spans.append((begun, samples))
    return spans


def _padded(spans: list[tuple[int, int]], samples: int, pad: int) -> list[tuple[int, int]]:
    """Widen every span by `pad`, meeting half-way where two come closer than two pads."""
    bounds = [list(span) for span in spans]
    for before, after in pairwise(bounds):
        room = min(pad, (after[0] - before[1]) // 2)
        before[1] += room
        after[0] -= room
    if bounds:
        bounds[0][0] = max(0, bounds[0][0] - pad)
        bounds[-1][1] = min(samples, bounds[-1][1] + pad)
    return [(first, end) for first, end in bounds]
