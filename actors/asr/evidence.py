"""Whether what was recognised may be published: the recogniser always finds words, also in Swedish and in horns.

Two figures say how well English words explain the sound. The posterior of a word in the lattice says how few other
words compete with it (Wessel et al., Confidence measures for large vocabulary continuous speech recognition, 2001);
it is weighted by time. The margin says what the words cost beyond the bare sounds: the score of the best words minus
that of the best phones without a dictionary, per frame (Young, Detecting misrecognitions and out-of-vocabulary words,
1994). Foreign speech has sure-looking words that cost much, noisy English has doubtful words that cost little, so
neither figure decides alone, and their sum does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from actors.asr.sphinx import Decoded

MARGIN_WEIGHT = 0.25
"""Posterior per natural-log unit per frame; the corpus is separated by any weight from 0.2 to 0.3."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """How much speaks for English words: mean posterior by time, 0-1, and margin in natural-log units per frame."""

    words: int
    posterior: float
    margin: float

    @property
    def value(self) -> float:
        """The figure that the bound is for; about 0.4 to 0.7 for clean English, below 0 for other languages."""
        return self.posterior + MARGIN_WEIGHT * self.margin


def evidence(readings: Sequence[Decoded]) -> Evidence:
    """Weigh all readings of a clip, every utterance at every warp; averaging over warps steadies both figures."""
    words = [word for reading in readings for word in reading.words]
    seconds = sum(word.end_s - word.start_s for word in words)
    weighted = sum(word.posterior * (word.end_s - word.start_s) for word in words)
    frames = sum(reading.frames for reading in readings)
    margin = sum(reading.word_score - reading.phone_score for reading in readings)
    return Evidence(
        words=len(words),
        posterior=weighted / seconds if seconds else 0.0,
        margin=margin / frames if frames else 0.0,
    )
