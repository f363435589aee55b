"""The recogniser on synthesised speech: what it says is the text, and it depends on nothing that went before."""

from __future__ import annotations

import shutil
import subprocess
import wave
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from actors.asr import pocketsphinx
from actors.asr.pocketsphinx import PocketSphinx, PocketSphinxOptions, _music_share
from actors.asr.sphinx import SphinxRecogniser, _word
from actors.asr.utterances import Utterance
from actors.backend import Outcome, StageItem, StageStatus
from actors.results import Span, SpeechSpans, Transcription

Sound = NDArray[np.float32]
SENTENCE = "this is a simple test of the small kitchen by the window"


@pytest.fixture(scope="module")
def recogniser() -> SphinxRecogniser:
    return SphinxRecogniser()


@pytest.fixture(scope="module")
def spoken(tmp_path_factory: pytest.TempPathFactory) -> Sound:
    if shutil.which("flite") is None:
        pytest.skip("flite is not installed (Debian: apt install flite)")
    path: Path = tmp_path_factory.mktemp("voice") / "sentence.wav"
    subprocess.run(["flite", "-voice", "slt", "-t", SENTENCE, "-o", str(path)], check=True)
    with wave.open(str(path)) as file:
        assert file.getframerate() == 16_000
        samples = np.frombuffer(file.readframes(file.getnframes()), np.int16)
    return samples.astype(np.float32) / 32768


def read(audio: Sound | None, vad: Outcome | None, options: PocketSphinxOptions | None = None) -> Outcome:
    backend = PocketSphinx(options or PocketSphinxOptions())
    backend.load()
    (outcome,) = backend.run([StageItem("v", audio=audio, results={} if vad is None else {"vad": vad})])
    backend.close()
    return outcome


def speech(*spans: tuple[float, float]) -> Outcome:
    made = tuple(Span(start_s=start, end_s=end) for start, end in spans)
    return Outcome(StageStatus.DONE, data=SpeechSpans(spans=made, speech_s=sum(end - start for start, end in spans)))


def test_synthesised_speech_is_read_and_timed(spoken: Sound) -> None:
    audio = np.concatenate([np.zeros(32_000, np.float32), spoken, np.zeros(16_000, np.float32)])
    outcome = read(audio, speech((2.0, 2.0 + spoken.size / 16_000)))
    assert isinstance(outcome.data, Transcription)
    words = [word.word for word in outcome.data.words]
    assert len(set(SENTENCE.split()) & set(words)) >= len(set(SENTENCE.split())) - 1
    times = [time for word in outcome.data.words for time in (word.start_s, word.end_s)]
    assert times == sorted(times, key=lambda time: time or 0.0)
    assert 1.8 <= (times[0] or 0.0) <= 2.3
    assert (times[-1] or 0.0) <= 2.2 + spoken.size / 16_000
    assert all("(" not in word and not word.startswith(("<", "[")) for word in words)
    assert np.mean([word.confidence or 0.0 for word in outcome.data.words]) > 0.5


def test_what_was_decoded_before_does_not_matter(recogniser: SphinxRecogniser, spoken: Sound) -> None:
    noise = np.random.default_rng(5).normal(0, 0.2, 24_000).astype(np.float32)
    first = recogniser.decode(spoken, warp=1.0)
    recogniser.decode(noise, warp=1.12)
    assert recogniser.decode(spoken, warp=1.0) == first
    assert SphinxRecogniser().decode(spoken, warp=1.0) == first


@pytest.mark.parametrize("samples", [0, 1, 100, 2000], ids=lambda n: f"{n} samples")
def test_hardly_any_sound_has_no_words(recogniser: SphinxRecogniser, samples: int) -> None:
    assert recogniser.decode(np.zeros(samples, np.float32), warp=1.0).words == ()


@pytest.mark.parametrize(
    ("audio", "vad", "status", "reason"),
    [
        pytest.param(None, None, StageStatus.NO_AUDIO, "no sound track", id="no sound"),
        pytest.param("noise", None, StageStatus.UNAVAILABLE, "was not run", id="no detector"),
        pytest.param(
            "noise", Outcome(StageStatus.TIMED_OUT, reason="30 s"), StageStatus.UNAVAILABLE, "30 s", id="it timed out"
        ),
        pytest.param(
            "noise",
            Outcome(StageStatus.NO_SPEECH, reason="quiet"),
            StageStatus.NO_SPEECH,
            "quiet",
            id="it heard nobody",
        ),
        pytest.param("noise", speech((0.5, 2.5)), StageStatus.NO_SPEECH, "", id="it took noise for a voice"),
        pytest.param("chords", speech((0.5, 5.0)), StageStatus.NO_SPEECH, "under music", id="or music"),
    ],
)
def test_nothing_is_published_without_evidence(
    audio: str | None, vad: Outcome | None, status: StageStatus, reason: str
) -> None:
    outcome = read(None if audio is None else sound(audio), vad)
    assert (outcome.status, outcome.data) == (status, None)
    assert reason in (outcome.reason or "")
    assert outcome.reason


def test_the_bound_decides(spoken: Sound) -> None:
    outcome = read(spoken, speech((0.0, spoken.size / 16_000)), PocketSphinxOptions(evidence_bound=0.99))
    assert outcome.status is StageStatus.NO_SPEECH
    assert "< 0.99" in (outcome.reason or "")


@pytest.mark.parametrize(
    ("music", "expected"),
    [([0, 0, 0, 0], 0.0), ([1, 0, 0, 0], 0.5), ([1, 1, 0, 0], 1.0), ([0, 0, 0, 1], 0.0), ([1], 1.0), ([], 0.0)],
)
def test_the_share_under_music_is_of_the_utterances(music: list[int], expected: float) -> None:
    utterances = [Utterance(0.2, 0.9), Utterance(1.0, 2.0)]
    assert _music_share(utterances, np.array(music, dtype=bool)) == expected


class Segment:
    def __init__(self, word: str) -> None:
        self.word, self.start_frame, self.end_frame, self.prob = word, 10, 19, 1.0001


@pytest.mark.parametrize(
    ("word", "expected"),
    [("read(2)", "read"), ("it's", "it's"), ("<sil>", None), ("</s>", None), ("[NOISE]", None), ("++SMACK++", None)],
)
def test_fillers_and_pronunciations_are_no_words(word: str, expected: str | None) -> None:
    found = _word(Segment(word))
    assert (found.word if found else None) == expected
    assert found is None or (found.start_s, found.end_s, found.posterior) == (0.1, 0.2, 1.0)


def test_a_missing_library_is_named_with_its_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pocketsphinx, "find_spec", lambda _name: None)
    assert "pip install pocketsphinx" in (PocketSphinx.available() or "")


def sound(kind: str) -> Sound:
    times = np.arange(8 * 16_000) / 16_000
    if kind == "noise":
        return np.random.default_rng(7).normal(0, 0.1, times.size).astype(np.float32)
    roots = np.full(times.size, 220.0)
    notes = sum(np.sin(2 * np.pi * np.cumsum(roots * k) / 16_000) for k in (1, 1.26, 1.5, 2, 2.5, 3, 4.5))
    return (0.05 * notes).astype(np.float32)
