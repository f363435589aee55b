"""How loud a sound track's wanted part is, and the gain that brings it where recognisers expect it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

SAMPLE_RATE_HZ = 16_000
"""The rate of every sound track that reaches a backend (`StageItem.audio`)."""

BLOCK_S, BLOCK_STEP_S = 0.4, 0.1
"""Gating blocks of ITU-R BS.1770-5: 400 ms with 75 % overlap."""
ABSOLUTE_GATE_DB, RELATIVE_GATE_DB = -90.0, -10.0
"""The relative gate is BS.1770's. The absolute one lies 20 dB below it: real recordings are that quiet."""
MAX_GAIN_DB = 50.0
"""Enough for speech at -64 dBFS, which has been met; more would turn a silent track's dither into sound."""
PEAK = 0.98
CLIPPED_SHARE = 1e-4
"""Share of the samples that may be clipped, so that one click does not hold a whole recording down."""


def gated_level_db(audio: NDArray[np.float32]) -> float | None:
    """Return the level of the loud parts in dB relative to full scale, or None for digital silence.

    audio: float32 mono at 16 kHz, shape (samples,). Mean square over the blocks that pass both gates of
    ITU-R BS.1770-5, without its K-weighting, which matters for how loud people find music and not here.
    """
    powers = _block_powers(audio)
    powers = powers[powers > 10 ** (ABSOLUTE_GATE_DB / 10)]
    if powers.size == 0:
        return None
    gated = powers[powers >= powers.mean() * 10 ** (RELATIVE_GATE_DB / 10)]
    return float(10 * np.log10(gated.mean()))


def normalised(audio: NDArray[np.float32], *, target_db: float) -> NDArray[np.float32]:
    """Return the sound track with its gated level at `target_db` (dBFS), or below where peaks forbid it.

    One gain for the whole track, so that its dynamics stay. Digital silence is returned as it is. The result is a
    new float32 array of the same shape within [-1, 1]; the input is never written to.
    """
    level_db = gated_level_db(audio)
    if level_db is None:
        return audio.copy()
    gain = float(10 ** (min(target_db - level_db, MAX_GAIN_DB) / 20))
    peak = float(np.quantile(np.abs(audio), 1.0 - CLIPPED_SHARE)) * gain
    if peak > PEAK:
        gain *= PEAK / peak
    return np.clip(audio * np.float32(gain), -1.0, 1.0).astype(np.float32)


def _block_powers(audio: NDArray[np.float32]) -> NDArray[np.float64]:
    """Mean square per gating block; a track shorter than one block is one block."""
    if audio.size == 0:
        return np.zeros(0)
    steps_per_block = round(BLOCK_S / BLOCK_STEP_S)
    step = int(BLOCK_STEP_S * SAMPLE_RATE_HZ)
    if audio.size < step * steps_per_block:
        return np.array([np.mean(np.square(audio, dtype=np.float64))])
    whole = audio[: audio.size // step * step].reshape(-1, step)
    sums = np.einsum("ij,ij->i", whole, whole, dtype=np.float64)
    blocks = np.convolve(sums, np.ones(steps_per_block), mode="valid")
    return np.asarray(blocks / (step * steps_per_block), dtype=np.float64)
