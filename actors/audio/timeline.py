"""Which stretches of a sound track are speech, music or silence; what is none of them for sure stays unlabelled."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from actors.audio.levels import SAMPLE_RATE_HZ, gated_level_db
from actors.audio.pulse import pulse_clarity
from actors.audio.tonality import tonal_continuity
from actors.results import AudioSpan, Span

TONAL_START, TONAL_HOLD = 3.15, 2.9
"""Tonal continuity at which music begins, and above which it goes on (corpus: nothing else reaches 3.15)."""
PULSE = 0.20
"""Pulse clarity that is a beat (corpus: speech and noise reach 0.17)."""
QUIET_BELOW_LEVEL_DB = 25.0
"""So far below the track's level, tones are hum and room, not music."""
SHORTEST_MUSIC_S = 2
"""One second of held tones is a word sung, a beep or a squeak."""
SILENCE_DBFS = -60.0
"""RMS of a second that is called silent. Above it lies recorded quiet, which nobody can tell from ambience."""
GRID_S = 0.1
KINDS: tuple[Literal["speech", "music", "speech_over_music", "silence"], ...] = (
    "speech",
    "music",
    "speech_over_music",
    "silence",
)
UNLABELLED = -1


def music_seconds(audio: NDArray[np.float32]) -> NDArray[np.bool_]:
    """Return for every whole second whether music is heard in it; shape (samples // 16000,).

    audio: float32 mono at 16 kHz. Held tones or a regular beat. On the corpus what it calls music is music (the figures
    are the bench's); it misses drums alone, a soft solo instrument and quiet music under speech, so a second
    that is not called music may still hold some.
    """
    level_db = gated_level_db(audio)
    if level_db is None:
        return np.zeros(audio.size // SAMPLE_RATE_HZ, dtype=np.bool_)
    loud = second_levels_db(audio) > max(level_db - QUIET_BELOW_LEVEL_DB, SILENCE_DBFS)
    tonal = _held(tonal_continuity(audio) * loud, start=TONAL_START, hold=TONAL_HOLD)
    return _long(tonal | ((pulse_clarity(audio) >= PULSE) & loud), SHORTEST_MUSIC_S)


def second_levels_db(audio: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return the RMS level of every whole second in dBFS; digital silence is -120."""
    whole = audio[: audio.size // SAMPLE_RATE_HZ * SAMPLE_RATE_HZ].reshape(-1, SAMPLE_RATE_HZ)
    return np.asarray(10.0 * np.log10(np.mean(np.square(whole, dtype=np.float64), axis=1) + 1e-12))


def timeline(audio: NDArray[np.float32], speech: Sequence[Span]) -> tuple[AudioSpan, ...]:
    """Return labelled spans in order, apart, on a grid of 0.1 s.

    audio: float32 mono at 16 kHz; speech: the voice-activity detector's spans. Where both are heard the kind is
    `speech_over_music`, which includes singing, and horns that the detector takes for voices.
    """
    labels = np.full(int(np.ceil(audio.size / SAMPLE_RATE_HZ / GRID_S)), UNLABELLED)
    _paint_seconds(labels, second_levels_db(audio) < SILENCE_DBFS, KINDS.index("silence"))
    for span in speech:
        labels[round(span.start_s / GRID_S) : round(span.end_s / GRID_S)] = KINDS.index("speech")
    spoken = labels == KINDS.index("speech")
    _paint_seconds(labels, music_seconds(audio), KINDS.index("music"))
    labels[spoken & (labels == KINDS.index("music"))] = KINDS.index("speech_over_music")
    return _spans(labels, audio.size / SAMPLE_RATE_HZ)


def share(spans: Sequence[AudioSpan], kind: str, duration_s: float) -> float:
    """Return which share of the duration a kind is heard in, 0-1; speech over music is both."""
    seconds = sum(span.end_s - span.start_s for span in spans if kind in span.kind.split("_over_"))
    return round(min(1.0, seconds / duration_s), 4)


def _paint_seconds(labels: NDArray[np.int_], seconds: NDArray[np.bool_], kind: int) -> None:
    """Label the marked seconds in place; what follows the last whole second goes with it."""
    per_second = round(1 / GRID_S)
    for second in np.flatnonzero(seconds):
        last = second == seconds.size - 1
        labels[second * per_second : None if last else (second + 1) * per_second] = kind


def _held(scores: NDArray[np.float32], *, start: float, hold: float) -> NDArray[np.bool_]:
    """Mark runs above `hold` that reach `start` somewhere."""
    marked = np.zeros(scores.size, dtype=np.bool_)
    for first, end in _runs(scores >= hold):
        marked[first:end] = scores[first:end].max() >= start
    return marked


def _long(marks: NDArray[np.bool_], shortest: int) -> NDArray[np.bool_]:
    """Keep the runs of at least `shortest` marks."""
    kept = np.zeros(marks.size, dtype=np.bool_)
    for first, end in _runs(marks):
        kept[first:end] = end - first >= shortest
    return kept


def _runs(marks: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Return the runs of marks as [first, end)."""
    edges = np.flatnonzero(np.diff(np.concatenate([[False], marks, [False]]).astype(np.int8)))
    return list(zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True))


def _spans(labels: NDArray[np.int_], duration_s: float) -> tuple[AudioSpan, ...]:
    if labels.size == 0:
        return ()
    edges = np.concatenate([[0], np.flatnonzero(np.diff(labels)) + 1, [labels.size]])
    return tuple(
        AudioSpan(
            start_s=round(first * GRID_S, 1), end_s=round(min(end * GRID_S, duration_s), 3), kind=KINDS[labels[first]]
        )
        for first, end in pairwise(edges)
        if labels[first] != UNLABELLED
    )
