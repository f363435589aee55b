"""Continuous frequency activation: music holds its tones, speech glides.

Seyerlehner, Pohle, Schedl, Widmer: Automatic music detection in television productions, DAFx 2007. Chosen over
4 Hz modulation and low-energy ratio (Scheirer & Slaney 1997; Saunders 1996) because it tells melodic music from
speech, noise and thunder by one threshold. It does not hear drums alone, nor one soft instrument.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from actors.audio.levels import SAMPLE_RATE_HZ
from actors.audio.spectrum import around, power_spectra

WINDOW, HOP = 1024, 512
"""64 ms windows, half overlapping."""
NEIGHBOURHOOD_BINS = 21
"""A bin is compared with the mean of this many around it (the paper's N)."""
PROMINENCE_DB = 5.0
"""A bin is active when it stands out by this much."""
CONTEXT_S = 4.0
"""Activation is the share of this time in which a bin is active; a held tone lasts, a gliding one does not."""
PEAKS = 5
"""The score sums the five highest peaks of the activation, each 0-1 (the paper's choice)."""
FLOOR_POWER = 1e-10


def tonal_continuity(audio: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the score, 0-5, of every whole second; float32, shape (samples // 16000,).

    audio: float32 mono at 16 kHz. Melodic music lies above 3, speech and noise below.
    """
    pieces = [_active(power) for power in power_spectra(audio, window=WINDOW, hop=HOP)]
    if not pieces:
        return np.zeros(0, dtype=np.float32)
    active = np.concatenate(pieces)
    rate = SAMPLE_RATE_HZ / HOP
    seconds = range(audio.size // SAMPLE_RATE_HZ)
    near = (around(active, second=second, frames_per_s=rate, seconds=CONTEXT_S) for second in seconds)
    return np.array([_peak_sum(frames.mean(axis=0)) for frames in near], dtype=np.float32)


def _active(power: NDArray[np.float32]) -> NDArray[np.float32]:
    """Which bins stand out of their neighbourhood, 0 or 1, of the shape of `power`."""
    level_db = 10.0 * np.log10(power + FLOOR_POWER)
    side = NEIGHBOURHOOD_BINS // 2
    sums = np.cumsum(np.pad(level_db, ((0, 0), (side + 1, side)), mode="edge"), axis=1, dtype=np.float64)
    mean_db = (sums[:, NEIGHBOURHOOD_BINS:] - sums[:, :-NEIGHBOURHOOD_BINS]) / NEIGHBOURHOOD_BINS
    return np.asarray(level_db - mean_db > PROMINENCE_DB, dtype=np.float32)


def _peak_sum(activation: NDArray[np.float32]) -> float:
    """Sum the highest peaks, each measured from the higher of the two valleys beside it."""
    inner = activation[1:-1]
    tops = np.flatnonzero((inner >= activation[:-2]) & (inner > activation[2:])) + 1
    valleys = np.flatnonzero((inner <= activation[:-2]) & (inner < activation[2:])) + 1
    valleys = np.concatenate([[0], valleys, [activation.size - 1]])
    right = np.searchsorted(valleys, tops, side="right")
    heights = activation[tops] - np.maximum(activation[valleys[right - 1]], activation[valleys[right]])
    return float(np.sort(heights)[-PEAKS:].sum())
