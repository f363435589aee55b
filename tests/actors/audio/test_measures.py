"""The stage's result: what is known, and why the rest is not."""

from __future__ import annotations

import numpy as np
import pytest

from actors.audio.measures import AudioMeasures
from actors.backend import BackendOptions, Outcome, StageItem, StageStatus
from actors.results import AudioMeasuresResult, Span, SpeechSpans

RATE = 16_000
NOISE = np.random.default_rng(2).normal(0, 0.1, 4 * RATE).astype(np.float32)
SILENCE = np.zeros(4 * RATE, np.float32)
SPEECH = Outcome(StageStatus.DONE, data=SpeechSpans(spans=(Span(start_s=1.0, end_s=2.0),), speech_s=1.0))
NOBODY = Outcome(StageStatus.NO_SPEECH, reason="no voice activity")
BROKEN = Outcome(StageStatus.FAILED, reason="it broke")


def measured(audio: np.ndarray | None, vad: Outcome | None) -> Outcome:
    backend = AudioMeasures(BackendOptions())
    backend.load()
    (outcome,) = backend.run([StageItem("v", audio=audio, results={} if vad is None else {"vad": vad})])
    return outcome


@pytest.mark.parametrize(
    ("audio", "vad", "speech_ratio", "music_ratio"),
    [
        pytest.param(NOISE, SPEECH, 0.25, None, id="speech; there may be music under it"),
        pytest.param(NOISE, NOBODY, 0.0, None, id="nobody speaks; it may be drums"),
        pytest.param(NOISE, BROKEN, None, None, id="no detector, so nobody knows"),
        pytest.param(NOISE, None, None, None, id="no detector was run"),
        pytest.param(SILENCE, NOBODY, 0.0, 0.0, id="in silence there is neither"),
    ],
)
def test_ratios(audio: np.ndarray, vad: Outcome | None, speech_ratio: float | None, music_ratio: float | None) -> None:
    outcome = measured(audio, vad)
    assert isinstance(outcome.data, AudioMeasuresResult)
    assert (outcome.data.speech_ratio, outcome.data.music_ratio) == (speech_ratio, music_ratio)
    assert (outcome.reason is None) == (music_ratio is not None)
    assert (outcome.data.tempo_bpm, bool(outcome.data.tempo_reason)) == (None, True)


@pytest.mark.parametrize("audio", [None, NOISE[:0]], ids=["no track", "empty track"])
def test_without_sound_there_is_nothing_to_measure(audio: np.ndarray | None) -> None:
    assert measured(audio, NOBODY).status is StageStatus.NO_AUDIO


def test_a_blink_of_sound_is_measured_too() -> None:
    assert measured(NOISE[:300], NOBODY).status is StageStatus.DONE
