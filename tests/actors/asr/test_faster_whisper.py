"""faster-whisper through the actor's host: sentences come back in their language with times; noise brings no words."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from actors.asr.faster_whisper import FasterWhisper, FasterWhisperOptions
from actors.backend import Outcome, StageItem, StageStatus
from actors.host import ActorHost
from actors.plan import NO_RESOURCES
from actors.pool.base import ActorSpec, BackendSpec
from actors.results import Span, SpeechSpans, Transcription

LEAD_S = 1.5
"""Silence before the speech of a clip."""


def speech(*spans: tuple[float, float]) -> Outcome:
    made = tuple(Span(start_s=start, end_s=end) for start, end in spans)
    return Outcome(StageStatus.DONE, data=SpeechSpans(spans=made, speech_s=sum(end - start for start, end in spans)))


def clip(sound: Any, *, lead_s: float = LEAD_S) -> StageItem:
    audio = np.concatenate([np.zeros(round(lead_s * 16_000), np.float32), sound])
    vad = speech((lead_s, lead_s + sound.size / 16_000))
    return StageItem("v", audio=audio, results={"vad": vad})


def host(**options: Any) -> ActorHost:
    spec = ActorSpec("asr", (BackendSpec("asr", "asr.faster_whisper", options),), NO_RESOURCES)
    made = ActorHost(spec, {"asr.faster_whisper": lambda: FasterWhisper})
    report = made.load()
    assert not report.unavailable, report
    return made


@pytest.fixture(scope="module")
def actor(tiny_whisper: Path) -> ActorHost:
    return host(model=str(tiny_whisper), batch_size=3)


def heard(outcomes: Sequence[Outcome]) -> list[tuple[str | None, str]]:
    found = [outcome.data for outcome in outcomes]
    assert all(isinstance(each, Transcription) for each in found), outcomes
    return [(each.language, " ".join(segment.text for segment in each.segments)) for each in found]


def test_sentences_of_two_languages_come_back_from_one_call(actor: ActorHost, spoken: Any) -> None:
    outcomes = actor.call("asr", [clip(sentence.sound) for sentence in spoken])
    assert heard(outcomes) == [(sentence.language, sentence.text) for sentence in spoken]
    for outcome, sentence in zip(outcomes, spoken, strict=True):
        said = outcome.data
        assert [word.word for word in said.words] == sentence.text.split()
        assert (said.quality, outcome.reason, outcome.device) == ("standard", None, "cpu")
        assert said.language_confidence > 0.9
        assert all(word.timing == "aligned" and word.confidence > 0.5 for word in said.words)
        times = [time for word in said.words for time in (word.start_s, word.end_s)]
        assert times == sorted(times)
        assert times[0] >= LEAD_S
        assert times[-1] - times[0] > 0.1, "the words fell together"  # where a toy hears them depends on the processor
        assert times[-1] <= LEAD_S + sentence.seconds + 0.001
        assert all(segment.confidence > 0.8 for segment in said.segments)


def test_a_video_reads_the_same_alone_and_among_others(actor: ActorHost, spoken: Any) -> None:
    items = [clip(sentence.sound) for sentence in spoken]
    together = actor.call("asr", items)
    alone = [actor.call("asr", [item])[0] for item in items]
    for one, other in zip(alone, together, strict=True):
        assert [word.word for word in one.data.words] == [word.word for word in other.data.words]
        # Sums of floats run in another order in a batch, which may move a time by a step of the model's 0.02 s.
        times = [[time for word in said.data.words for time in (word.start_s, word.end_s)] for said in (one, other)]
        assert times[0] == pytest.approx(times[1], abs=0.021)


def test_two_sentences_far_apart_are_two_segments_on_the_clips_clock(actor: ActorHost, spoken: Any) -> None:
    first, second = spoken[2], spoken[3]
    gap = np.zeros(6 * 16_000, np.float32)
    audio = np.concatenate([first.sound, gap, second.sound])
    begins_s = first.seconds + 6.0
    vad = speech((0.0, first.seconds), (begins_s, begins_s + second.seconds))
    (outcome,) = actor.call("asr", [StageItem("v", audio=audio, results={"vad": vad})])
    assert heard([outcome]) == [("no", f"{first.text} {second.text}")]
    segments = outcome.data.segments
    assert [segment.words for segment in segments] == [(0, 5), (5, 11)]
    assert segments[0].end_s <= first.seconds
    assert segments[1].start_s >= begins_s


def test_noise_that_passed_for_voice_has_no_words(actor: ActorHost, spoken: Any) -> None:
    noise = np.random.default_rng(9).normal(0, 0.1, 40_000).astype(np.float32)
    loud, said = actor.call("asr", [clip(noise), clip(spoken[0].sound)])
    assert (loud.status, loud.data) == (StageStatus.NO_SPEECH, None)
    assert "nothing that was heard is believed: 1.5-4.0 s (" in (loud.reason or "")
    assert said.status is StageStatus.DONE


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        pytest.param({"log_prob_bound": -0.0001}, "log-probability", id="log-probability"),
        pytest.param({"no_speech_bound": 0.0, "sure_log_prob": 0.0}, "(no-speech 0.00 > 0.00", id="no-speech"),
        pytest.param({"language_bound": 1.0}, "the language is not certain: en", id="language"),
        pytest.param({"compression_bound": 1.0001, "language": "no"}, None, id="short text does not compress"),
    ],
)
def test_bounds_keep_words_out(tiny_whisper: Path, spoken: Any, options: dict[str, Any], reason: str | None) -> None:
    (outcome,) = host(model=str(tiny_whisper), **options).call("asr", [clip(spoken[0].sound)])
    assert (outcome.status is StageStatus.NO_SPEECH) == (reason is not None)
    assert (reason or "") in (outcome.reason or "")


def test_a_given_language_is_taken_and_its_confidence_unknown(tiny_whisper: Path, spoken: Any) -> None:
    (outcome,) = host(model=str(tiny_whisper), language="nb").call("asr", [clip(spoken[2].sound)])
    assert heard([outcome]) == [("nb", spoken[2].text)]
    assert outcome.data.language_confidence is None


@pytest.mark.parametrize(
    ("item", "status", "reason"),
    [
        (StageItem("v"), StageStatus.NO_AUDIO, "no sound track"),
        (StageItem("v", audio=np.zeros(16_000, np.float32)), StageStatus.UNAVAILABLE, "vad stage was not run"),
        (
            StageItem(
                "v",
                audio=np.zeros(16_000, np.float32),
                results={"vad": Outcome(StageStatus.NO_SPEECH, reason="no voice activity")},
            ),
            StageStatus.NO_SPEECH,
            "no voice activity",
        ),
        (
            StageItem(
                "v",
                audio=np.zeros(16_000, np.float32),
                results={"vad": Outcome(StageStatus.TIMED_OUT, reason="too slow")},
            ),
            StageStatus.UNAVAILABLE,
            "said timed_out (too slow)",
        ),
        (
            StageItem("v", audio=np.zeros(16_000, np.float32), results={"vad": speech((5.0, 6.0))}),
            StageStatus.NO_SPEECH,
            "within the sound track",
        ),
    ],
    ids=["no sound", "no vad", "silence", "vad timed out", "spans beyond the end"],
)
def test_without_speech_no_model_is_asked(actor: ActorHost, item: StageItem, status: StageStatus, reason: str) -> None:
    (outcome,) = actor.call("asr", [item])
    assert (outcome.status, outcome.data) == (status, None)
    assert reason in (outcome.reason or "")


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        (None, "there is no folder"),
        (("model.bin", "config.json"), "vocabulary.*, tokenizer.json is missing"),
        (("model.bin", "config.json", "vocabulary.json", "tokenizer.json"), "cannot be loaded by faster-whisper"),
    ],
    ids=["no folder", "no tokenizer", "rubbish"],
)
def test_a_model_that_cannot_be_loaded_is_named(tmp_path: Path, files: tuple[str, ...] | None, reason: str) -> None:
    folder = tmp_path / "model"
    for name in files or ():
        folder.mkdir(exist_ok=True)
        (folder / name).write_text("{}")
    spec = ActorSpec("asr", (BackendSpec("asr", "a", {"model": str(folder)}),), NO_RESOURCES)
    report = ActorHost(spec, {"a": lambda: FasterWhisper}).load()
    assert str(folder) in report.unavailable["asr"]
    assert reason in report.unavailable["asr"]


def test_a_model_that_is_not_pulled_is_named_with_the_command(tmp_path: Path) -> None:
    options = {"model": "small", "models_dir": str(tmp_path)}
    spec = ActorSpec("asr", (BackendSpec("asr", "a", options),), NO_RESOURCES)
    report = ActorHost(spec, {"a": lambda: FasterWhisper}).load()
    assert "reelwatch models pull Systran/faster-whisper-small" in report.unavailable["asr"]


def test_times_never_run_backwards_over_segments(actor: ActorHost, spoken: Any) -> None:
    outcomes = actor.call("asr", [clip(sentence.sound) for sentence in spoken])
    for outcome in outcomes:
        for before, after in pairwise(outcome.data.segments):
            assert before.end_s <= after.start_s + 1e-6


def test_it_runs_without_torch(tiny_whisper: Path) -> None:
    script = (
        "import sys; from actors.asr.faster_whisper import FasterWhisper as F, FasterWhisperOptions as O;"
        "F(O(model=sys.argv[1])).load(); print(sorted({'torch', 'transformers', 'whisperx'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", script, str(tiny_whisper)], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    ("options", "ram_mib", "vram_mib"),
    [
        ({"batch_size": 1}, 1477, 0),
        ({"batch_size": 1, "model": "large-v2"}, 2718, 0),
        ({"batch_size": 1, "model": "large-v2", "device": "cuda"}, 2500, 3073),
        ({"batch_size": 8, "model": "large-v2", "device": "cuda"}, 2500, 4648),
        ({"batch_size": 1, "model": "large-v2", "device": "cuda", "compute_type": "float16"}, 2500, 4546),
    ],
    ids=["small", "large", "large on a card", "eight chunks", "float16"],
)
def test_memory_is_declared_by_the_weights(options: dict[str, Any], ram_mib: int, vram_mib: int) -> None:
    found = FasterWhisper.resources_for(FasterWhisperOptions(**options))
    assert (found.ram_mib, found.vram_mib) == (ram_mib, vram_mib)
