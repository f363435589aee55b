"""Stretches of sound that are recognised in one go, made of the voice-activity spans."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from actors.audio.levels import SAMPLE_RATE_HZ
from actors.results import Span

JOIN_GAP_S = 1.0
"""Spans this near belong to one utterance: the recogniser's cepstral mean and language model need context."""
MARGIN_S = 0.2
"""Quiet sound before and after, which its silence model expects; never taken from a neighbouring utterance."""
LONGEST_S = 20.0
"""Longer ones are cut at their quietest moment: the word lattice grows faster than the sound."""
QUIET_WINDOW_S = 0.1


@dataclass(frozen=True, slots=True)
class Utterance:
    """A stretch of the sound track, in seconds of presentation time."""

    start_s: float
    end_s: float

    def of(self, audio: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return its samples; audio: float32 mono at 16 kHz, sample 0 at 0 s."""
        return audio[round(self.start_s * SAMPLE_RATE_HZ) : round(self.end_s * SAMPLE_RATE_HZ)]


def utterances(audio: NDArray[np.float32], spans: Sequence[Span]) -> list[Utterance]:
    """Join near spans, cut long ones, and add the margins; in order, apart, within the sound track."""
    joined: list[Utterance] = []
    for span in spans:
        last = joined[-1] if joined else None
        if last and span.start_s - last.end_s <= JOIN_GAP_S and span.end_s - last.start_s <= LONGEST_S:
            joined[-1] = Utterance(last.start_s, span.end_s)
        else:
            joined.append(Utterance(span.start_s, span.end_s))
    return _with_margins([piece for long in joined for piece in _cut(audio, long)], audio.size / SAMPLE_RATE_HZ)


def _cut(audio: NDArray[np.float32], utterance: Utterance) -> list[Utterance]:
    """Cut at the quietest moment of the second half of what one utterance may hold, as often as it takes."""
    pieces = []
    rest = utterance
    while rest.end_s - rest.start_s > LONGEST_S:
        cut_s = _quietest_s(audio, Utterance(rest.start_s + LONGEST_S / 2, rest.start_s + LONGEST_S))
        pieces.append(Utterance(rest.start_s, cut_s))
        rest = Utterance(cut_s, rest.end_s)
    return [*pieces, rest]


def _quietest_s(audio: NDArray[np.float32], within: Utterance) -> float:
    window = round(QUIET_WINDOW_S * SAMPLE_RATE_HZ)
    samples = within.of(audio)
    blocks = samples[: samples.size // window * window].reshape(-1, window)
    return within.start_s + (int(np.argmin(np.square(blocks).sum(axis=1))) + 0.5) * QUIET_WINDOW_S


def _with_margins(pieces: Sequence[Utterance], duration_s: float) -> list[Utterance]:
    bounds = [0.0, *((a.end_s + b.start_s) / 2 for a, b in pairwise(pieces)), duration_s]
    return [
        Utterance(max(piece.start_s - MARGIN_S, before), min(piece.end_s + MARGIN_S, after))
        for piece, before, after in zip(pieces, bounds, bounds[1:], strict=False)
    ]
