"""The stages of sound together (voice activity, English drafts, kinds of sound), on real recordings and made sounds."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from actors.asr.pocketsphinx import PocketSphinx, PocketSphinxOptions
from actors.audio.measures import AudioMeasures
from actors.backend import Outcome, StageItem, StageStatus
from actors.results import AudioMeasuresResult, SpeechSpans, Transcription
from actors.vad.silero import SileroOptions, SileroVad
from service.assets import demo_clip

RATE = 16_000
Sound = NDArray[np.float32]


def sound_of(path: Path) -> Sound:
    """Decode a file's first sound track to what backends are given."""
    with av.open(str(path)) as container:
        resampler = av.AudioResampler(format="flt", layout="mono", rate=RATE)
        frames = [out for frame in container.decode(audio=0) for out in resampler.resample(frame)]
        frames += resampler.resample(None)
    return np.concatenate([frame.to_ndarray().reshape(-1) for frame in frames]).astype(np.float32)


def tone(seconds: float, *, hz: float = 440.0) -> Sound:
    return (0.3 * np.sin(2 * np.pi * hz * np.arange(int(seconds * RATE)) / RATE)).astype(np.float32)


def noise(seconds: float) -> Sound:
    return np.random.default_rng(1).normal(0, 0.1, int(seconds * RATE)).astype(np.float32)


SOUNDS = {
    "silence": np.zeros(5 * RATE, np.float32),
    "noise": noise(5),
    "tone": tone(5),
    "nothing": np.zeros(0, np.float32),
}


@pytest.fixture(scope="module")
def vad() -> SileroVad:
    made = SileroVad(SileroOptions())
    made.load()
    return made


@pytest.fixture(scope="module")
def asr() -> PocketSphinx:
    made = PocketSphinx(PocketSphinxOptions())
    made.load()
    return made


@pytest.fixture(scope="module")
def measures() -> AudioMeasures:
    made = AudioMeasures(AudioMeasures.options_type())  # type: ignore[arg-type]
    made.load()
    return made


def heard(backend: Any, audio: Sound | None, **results: Outcome) -> Outcome:
    (outcome,) = backend.run([StageItem("v", audio=audio, results=results)])
    assert isinstance(outcome, Outcome)
    return outcome


@pytest.mark.parametrize("name", sorted(SOUNDS))
def test_what_is_no_speech_has_no_words(vad: SileroVad, asr: PocketSphinx, name: str) -> None:
    activity = heard(vad, SOUNDS[name])
    assert (activity.status, bool(activity.reason)) == (StageStatus.NO_SPEECH, True)
    assert heard(asr, SOUNDS[name], vad=activity).status is StageStatus.NO_SPEECH


def test_without_sound_there_is_nothing_to_hear(vad: SileroVad, asr: PocketSphinx, measures: AudioMeasures) -> None:
    activity = heard(vad, None)
    assert activity.status is StageStatus.NO_AUDIO
    assert heard(asr, None, vad=activity).status is StageStatus.NO_AUDIO
    assert heard(measures, None, vad=activity).status is StageStatus.NO_AUDIO


def test_without_voice_activity_the_recogniser_is_not_believed(asr: PocketSphinx) -> None:
    missing = Outcome(StageStatus.FAILED, reason="it broke")
    outcome = heard(asr, tone(1), vad=missing)
    assert outcome.status is StageStatus.UNAVAILABLE
    assert "it broke" in (outcome.reason or "")


def test_the_sample_is_understood(vad: SileroVad, asr: PocketSphinx) -> None:
    audio = sound_of(demo_clip())
    outcome = heard(asr, audio, vad=heard(vad, audio))
    assert isinstance(outcome.data, Transcription)
    assert (outcome.data.language, outcome.data.quality) == ("en", "draft")
    words = [word.word for word in outcome.data.words]
    assert len({"good", "morning", "kitchen", "small", "blue", "cup", "hand", "twenty", "dollars"} & set(words)) >= 7
    times = [(word.start_s or 0.0, word.end_s or 0.0) for word in outcome.data.words]
    assert times == sorted(times)
    assert all(start < end <= audio.size / RATE for start, end in times)
    assert all(0.0 <= (word.confidence or 0.0) <= 1.0 for word in outcome.data.words)


@pytest.mark.corpus
@pytest.mark.parametrize(
    ("clip", "published"),
    [
        ("speech/en_librivox_austen_0870.wav", True),
        ("speech/en_jfk.flac", True),
        ("speech/fleurs-en-001.ogg", True),
        ("speech/fleurs-de-001.ogg", False),
        ("speech/fleurs-fr-004.ogg", False),
        ("speech/fleurs-es-006.ogg", False),
        ("speech/sv_u0016003.wav", False),
        ("speech/da_u0013002.wav", False),
        ("video/portrait_two_women_talk_zh.mp4", False),
        ("music/esc50_dog_1-100032-A-0.wav", False),
        ("music/solo_trumpet_90bpm_F.ogg", False),
    ],
)
def test_only_english_is_published(
    corpus: Path,
    vad: SileroVad,
    asr: PocketSphinx,
    clip: str,
    published: bool,  # noqa: FBT001 - a table's column
) -> None:
    audio = sound_of(corpus / clip)
    outcome = heard(asr, audio, vad=heard(vad, audio))
    assert (outcome.status is StageStatus.DONE) == published, outcome.reason
    assert published or outcome.reason


def test_silence_is_told_and_what_cannot_be_told_is_not_labelled(vad: SileroVad, measures: AudioMeasures) -> None:
    audio = np.concatenate([SOUNDS["silence"], noise(4)])
    outcome = heard(measures, audio, vad=heard(vad, audio))
    assert isinstance(outcome.data, AudioMeasuresResult)
    assert [(span.kind, span.start_s, span.end_s) for span in outcome.data.spans] == [("silence", 0.0, 5.0)]
    assert (outcome.data.speech_ratio, outcome.data.music_ratio) == (0.0, None)
    assert (outcome.data.tempo_bpm, bool(outcome.data.tempo_reason)) == (None, True)


@pytest.mark.corpus
@pytest.mark.parametrize(
    ("clip", "least", "most"),
    [
        ("music/vibe_ace.ogg", 0.6, 1.0),
        ("music/song_with_vocals_mono.mp3", 0.8, 1.0),
        ("music/musanmix_music_noise_speech.mp3", 0.25, 0.4),
        ("speech/en_librivox_austen_0870.wav", 0.0, 0.0),
        ("speech/fleurs-fr-004.ogg", 0.0, 0.0),
        ("music/esc50_thunderstorm_3-103051-C-19.wav", 0.0, 0.0),
    ],
)
def test_music_is_told_from_speech_and_noise(
    corpus: Path, vad: SileroVad, measures: AudioMeasures, clip: str, least: float, most: float
) -> None:
    audio = sound_of(corpus / clip)
    outcome = heard(measures, audio, vad=heard(vad, audio))
    assert isinstance(outcome.data, AudioMeasuresResult)
    assert least <= (outcome.data.music_ratio or 0.0) <= most


def test_spans_never_overlap_and_stay_inside(vad: SileroVad) -> None:
    audio = sound_of(demo_clip())
    activity = heard(vad, audio).data
    assert isinstance(activity, SpeechSpans)
    edges = [edge for span in activity.spans for edge in (span.start_s, span.end_s)]
    assert edges == sorted(edges)
    assert edges[-1] <= audio.size / RATE
    assert activity.speech_s == pytest.approx(sum(s.end_s - s.start_s for s in activity.spans), abs=0.01)
