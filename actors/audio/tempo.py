"""The tempo of music, by librosa, where there is enough of it to tell."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import numpy as np
from numpy.typing import NDArray

from actors.audio.levels import SAMPLE_RATE_HZ

LEAST_MUSIC_S = 10.0
"""On shorter excerpts librosa named 117 for an annotated 87.5 and 121 for 90 beats a minute: not told, then."""
AGREEMENT = 0.04
"""Both halves of a track must have its tempo within this share, as MIREX judges estimates; else it is not published."""
HOP = 256


@dataclass(frozen=True, slots=True)
class Tempo:
    """Beats a minute, or why there is no figure."""

    bpm: float | None
    reason: str | None = None


def tempo(audio: NDArray[np.float32], *, music_s: float) -> Tempo:
    """Return the tempo of a sound track of which `music_s` seconds are music; twice or half of it is as possible.

    audio: float32 mono at 16 kHz. By `librosa.feature.tempo` (tempogram with a prior around 120).
    """
    if music_s <= 0.0:
        return Tempo(None, "no music was found")
    if music_s < LEAST_MUSIC_S:
        return Tempo(None, f"{music_s:.0f} s of music are too few to tell, {LEAST_MUSIC_S:.0f} are needed")
    if find_spec("librosa") is None:
        return Tempo(None, "librosa is not installed: pip install 'reelwatch[audio]'")
    import librosa  # noqa: PLC0415 - takes seconds to import, and comes with an extra

    halves = [_estimate(librosa, half) for half in np.array_split(audio, 2)]
    whole = _estimate(librosa, audio)
    if any(abs(estimate - whole) > AGREEMENT * whole for estimate in halves):
        said = " and ".join(f"{estimate:.0f}" for estimate in halves)
        return Tempo(None, f"not steady: its halves are at {said}, the whole is at {whole:.0f} beats a minute")
    return Tempo(round(whole, 1))


def _estimate(librosa: Any, audio: NDArray[np.float32]) -> float:
    envelope = librosa.onset.onset_strength(y=audio, sr=SAMPLE_RATE_HZ, hop_length=HOP)
    return float(librosa.feature.tempo(onset_envelope=envelope, sr=SAMPLE_RATE_HZ, hop_length=HOP)[0])
