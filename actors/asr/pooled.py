"""Chunks of several videos on one clock, so that a library that batches within one recording batches them all."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from actors.audio.levels import SAMPLE_RATE_HZ

PAUSE_S = 4
"""Silence before every chunk. faster-whisper shortens a long first word when more than four times 0.7 s have passed
since the chunk before (`WhisperModel.add_word_timestamps`): so they have for each, whoever stands before it."""


@dataclass(frozen=True, slots=True)
class Pooled:
    """Several pieces of sound behind one another; each begins at a whole second, where no rounding moves it.

    audio: float32 mono at 16 kHz, shape (samples,). starts_s and ends_s: where each piece lies in it.
    """

    audio: NDArray[np.float32]
    starts_s: tuple[float, ...]
    ends_s: tuple[float, ...]

    @property
    def places(self) -> list[dict[str, float]]:
        """The pieces as both libraries want them: `start` and `end` in seconds."""
        return [{"start": start, "end": end} for start, end in zip(self.starts_s, self.ends_s, strict=True)]


def pooled(pieces: Sequence[NDArray[np.float32]]) -> Pooled:
    """Put pieces of sound (float32 mono at 16 kHz) behind one another."""
    starts: list[float] = []
    at_s = 0
    for piece in pieces:
        at_s += PAUSE_S
        starts.append(float(at_s))
        at_s += math.ceil(piece.size / SAMPLE_RATE_HZ)
    audio = np.zeros(at_s * SAMPLE_RATE_HZ, dtype=np.float32)
    for start, piece in zip(starts, pieces, strict=True):
        first = int(start) * SAMPLE_RATE_HZ
        audio[first : first + piece.size] = piece
    ends = tuple(start + piece.size / SAMPLE_RATE_HZ for start, piece in zip(starts, pieces, strict=True))
    return Pooled(audio, tuple(starts), ends)
