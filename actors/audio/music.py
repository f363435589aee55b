"""In which seconds of a sound track music is heard: by tones that are held, and by a beat that is regular."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from actors.audio.levels import SAMPLE_RATE_HZ, gated_level_db
from actors.audio.pulse import CONTEXT_S, pulse_clarity
from actors.audio.tonality import tonal_continuity

TONAL_START, TONAL_HOLD = 3.15, 2.9
"""Tonal continuity at which music begins, and above which it goes on (corpus: nobody's speech reaches 3.15)."""
SHORTEST_TONES_S = 2
"""One second of held tones is a word sung, a beep or a squeak."""
PULSE = 0.20
"""Pulse clarity that is a beat (corpus: speech and noise reach 0.17)."""
QUIET_BELOW_LEVEL_DB = 25.0
"""So far below the track's level, tones are hum and room, not music."""
SILENCE_DBFS = -60.0
"""RMS of a second that is called silent. Above it lies recorded quiet, which nobody can tell from ambience."""


@dataclass(frozen=True, slots=True)
class Music:
    """What was heard in every whole second, bool arrays of shape (samples // 16000,).

    tones: tones are held. beat: a regular beat lies within half the pulse's context (4 s), before or after.
    On the corpus both are music where they say so; they miss drums alone, a soft solo instrument and quiet music under
    speech, so a second without either may still hold some.
    """

    tones: NDArray[np.bool_]
    beat: NDArray[np.bool_]

    @property
    def certain(self) -> NDArray[np.bool_]:
        """The seconds in which it plays for sure: a beat counts where every context that holds the second has one."""
        reach = round(CONTEXT_S / 2)
        around = np.lib.stride_tricks.sliding_window_view(np.pad(self.beat, reach, mode="edge"), 2 * reach + 1)
        return self.tones | around.all(axis=1) if self.beat.size else self.tones


def heard_music(audio: NDArray[np.float32]) -> Music:
    """Listen for music; audio: float32 mono at 16 kHz."""
    level_db = gated_level_db(audio)
    if level_db is None:
        nothing = np.zeros(audio.size // SAMPLE_RATE_HZ, dtype=np.bool_)
        return Music(tones=nothing, beat=nothing)
    loud = second_levels_db(audio) > max(level_db - QUIET_BELOW_LEVEL_DB, SILENCE_DBFS)
    return Music(tones=_held(tonal_continuity(audio) * loud), beat=(pulse_clarity(audio) >= PULSE) & loud)


def second_levels_db(audio: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the RMS level of every whole second in dBFS; digital silence is -120."""
    whole = audio[: audio.size // SAMPLE_RATE_HZ * SAMPLE_RATE_HZ].reshape(-1, SAMPLE_RATE_HZ)
    return np.asarray(10.0 * np.log10(np.mean(np.square(whole, dtype=np.float64), axis=1) + 1e-12))


def _held(scores: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Mark the runs that stay above the lower bound, reach the upper one, and are long enough."""
    marked = np.zeros(scores.size, dtype=np.bool_)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], scores >= TONAL_HOLD, [False]]).astype(np.int8)))
    for first, end in zip(edges[::2], edges[1::2], strict=True):
        marked[first:end] = end - first >= SHORTEST_TONES_S and scores[first:end].max() >= TONAL_START
    return marked
