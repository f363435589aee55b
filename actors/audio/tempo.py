"""Tempo by librosa's tempogram, said only where there is a beat to count and it stays the same."""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actors.audio.levels import SAMPLE_RATE_HZ
from actors.audio.music import PULSE
from actors.audio.pulse import CONTEXT_S, pulse_clarity

HOP = 256
REGULAR_SHARE = 0.5
"""Share of the seconds in which a beat must be heard."""
SAME_TEMPO = 0.04
"""The two halves may differ by this share (MIREX' tolerance for tempo)."""
SHORTEST_S = 12.0
"""Each half must hold some beats, the whole one context of the pulse."""
assert SHORTEST_S >= CONTEXT_S  # noqa: S101 - below it the pulse is 0 and the reason would be wrong


@dataclass(frozen=True, slots=True)
class Tempo:
    """Beats a minute, or None and why."""

    bpm: float | None
    reason: str | None = None


def tempo(audio: NDArray[np.float32]) -> Tempo:
    """Return the tempo of a sound track, or why it has none that can be told.

    audio: float32 mono at 16 kHz. librosa 0.11 (`librosa.feature.tempo`: tempogram with a log-normal prior round
    120 bpm), so half or double of what people tap is possible. Needs the `audio` extra.
    """
    if find_spec("librosa") is None:
        return Tempo(None, "librosa is not installed: pip install 'reelwatch[audio]'")
    seconds = audio.size / SAMPLE_RATE_HZ
    if seconds < SHORTEST_S:
        return Tempo(None, f"too short to count a beat: {seconds:.1f} s < {SHORTEST_S:.0f} s")
    regular = float(np.mean(pulse_clarity(audio) >= PULSE))
    if regular < REGULAR_SHARE:
        return Tempo(None, f"no regular beat: heard in {regular:.0%} of the seconds, needed in {REGULAR_SHARE:.0%}")
    return _steady(audio)


def _steady(audio: NDArray[np.float32]) -> Tempo:
    half = audio.size // 2
    whole, first, second = (_bpm(part) for part in (audio, audio[:half], audio[half:]))
    if max(abs(first - whole), abs(second - whole)) > SAME_TEMPO * whole:
        return Tempo(None, f"the beat is not steady: {first:.0f} bpm in the first half, {second:.0f} in the second")
    return Tempo(round(whole, 1))


def _bpm(audio: NDArray[np.float32]) -> float:
    # Heavy (numba), and only there with the `audio` extra; the names are lazily loaded submodules.
    feature: Any = import_module("librosa.feature")
    onset: Any = import_module("librosa.onset")
    onsets = onset.onset_strength(y=audio, sr=SAMPLE_RATE_HZ, hop_length=HOP)
    return float(feature.tempo(onset_envelope=onsets, sr=SAMPLE_RATE_HZ, hop_length=HOP)[0])
