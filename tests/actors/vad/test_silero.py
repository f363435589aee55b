"""Silero VAD as the wheel has it: the same spans as its own wrapper, with our thread count and without its imports."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from actors.vad import silero
from actors.vad.hysteresis import SpanRules, speech_spans
from actors.vad.silero import SileroOptions, SileroVad


def syllables(seconds: float) -> np.ndarray:
    """Harmonics of a gliding voice with vowels' formants, four syllables a second: enough for the model."""
    times = np.arange(int(seconds * 16_000)) / 16_000
    pitch = 120 + 25 * np.sin(2 * np.pi * 0.7 * times)
    phase = 2 * np.pi * np.cumsum(pitch) / 16_000
    formants = ((600, 90), (1400, 120), (2500, 160))
    voice = sum(np.sin(k * phase) * sum(1 / (1 + ((k * 120 - f) / b) ** 2) for f, b in formants) for k in range(1, 30))
    return (0.1 * voice * np.clip(np.sin(2 * np.pi * 2 * times), 0, None)).astype(np.float32)


@pytest.mark.parametrize("threads", [1, 2])
def test_the_thread_option_reaches_the_session(threads: int) -> None:
    vad = SileroVad(SileroOptions(threads=threads))
    vad.load()
    assert vad._network is not None
    assert vad._network._session.get_session_options().intra_op_num_threads == threads


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("samples", [16_000 * 6, 16_000 * 6 + 1, 512 * 188 - 7])
def test_the_spans_are_those_of_the_wheels_own_wrapper(samples: int) -> None:
    from faster_whisper.vad import VadOptions, get_speech_timestamps

    audio = np.concatenate([np.zeros(16_000, np.float32), syllables(3), np.zeros(9_000, np.float32), syllables(4)])
    audio = audio[:samples]
    vad = SileroVad(SileroOptions())
    vad.load()
    assert vad._network is not None
    rules = SpanRules(threshold=0.5, min_speech_samples=0, min_silence_samples=4800, pad_samples=1600)
    ours = speech_spans(vad._network.probabilities(audio), samples=audio.size, rules=rules)
    theirs = get_speech_timestamps(audio, VadOptions(min_silence_duration_ms=300, speech_pad_ms=100))
    assert ours == [(span["start"], span["end"]) for span in theirs]
    assert ours


def test_neither_asking_nor_loading_imports_what_the_detector_does_not_need() -> None:
    asked = (
        "import sys; from actors.vad.silero import SileroVad, SileroOptions as O; assert SileroVad.available() is None;"
        "SileroVad.model_revision(O()); assert 'onnxruntime' not in sys.modules;"
        "SileroVad(O()).load(); assert not {'faster_whisper', 'ctranslate2', 'av'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", asked], check=True)


def test_a_missing_model_is_named_with_its_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(silero, "_asset", lambda: None)
    assert "pip install faster-whisper" in (SileroVad.available() or "")
