"""How steadily tones sound: the measure that tells music from speech and noise.

Continuous frequency activation, after K. Seyerlehner, T. Pohle, M. Schedl, G. Widmer, "Automatic Music Detection in
Television Productions", DAFx 2007: music holds tones, which draw horizontal lines in a spectrogram; speech glides, and
noise has none. Percussion without tones is not music to it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from actors.audio.levels import SAMPLE_RATE_HZ

FRAME, HOP = 1024, 512
FRAMES_PER_S = SAMPLE_RATE_HZ / HOP
SMOOTH_BINS = 21
"""Each bin is held against the mean of its neighbourhood, 330 Hz wide, which takes the loudness out."""
ABOVE_DB = 3.0
HALF_WINDOW_FRAMES = 40
"""The window is 2.6 s, as in the paper; one value is given per second."""
PEAKS = 5


def activations(audio: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the activation per whole second of sound, from about 0 (noise) to 5 (steady tones).

    audio: float32 mono at 16 kHz. The value of a second comes from the 2.6 s around its middle.
    """
    seconds = audio.size // SAMPLE_RATE_HZ
    if seconds == 0:
        return np.zeros(0)
    held = _tonal_bins(audio)
    middles = ((np.arange(seconds) + 0.5) * FRAMES_PER_S).astype(int)
    windows = [held[max(0, m - HALF_WINDOW_FRAMES) : m + HALF_WINDOW_FRAMES].mean(axis=0) for m in middles]
    return np.array([_peak_heights(window) for window in windows])


def _tonal_bins(audio: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Whether each bin stands out of its neighbourhood, shape (frames, bins)."""
    padded = np.pad(audio, (FRAME // 2, FRAME))
    window = np.hanning(FRAME + 1)[:-1].astype(np.float32)
    frames = np.lib.stride_tricks.sliding_window_view(padded, FRAME)[::HOP]
    level = 10 * np.log10(np.abs(np.fft.rfft(frames * window, axis=1)) ** 2 + 1e-10)
    edges = np.pad(level, ((0, 0), (SMOOTH_BINS // 2 + 1, SMOOTH_BINS // 2)), mode="edge")
    sums = np.cumsum(edges, axis=1)
    mean = (sums[:, SMOOTH_BINS:] - sums[:, :-SMOOTH_BINS]) / SMOOTH_BINS
    return np.asarray(level - mean > ABOVE_DB)


def _peak_heights(share: NDArray[np.float64]) -> float:
    """Sum the five highest peaks of a curve, each over the higher of the valleys beside it."""
    rises, falls = np.diff(share) >= 0, np.diff(share) < 0
    peaks = np.flatnonzero(rises[:-1] & falls[1:]) + 1
    valleys = np.concatenate(([0], np.flatnonzero(falls[:-1] & rises[1:]) + 1, [share.size - 1]))
    if peaks.size == 0:
        return 0.0
    at = np.searchsorted(valleys, peaks)
    higher = np.maximum(share[valleys[at - 1]], share[valleys[np.minimum(at, valleys.size - 1)]])
    return float(np.sort(share[peaks] - higher)[-PEAKS:].sum())
