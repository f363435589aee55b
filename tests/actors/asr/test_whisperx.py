"""WhisperX through its own calls: two languages, each on its model, words aligned; one language loaded at a time."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import astuple
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from actors.asr import whisperx as whisperx_backend
from actors.asr.aligners import ALIGNERS, PUNKT
from actors.asr.whisperx import WhisperX, WhisperXOptions, _placed
from actors.asr.whisperx_parts import LoadedAligner, LoadedWhisper, NoSpeechRecorder
from actors.backend import Outcome, StageItem, StageStatus
from actors.errors import BackendUnavailable, OutOfMemory
from actors.models.asset import ModelAsset
from actors.models.punkt import write_punkt
from actors.models.store import ModelStore
from actors.results import Span, SpeechSpans, Transcription

for package in ("whisperx", "torch", "transformers"):
    pytest.importorskip(package, reason="the models extra is not installed")

# Parts of pyannote, torchaudio and transformers warn of one another when they are imported and used together.
pytestmark = pytest.mark.filterwarnings("ignore")

LEAD_S = 1.0


def item(*sounds: Any, video_id: str = "v") -> StageItem:
    """A clip in which somebody says this, with a second of silence before each."""
    parts, spans, at_s = [], [], 0.0
    for sound in sounds:
        at_s += LEAD_S
        parts += [np.zeros(round(LEAD_S * 16_000), np.float32), sound]
        spans.append(Span(start_s=round(at_s, 3), end_s=round(at_s + sound.size / 16_000, 3)))
        at_s += sound.size / 16_000
    heard = Outcome(StageStatus.DONE, data=SpeechSpans(spans=tuple(spans), speech_s=at_s))
    return StageItem(video_id, audio=np.concatenate(parts), results={"vad": heard})


@pytest.fixture(scope="module")
def folders(tiny_whisper: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """One model for each route, an aligner, and a store with the sentence tables."""
    from aligner import make_aligner

    root = tmp_path_factory.mktemp("whisperx")
    store = ModelStore(root / "store")
    write_punkt(store.part(PUNKT.name))
    store.seal(PUNKT, revision="1")
    for route in ("english", "norwegian"):
        shutil.copytree(tiny_whisper, root / route)
    return {
        "model": str(root / "english"),
        "norwegian_model": str(root / "norwegian"),
        "language_model": str(tiny_whisper),
        "aligner": str(make_aligner(root / "aligner")),
        "models_dir": str(store.root),
    }


def options(folders: dict[str, str], **others: Any) -> WhisperXOptions:
    found = {name: value for name, value in folders.items() if name != "aligner"}
    aligners = dict.fromkeys(("en", "no"), folders["aligner"])
    return WhisperXOptions(**{"align_models": aligners, "batch_size": 3, **found, **others})


@pytest.fixture(scope="module")
def backend(folders: dict[str, str]) -> Iterator[WhisperX]:
    made = WhisperX(options(folders))
    made.load()
    yield made
    made.close()


def read(outcomes: Sequence[Outcome]) -> list[tuple[str | None, str]]:
    found = [outcome.data for outcome in outcomes]
    assert all(isinstance(each, Transcription) for each in found), outcomes
    return [(each.language, " ".join(segment.text for segment in each.segments)) for each in found]


def test_each_language_goes_to_its_model_and_comes_back_with_words(
    backend: WhisperX, folders: dict[str, str], spoken: Any
) -> None:
    backend._models.clear()
    outcomes = backend.run([item(sentence.sound) for sentence in spoken])
    assert read(outcomes) == [(sentence.language, sentence.text) for sentence in spoken]
    assert backend._models.names == (
        folders["model"],
        f"en: {folders['aligner']}",
        folders["norwegian_model"],
        f"no: {folders['aligner']}",
    )
    for outcome, sentence in zip(outcomes, spoken, strict=True):
        said = outcome.data
        assert [word.word for word in said.words] == sentence.text.split()
        assert (said.quality, outcome.reason) == ("standard", None)
        assert said.language_confidence > 0.9
        times = [time for word in said.words for time in (word.start_s, word.end_s)]
        assert times == sorted(times)
        assert times[0] >= LEAD_S
        assert times[-1] <= LEAD_S + sentence.seconds + 0.001
        assert {word.word for word in said.words if word.timing == "interpolated"} <= {"12"}
        assert all((word.confidence is None) == (word.timing == "interpolated") for word in said.words)


def test_a_number_stands_between_its_neighbours(backend: WhisperX, spoken: Any) -> None:
    (outcome,) = backend.run([item(spoken[1].sound)])
    before, number, after = outcome.data.words[3:6]
    assert (before.word, number.word, after.word) == ("in", "12", "green")
    assert (number.timing, number.confidence) == ("interpolated", None)
    assert (number.start_s, number.end_s) == (before.end_s, after.start_s)


def test_only_one_language_stays_where_there_is_room_for_one(folders: dict[str, str], spoken: Any) -> None:
    made = WhisperX(options(folders, resident_mib=2, align_languages=()))
    made.load()
    english, norwegian = item(spoken[0].sound), item(spoken[2].sound)
    held = []
    for each in (english, norwegian, english):
        made.run([each])
        held.append(made._models.names)
    made.close()
    at_english = (folders["model"], f"en: {folders['aligner']}")
    at_norwegian = (folders["norwegian_model"], f"no: {folders['aligner']}")
    assert held == [at_english, at_norwegian, at_english]


def test_chunks_of_several_videos_share_a_pass(backend: WhisperX, spoken: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = []
    generate = NoSpeechRecorder.generate

    def counted(self: NoSpeechRecorder, features: Any, prompts: Any, **settings: Any) -> Any:
        sizes.append(len(prompts))
        return generate(self, features, prompts, **settings)

    monkeypatch.setattr(NoSpeechRecorder, "generate", counted)
    outcomes = backend.run([item(spoken[at].sound) for at in (0, 1, 0, 1)])
    assert [text for _, text in read(outcomes)] == [spoken[at].text for at in (0, 1, 0, 1)]
    assert sizes == [3, 1]


@pytest.mark.parametrize(
    ("failures", "releases"), [(0, 0), (1, 1), (2, 2)], ids=["room", "room after a release", "no room"]
)
def test_an_aligner_that_finds_no_room_is_asked_once_more(
    backend: WhisperX, spoken: Any, monkeypatch: pytest.MonkeyPatch, failures: int, releases: int
) -> None:
    import torch
    import whisperx

    align, calls, released = whisperx.align, [], []

    def crowded(*args: Any, **settings: Any) -> Any:
        calls.append(1)
        if len(calls) <= failures:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")
        return align(*args, **settings)

    monkeypatch.setattr(whisperx, "align", crowded)
    monkeypatch.setattr(backend._models, "release", lambda: released.append(1))
    if failures > 1:
        with pytest.raises(OutOfMemory, match="Tried to allocate"):
            backend.run([item(spoken[0].sound)])
    else:
        (outcome,) = backend.run([item(spoken[0].sound)])
        assert {word.timing for word in outcome.data.words} == {"aligned"}
    assert (len(calls), len(released)) == (min(failures + 1, 2), releases)


def test_other_errors_of_the_aligner_are_not_tried_again(
    backend: WhisperX, spoken: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    import whisperx

    calls = []

    def broken(*_: Any, **__: Any) -> Any:
        calls.append(1)
        raise RuntimeError("sizes do not match")

    monkeypatch.setattr(whisperx, "align", broken)
    with pytest.raises(RuntimeError, match="sizes do not match"):
        backend.run([item(spoken[0].sound)])
    assert calls == [1]


@pytest.mark.parametrize("step", ["language_probabilities", "tell"])
def test_memory_is_given_back_before_a_smaller_batch(
    backend: WhisperX, spoken: Any, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    owner = whisperx_backend if step == "language_probabilities" else LoadedWhisper
    asked, done = getattr(owner, step), []

    def crowded(model: Any, sounds: Sequence[Any], **settings: Any) -> Any:
        if len(sounds) > 1:
            raise RuntimeError("CUDA failed with error out of memory")
        done.append("run")
        return asked(model, sounds, **settings)

    monkeypatch.setattr(owner, step, crowded)
    monkeypatch.setattr(backend._models, "release", lambda: done.append("release"))
    outcomes = backend.run([item(spoken[at].sound) for at in (0, 1)])
    assert [text for _, text in read(outcomes)] == [spoken[at].text for at in (0, 1)]
    assert done == ["release", "run", "run"]


def test_an_aligner_there_is_no_room_to_load_is_no_missing_aligner(
    backend: WhisperX, spoken: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    import torch
    import whisperx

    def crowded(*_: Any, **__: Any) -> Any:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 1.00 GiB")

    backend._models.clear()
    monkeypatch.setattr(whisperx, "load_align_model", crowded)
    with pytest.raises(OutOfMemory, match="no room to load"):
        backend.run([item(spoken[0].sound)])


def test_noise_that_passed_for_voice_has_no_words(backend: WhisperX, spoken: Any) -> None:
    noise = np.random.default_rng(9).normal(0, 0.1, 40_000).astype(np.float32)
    loud, said = backend.run([item(noise), item(spoken[0].sound)])
    assert (loud.status, loud.data) == (StageStatus.NO_SPEECH, None)
    assert "nothing that was heard is believed" in (loud.reason or "")
    assert said.data.segments[0].text == spoken[0].text


def test_the_models_own_doubt_about_speech_counts(folders: dict[str, str], spoken: Any) -> None:
    open_gates = {"log_prob_bound": -99.0, "compression_bound": 99.0, "sure_log_prob": 0.0, "language_bound": 0.0}
    made = WhisperX(options(folders, **open_gates))
    made.load()
    noise = np.random.default_rng(9).normal(0, 0.1, 40_000).astype(np.float32)
    loud, said = made.run([item(noise), item(spoken[0].sound)])
    made.close()
    assert "(no-speech " in (loud.reason or "")
    assert (said.status, said.reason) == (StageStatus.DONE, None)


@pytest.mark.parametrize(
    ("told", "space", "expected"),
    [
        ({"word": "boat", "start": np.float64(1), "end": np.float64(2), "score": 0.5}, " ", (" boat", 1.0, 2.0, 0.5)),
        ({"word": "boat", "start": 1.0, "end": 2.0}, " ", (" boat", 1.0, 2.0, None)),
        ({"word": "boat"}, " ", (" boat", None, None, None)),
        ({"word": "£12", "start": 1.0, "end": 2.0, "score": 0.9}, " ", (" £12", None, None, None)),
        ({"word": "A4", "start": 1.0, "end": 2.0, "score": 0.9}, "", ("A4", 1.0, 2.0, 0.9)),
    ],
    ids=["aligned", "no score", "no times", "no letter of the alphabet", "one letter, unspaced"],
)
def test_words_of_the_aligner_are_read(told: dict[str, Any], space: str, expected: tuple[Any, ...]) -> None:
    aligner = LoadedAligner(None, {"dictionary": dict.fromkeys("abcdefghijklmnopqrstuvwxyz|", 1)})
    assert astuple(_placed(told, aligner, space)) == expected


@pytest.mark.parametrize(
    ("others", "reason"),
    [
        pytest.param({"align_models": {"en": "/nowhere"}}, "/nowhere", id="aligner folder is not there"),
        pytest.param({"align_models": {}}, "facebook/wav2vec2-base-960h is not pulled", id="aligner is not pulled"),
        pytest.param({"models_dir": ""}, "nltk/punkt_tab is not pulled", id="no sentence tables"),
    ],
)
def test_without_an_aligner_segments_keep_their_times(
    folders: dict[str, str], spoken: Any, others: dict[str, Any], reason: str
) -> None:
    made = WhisperX(options(folders, **others))
    made.load()
    (outcome,) = made.run([item(spoken[0].sound)])
    said = outcome.data
    assert outcome.status is StageStatus.DONE
    assert reason in (outcome.reason or "")
    assert [word.word for word in said.words] == spoken[0].text.split()
    assert {(word.start_s, word.end_s, word.confidence, word.timing) for word in said.words} == {(None,) * 4}
    assert [(segment.start_s, segment.words) for segment in said.segments] == [(LEAD_S, (0, 8))]
    made.close()


def test_nothing_is_printed(backend: WhisperX, spoken: Any, capfd: pytest.CaptureFixture[str]) -> None:
    backend._models.clear()
    backend.run([item(spoken[0].sound)])
    assert capfd.readouterr().out == ""


def test_what_cannot_be_loaded_is_named_at_once(folders: dict[str, str]) -> None:
    for name in ("model", "norwegian_model", "language_model"):
        with pytest.raises(BackendUnavailable, match="/nowhere"):
            WhisperX(options(folders, **{name: "/nowhere"})).load()


def test_what_has_to_be_pulled() -> None:
    names = [asset.name for asset in WhisperX.assets(WhisperXOptions(align_languages=("en", "no")))]
    assert names == [
        "Systran/faster-whisper-large-v2",
        "NbAiLab/nb-whisper-large",
        "Systran/faster-whisper-small",
        "nltk/punkt_tab",
        "facebook/wav2vec2-base-960h",
        "NbAiLab/nb-wav2vec2-300m-bokmaal",
    ]


def test_folders_of_the_users_are_not_pulled(folders: dict[str, str]) -> None:
    assert WhisperX.assets(options(folders, align_languages=("en",))) == (PUNKT,)
    assert WhisperX.assets(options(folders, align_languages=())) == ()


def test_an_aligner_that_arrives_changes_the_revision(folders: dict[str, str], tmp_path: Path) -> None:
    store = ModelStore(tmp_path)
    settings = options(folders, models_dir=str(tmp_path), align_models={})
    before = WhisperX.model_revision(settings)
    asset = ModelAsset(ALIGNERS["de"].repository, "Apache-2.0")
    store.part(asset.name).mkdir(parents=True)
    store.seal(asset, revision="0123456789abcdef")
    assert WhisperX.model_revision(settings) != before
