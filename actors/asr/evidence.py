"""Whether what was recognised may be published: the recogniser always finds words, also in Swedish and in horns.

Two figures say how well English words explain the sound. The posterior of a word in the lattice says how few other
words compete with it (Wessel et al., Confidence measures for large vocabulary continuous speech recognition, 2001);
it is weighted by time. The margin says what the words cost beyond the bare sounds: the score of the best words minus
that of the best phones without a dictionary, per frame (Young, Detecting misrecognitions and out-of-vocabulary words,
1994). Foreign speech has sure-looking words that cost much, noisy English has doubtful words that cost little, so
neither figure decides alone, and their sum does. Few words vary more: a dozen Swedish ones pass in one reading out of
four, so the sum is lowered by a share of its standard error.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from actors.asr.sphinx import Decoded

MARGIN_WEIGHT = 0.25
"""Posterior per natural-log unit per frame; on the corpus any weight from 0.2 to 0.3 does as well."""
WORD_DEVIATION = 0.2
"""What a single word would be lowered by; readings of one clip scatter by about 0.3 over the root of their words."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """How much speaks for English words: mean posterior by time, 0-1, and margin in natural-log units per frame.

    words: how many a reading has, in the mean of the readings.
    """

    words: float
    posterior: float
    margin: float

    @property
    def value(self) -> float:
        """The figure that the bound is for: 0.2 to 0.7 for clear English, below -0.03 for other languages."""
        if not self.words:
            return -1.0
        return self.posterior + MARGIN_WEIGHT * self.margin - WORD_DEVIATION / math.sqrt(self.words)


def evidence(readings: Sequence[Decoded]) -> Evidence:
    """Weigh all readings of a clip, every utterance at every warp; averaging over warps steadies both figures."""
    warps = len({reading.warp for reading in readings})
    words = [word for reading in readings for word in reading.words]
    seconds = sum(word.end_s - word.start_s for word in words)
    weighted = sum(word.posterior * (word.end_s - word.start_s) for word in words)
    frames = sum(reading.frames for reading in readings)
    margin = sum(reading.word_score - reading.phone_score for reading in readings)
    return Evidence(
        words=len(words) / warps if warps else 0.0,
        posterior=weighted / seconds if seconds else 0.0,
        margin=margin / frames if frames else 0.0,
    )
