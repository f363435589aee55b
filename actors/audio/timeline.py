"""Which stretches of a sound track are speech, music or silence; what is none of them for sure stays unlabelled."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from actors.audio.levels import SAMPLE_RATE_HZ
from actors.audio.music import SILENCE_DBFS, heard_music, second_levels_db
from actors.results import AudioSpan, Span

GRID_S = 0.1
STEPS_PER_S = 10
assert STEPS_PER_S * GRID_S == 1.0  # noqa: S101 - one is the other's inverse
KINDS: tuple[Literal["speech", "music", "speech_over_music", "silence"], ...] = (
    "speech",
    "music",
    "speech_over_music",
    "silence",
)
SPEECH, MUSIC, BOTH, SILENCE = range(4)
UNLABELLED = -1
SHORTEST_MUSIC_S = 1.0
"""What is left of a beat between two words is a pause."""


def timeline(audio: NDArray[np.float32], speech: Sequence[Span]) -> tuple[AudioSpan, ...]:
    """Return labelled spans in order, apart, on a grid of 0.1 s.

    audio: float32 mono at 16 kHz; speech: the voice-activity detector's spans. Where it hears a voice and tones are
    held the kind is `speech_over_music`, which includes singing, and horns that the detector takes for voices. A beat
    gives way to speech: where it plays is known to 4 s only.
    """
    music = heard_music(audio)
    labels = np.full(int(np.ceil(audio.size / SAMPLE_RATE_HZ * STEPS_PER_S)), UNLABELLED)
    _paint(labels, second_levels_db(audio) < SILENCE_DBFS, SILENCE)
    _paint(labels, music.beat, MUSIC)
    for span in speech:
        labels[round(span.start_s * STEPS_PER_S) : round(span.end_s * STEPS_PER_S)] = SPEECH
    spoken = labels == SPEECH
    _paint(labels, music.tones, MUSIC)
    labels[spoken & (labels == MUSIC)] = BOTH
    spans = _spans(labels, audio.size / SAMPLE_RATE_HZ)
    return tuple(span for span in spans if span.kind != "music" or span.end_s - span.start_s >= SHORTEST_MUSIC_S)


def share(spans: Sequence[AudioSpan], kind: str, duration_s: float) -> float:
    """Return which share of the duration a kind is heard in, 0-1; speech over music is both."""
    seconds = sum(span.end_s - span.start_s for span in spans if kind in span.kind.split("_over_"))
    return round(min(1.0, seconds / duration_s), 4)


def _paint(labels: NDArray[np.int_], seconds: NDArray[np.bool_], kind: int) -> None:
    """Label the marked seconds in place; what follows the last whole second goes with it."""
    for second in np.flatnonzero(seconds):
        last = second == seconds.size - 1
        labels[second * STEPS_PER_S : None if last else (second + 1) * STEPS_PER_S] = kind


def _spans(labels: NDArray[np.int_], duration_s: float) -> list[AudioSpan]:
    edges = [0, *(np.flatnonzero(np.diff(labels)) + 1).tolist(), labels.size] if labels.size else []
    return [
        AudioSpan(
            start_s=round(first * GRID_S, 1), end_s=round(min(end * GRID_S, duration_s), 3), kind=KINDS[labels[first]]
        )
        for first, end in pairwise(edges)
        if labels[first] != UNLABELLED
    ]
