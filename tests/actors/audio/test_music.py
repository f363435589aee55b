"""Held tones, beats and what stands between, on sounds made here."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from actors.audio.music import PULSE, TONAL_START, heard_music
from actors.audio.pulse import pulse_clarity
from actors.audio.spectrum import power_spectra
from actors.audio.tempo import tempo
from actors.audio.timeline import timeline
from actors.audio.tonality import tonal_continuity
from actors.results import AudioSpan, Span

RATE = 16_000
Sound = NDArray[np.float32]


def chords(seconds: float, roots_hz: tuple[float, ...] = (220.0, 262.0)) -> Sound:
    roots = np.repeat(roots_hz, int(seconds * RATE / len(roots_hz)))
    phases = np.cumsum(roots) / RATE
    return (0.04 * sum(np.sin(2 * np.pi * k * phases) for k in (1, 1.26, 1.5, 2, 2.5, 3, 4.5))).astype(np.float32)


def noise(seconds: float, level: float = 0.1) -> Sound:
    return np.random.default_rng(2).normal(0, level, int(seconds * RATE)).astype(np.float32)


def clicks(seconds: float, bpm: float, *, jitter_s: float = 0.0) -> Sound:
    audio = noise(seconds, 0.001)
    random = np.random.default_rng(4)
    burst = np.random.default_rng(5).normal(0, 0.3, 800) * np.exp(-np.arange(800) / 150)
    for beat_s in np.arange(0.2, seconds - 0.6, 60 / bpm):
        first = int((beat_s + random.uniform(-jitter_s, jitter_s) + jitter_s) * RATE)
        audio[first : first + 800] += burst[: audio.size - first].astype(np.float32)
    return audio


def glides(seconds: float) -> Sound:
    """Harmonics of a gliding pitch with pauses, as in speech."""
    times = np.arange(int(seconds * RATE)) / RATE
    phase = 2 * np.pi * np.cumsum(140 + 50 * np.sin(2 * np.pi * 0.9 * times)) / RATE
    return (0.05 * sum(np.sin(k * phase) for k in range(1, 12)) * (np.sin(5 * times) > -0.5)).astype(np.float32)


@pytest.mark.parametrize(
    ("audio", "tones", "beat"),
    [
        pytest.param(chords(10), True, None, id="chords"),
        pytest.param(noise(10), False, False, id="noise"),
        pytest.param(glides(10), False, None, id="gliding pitch"),
        pytest.param(clicks(16, 120), False, True, id="clicks"),
        pytest.param(clicks(16, 120, jitter_s=0.2), False, False, id="clicks out of time"),
        pytest.param(np.zeros(10 * RATE, np.float32), False, False, id="silence"),
        pytest.param(np.zeros(0, np.float32), False, False, id="nothing"),
        pytest.param(chords(1.5), False, False, id="a chord of a second is no music"),
    ],
)
def test_music_is_heard_by_tones_or_by_a_beat(audio: Sound, tones: bool, beat: bool | None) -> None:  # noqa: FBT001 - a table's columns
    music = heard_music(audio)
    assert music.tones.shape == music.beat.shape == (audio.size // RATE,)
    assert bool(music.tones.any()) is tones
    assert beat is None or bool(music.beat.any()) is beat


def test_hum_far_below_the_level_is_no_music() -> None:
    assert heard_music(np.concatenate([noise(6), chords(8) * np.float32(0.01)])).tones.sum() == 0


def test_a_beat_is_certain_only_where_every_context_has_it() -> None:
    music = heard_music(np.concatenate([clicks(16, 150), noise(16)]))
    assert set(np.flatnonzero(music.certain)) < set(np.flatnonzero(music.beat))
    assert music.certain[:10].all()
    assert not music.certain[16:].any()


def test_the_measures_lie_on_their_sides_of_the_bounds() -> None:
    assert np.median(tonal_continuity(chords(10))) > TONAL_START + 0.3
    assert np.max(tonal_continuity(noise(10))) < TONAL_START - 1
    assert np.median(pulse_clarity(clicks(16, 120))) > 2 * PULSE
    assert np.max(pulse_clarity(noise(16))) < PULSE / 2


@pytest.mark.parametrize("seconds", [0.5, 7.9])
def test_a_short_sound_has_no_beat(seconds: float) -> None:
    assert not pulse_clarity(clicks(max(seconds, 1), 240)[: int(seconds * RATE)]).any()


@pytest.mark.parametrize("samples", [0, 1, 511, 512, 513, 512 * 4096 + 3])
def test_spectra_come_in_pieces_and_none_is_lost(samples: int) -> None:
    pieces = [power.shape for power in power_spectra(np.zeros(samples, np.float32), window=1024, hop=512)]
    assert sum(frames for frames, _ in pieces) == (samples // 512 + 1 if samples else 0)
    assert all(frames <= 2048 and bins == 513 for frames, bins in pieces)


@pytest.mark.parametrize(
    ("audio", "speech", "expected"),
    [
        pytest.param(np.zeros(0, np.float32), [], [], id="nothing"),
        pytest.param(np.zeros(int(4.5 * RATE), np.float32), [], [("silence", 0.0, 4.5)], id="silence to the very end"),
        pytest.param(noise(4), [], [], id="what cannot be told is not labelled"),
        pytest.param(noise(4), [(1.02, 2.58)], [("speech", 1.0, 2.6)], id="speech is the detector's word"),
        pytest.param(
            chords(8, (220.0,)),
            [(2.0, 4.0)],
            [("music", 0.0, 2.0), ("speech_over_music", 2.0, 4.0), ("music", 4.0, 8.0)],
            id="over held tones it is both",
        ),
        pytest.param(
            clicks(16, 150),
            [(5.0, 8.0), (8.4, 10.0)],
            [("music", 0.0, 5.0), ("speech", 5.0, 8.0), ("speech", 8.4, 10.0), ("music", 10.0, 16.0)],
            id="a beat gives way to speech and is no music in a pause",
        ),
    ],
)
def test_the_timeline(
    audio: Sound, speech: list[tuple[float, float]], expected: list[tuple[str, float, float]]
) -> None:
    found = timeline(audio, [Span(start_s=start, end_s=end) for start, end in speech])
    assert [(span.kind, span.start_s, span.end_s) for span in found] == expected
    assert all(isinstance(span, AudioSpan) for span in found)


@pytest.mark.parametrize("bpm", [90.0, 120.0, 150.0])
def test_the_tempo_of_clicks_is_counted(bpm: float) -> None:
    pytest.importorskip("librosa", reason="the audio extra is not installed")
    found = tempo(clicks(20, bpm))
    assert found.bpm is not None, found.reason
    assert min(abs(found.bpm * octave - bpm) for octave in (0.5, 1, 2)) <= 0.04 * bpm


@pytest.mark.parametrize(
    ("audio", "reason"),
    [
        pytest.param(clicks(6, 120), "too short", id="too short"),
        pytest.param(noise(14), "no regular beat", id="no beat"),
        pytest.param(np.concatenate([clicks(14, 90), clicks(14, 130)]), "not steady", id="two tempi"),
    ],
)
def test_no_tempo_where_none_can_be_told(audio: Sound, reason: str) -> None:
    pytest.importorskip("librosa", reason="the audio extra is not installed")
    assert reason in (tempo(audio).reason or "")


def test_without_the_extra_the_reason_is_the_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("actors.audio.tempo.find_spec", lambda _name: None)
    assert "pip install 'reelwatch[audio]'" in (tempo(clicks(14, 120)).reason or "")
