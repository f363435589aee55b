"""How regular the beat is: the pulse metric of Scheirer & Slaney 1997, by the autocorrelation of onsets per band."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from actors.audio.levels import SAMPLE_RATE_HZ
from actors.audio.spectrum import around, power_spectra

WINDOW, HOP = 512, 160
BAND_EDGES_HZ = np.geomspace(60.0, 7000.0, 7)
"""Six bands, as in the paper; their agreement is what speech lacks."""
CONTEXT_S = 8.0
"""At least six beats at 50 bpm."""
BEAT_S = (0.2, 1.2)
"""Beat periods that are looked for: 50 to 300 bpm."""
FLOOR_POWER = 1e-6


def pulse_clarity(audio: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return, for every whole second, how regular the onsets around it are; float32, shape (samples // 16000,).

    audio: float32 mono at 16 kHz. 1 is a perfect click track, 0 none; music with a beat lies above 0.2, speech below
    0.18. Sound shorter than the context (8 s) scores 0: a few syllables can be as regular as a beat.
    """
    seconds = audio.size // SAMPLE_RATE_HZ
    scores = np.zeros(seconds, dtype=np.float32)
    if seconds < CONTEXT_S:
        return scores
    onsets = _onsets(audio)
    rate = SAMPLE_RATE_HZ / HOP
    for second in range(seconds):
        scores[second] = _regularity(around(onsets, second=second, frames_per_s=rate, seconds=CONTEXT_S), rate)
    return scores


def _onsets(audio: NDArray[np.float32]) -> NDArray[np.float32]:
    """Rises of the logarithmic power per band; shape (frames, bands)."""
    frequencies = np.fft.rfftfreq(WINDOW, 1 / SAMPLE_RATE_HZ)
    edges = np.searchsorted(frequencies, BAND_EDGES_HZ)
    pieces = power_spectra(audio, window=WINDOW, hop=HOP)
    bands = np.concatenate([np.add.reduceat(power, edges, axis=1)[:, :-1] for power in pieces])
    rises = np.diff(np.log(bands + FLOOR_POWER), axis=0, prepend=np.log(bands[:1] + FLOOR_POWER))
    return np.asarray(np.maximum(rises, 0.0), dtype=np.float32)


def _regularity(onsets: NDArray[np.float32], rate: float) -> float:
    """Highest normalised autocorrelation at a lag that can be a beat, mean over the bands."""
    shortest, longest = (round(lag * rate) for lag in BEAT_S)
    centred = onsets - onsets.mean(axis=0)
    spectra = np.fft.rfft(centred, 2 * len(centred), axis=0)
    correlation = np.fft.irfft(np.abs(spectra) ** 2, axis=0)[: longest + 1]
    correlation /= np.maximum(correlation[0], 1e-9)
    return float(correlation[shortest:].mean(axis=1).max(initial=0.0))
