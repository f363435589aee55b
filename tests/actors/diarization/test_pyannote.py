"""Who speaks when: a whole pyannote pipeline on two synthetic voices, and what is said when it cannot be loaded."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from pydantic import ValidationError

from actors.backend import Outcome, StageItem, StageStatus
from actors.diarization import pyannote as module
from actors.diarization.pyannote import COMMUNITY, PyannoteDiarization, PyannoteOptions, turns_of
from actors.errors import BackendUnavailable, OutOfMemory
from actors.models.asset import ModelAsset
from actors.models.cards import CARD_HOST_MIB
from actors.models.offline import go_offline
from actors.models.store import ModelStore
from actors.registry import resolve
from actors.results import Diarization

SAID = (
    ("slt", "Good morning everybody, today I would like to show you how to bake bread at home."),
    ("rms", "That sounds wonderful, please tell me which flour I should buy for it."),
    ("slt", "You need strong white flour, a little salt, some yeast and warm water."),
    ("rms", "And how long does the dough have to rest before it goes into the oven?"),
)
# Both come from upstream and say nothing about the result.
pytestmark = [
    pytest.mark.filterwarnings("ignore:std\\(\\). degrees of freedom:UserWarning"),
    pytest.mark.filterwarnings("ignore:In 2.9, this function's implementation will be changed:UserWarning"),
]


@dataclass(frozen=True)
class Dialogue:
    """Four sentences of two voices in turn, the first and third alone, and a pipeline's folder that knows them."""

    sound: NDArray[np.float32]
    spans_s: list[tuple[float, float]]
    monologue: NDArray[np.float32]
    folder: Path


@pytest.fixture(scope="session")
def dialogue(tmp_path_factory: pytest.TempPathFactory) -> Dialogue:
    if shutil.which("flite") is None:
        pytest.skip("flite is not installed (Debian: apt install flite)")
    # Before the import: the hub's library reads the environment only then, and retries for 23 s otherwise.
    go_offline()
    pytest.importorskip("whisperx", reason="the models extra is not installed", exc_type=ModuleNotFoundError)
    import voices

    folder = tmp_path_factory.mktemp("voices")
    parts = [voices.spoken(text, voice, folder) for voice, text in SAID]
    sound, spans_s = voices.joined(parts)
    monologue, _ = voices.joined([parts[0], parts[2]])
    return Dialogue(sound, spans_s, monologue, voices.make_pipeline(folder / "pipeline", sound))


@pytest.fixture(scope="session")
def backend(dialogue: Dialogue) -> Iterator[PyannoteDiarization]:
    loaded = PyannoteDiarization(PyannoteOptions(model=str(dialogue.folder)))
    loaded.load()
    yield loaded
    loaded.close()


def item(audio: NDArray[np.float32] | None, *, vad: Outcome | None = None) -> StageItem:
    if audio is not None:
        audio = audio.copy()
        audio.setflags(write=False)
    return StageItem("0" * 16, audio=audio, results={} if vad is None else {"vad": vad})


def voices_in(outcome: Outcome) -> list[str]:
    assert isinstance(outcome.data, Diarization)
    return [turn.speaker for turn in outcome.data.turns]


def test_two_voices_speak_in_turn(backend: PyannoteDiarization, dialogue: Dialogue) -> None:
    (outcome,) = backend.run([item(dialogue.sound)])
    assert voices_in(outcome) == ["SPEAKER_00", "SPEAKER_01", "SPEAKER_00", "SPEAKER_01"]
    assert isinstance(outcome.data, Diarization)
    found = [(turn.start_s, turn.end_s) for turn in outcome.data.turns]
    # flite begins and ends its sentences with a fifth of a second of silence.
    assert np.array(found) == pytest.approx(np.array(dialogue.spans_s), abs=0.4)
    assert all(before[1] <= after[0] for before, after in pairwise(found))


def test_several_videos_have_an_outcome_each(backend: PyannoteDiarization, dialogue: Dialogue) -> None:
    outcomes = backend.run([item(dialogue.monologue), item(None), item(dialogue.sound)])
    assert [outcome.status for outcome in outcomes] == [StageStatus.DONE, StageStatus.NO_AUDIO, StageStatus.DONE]
    assert set(voices_in(outcomes[0])) == {"SPEAKER_00"}
    assert set(voices_in(outcomes[2])) == {"SPEAKER_00", "SPEAKER_01"}


@pytest.mark.parametrize(
    ("seconds", "reason"),
    [
        pytest.param(0.0, "shorter than 0.2 s", id="nothing at all"),
        pytest.param(0.19, "shorter than 0.2 s", id="too short"),
        pytest.param(0.2, "no voice was found", id="just long enough"),
        pytest.param(3.0, "no voice was found", id="silence"),
    ],
)
def test_without_a_voice_there_is_no_speech(backend: PyannoteDiarization, seconds: float, reason: str) -> None:
    (outcome,) = backend.run([item(np.zeros(round(seconds * 16000), np.float32))])
    assert (outcome.status, outcome.data) == (StageStatus.NO_SPEECH, None)
    assert reason in (outcome.reason or "")


@pytest.mark.parametrize(
    ("vad", "status"),
    [
        pytest.param(Outcome(StageStatus.NO_SPEECH, reason="no voice activity"), StageStatus.NO_SPEECH, id="no speech"),
        pytest.param(Outcome(StageStatus.FAILED, reason="a bug"), StageStatus.DONE, id="not known: it listens itself"),
    ],
)
def test_voice_activity_is_asked_first(
    backend: PyannoteDiarization, dialogue: Dialogue, vad: Outcome, status: StageStatus
) -> None:
    (outcome,) = backend.run([item(dialogue.sound, vad=vad)])
    assert outcome.status is status
    assert outcome.reason == (vad.reason if status is StageStatus.NO_SPEECH else None)


@pytest.mark.parametrize(
    ("sound", "bounds", "count"),
    [
        pytest.param("sound", {"max_speakers": 1}, 1, id="at most one of two"),
        pytest.param("monologue", {"min_speakers": 2}, 2, id="at least two of one"),
    ],
)
def test_the_number_of_voices_can_be_bounded(
    backend: PyannoteDiarization, dialogue: Dialogue, sound: str, bounds: dict[str, int], count: int
) -> None:
    bounded = PyannoteDiarization(PyannoteOptions(model=str(dialogue.folder), **bounds))
    bounded._pipeline = backend._pipeline
    assert len(set(voices_in(bounded.run([item(getattr(dialogue, sound))])[0]))) == count


class Crowded:
    """A pipeline on a card that holds four windows of sound."""

    def __init__(self, pipeline: Any, *, holds: int) -> None:
        self.pipeline, self.holds = pipeline, holds
        self.segmentation_batch_size = self.embedding_batch_size = 1
        self.tried: list[int] = []

    def __call__(self, file: Any, **options: Any) -> Any:
        self.tried.append(self.embedding_batch_size)
        if max(self.embedding_batch_size, self.segmentation_batch_size) > self.holds:
            raise RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB")
        return self.pipeline(file, **options)


@pytest.mark.parametrize(
    ("holds", "tried"), [pytest.param(4, [16, 8, 4], id="some"), pytest.param(0, [16, 8, 4, 2, 1], id="not even one")]
)
def test_batches_are_halved_until_they_fit(
    backend: PyannoteDiarization, dialogue: Dialogue, holds: int, tried: list[int]
) -> None:
    crowded = PyannoteDiarization(PyannoteOptions(model=str(dialogue.folder), batch_size=16))
    crowded._pipeline = Crowded(backend._pipeline, holds=holds)
    if holds:
        assert crowded.run([item(dialogue.monologue)])[0].status is StageStatus.DONE
    else:
        with pytest.raises(OutOfMemory):
            crowded.run([item(dialogue.monologue)])
    assert crowded._pipeline.tried == tried


def test_a_mistake_is_not_taken_for_a_lack_of_memory(dialogue: Dialogue) -> None:
    class Broken(Crowded):
        def __call__(self, *_: Any, **__: Any) -> Any:
            raise RuntimeError("mat1 and mat2 shapes cannot be multiplied")

    broken = PyannoteDiarization(PyannoteOptions(model=str(dialogue.folder)))
    broken._pipeline = Broken(None, holds=1)
    with pytest.raises(RuntimeError, match="mat1"):
        broken.run([item(dialogue.sound)])


@pytest.mark.usefixtures("backend")
def test_nobody_is_told_about_it() -> None:
    from pyannote.audio.telemetry import metrics

    assert metrics.is_metrics_enabled() is False


@pytest.mark.usefixtures("backend")
def test_a_pulled_pipeline_is_loaded_from_the_store(dialogue: Dialogue, tmp_path: Path) -> None:
    store = ModelStore(tmp_path)
    shutil.copytree(dialogue.folder, store.part(COMMUNITY))
    store.seal(ModelAsset(COMMUNITY, "CC-BY-4.0"), revision="0123456789abcdef")
    pulled = PyannoteDiarization(PyannoteOptions(models_dir=str(tmp_path)))
    pulled.load()
    assert voices_in(pulled.run([item(dialogue.monologue)])[0])
    assert pulled.model_revision(pulled.options).startswith(f"{COMMUNITY}@0123456789ab (pyannote.audio 4.0")


def without_segmentation(folder: Path) -> None:
    (folder / "segmentation" / "pytorch_model.bin").unlink()


def with_text_for_weights(folder: Path) -> None:
    (folder / "embedding" / "pytorch_model.bin").write_text("version https://git-lfs.github.com/spec/v1\n")


def with_a_part_on_the_hub(folder: Path) -> None:
    config = folder / "config.yaml"
    config.write_text(config.read_text().replace("$model/segmentation", "pyannote/segmentation-3.0"))


def without_plda(folder: Path) -> None:
    (folder / "plda" / "plda.npz").unlink()


def with_no_pipeline(folder: Path) -> None:
    (folder / "config.yaml").write_text("params: {}\n")


def with_no_yaml(folder: Path) -> None:
    (folder / "config.yaml").write_text("pipeline: [\n")


@pytest.mark.usefixtures("backend")
@pytest.mark.parametrize(
    "harm",
    [without_segmentation, with_text_for_weights, with_a_part_on_the_hub, without_plda, with_no_pipeline, with_no_yaml],
)
def test_a_folder_that_is_no_pipeline_is_unavailable(dialogue: Dialogue, tmp_path: Path, harm: Any) -> None:
    folder = Path(shutil.copytree(dialogue.folder, tmp_path / "pipeline"))
    harm(folder)
    with pytest.raises(BackendUnavailable, match=f"no pyannote pipeline can be loaded from {folder}"):
        PyannoteDiarization(PyannoteOptions(model=str(folder))).load()


@pytest.mark.usefixtures("backend")
def test_a_card_that_is_not_here_is_said(dialogue: Dialogue) -> None:
    import torch

    if torch.cuda.is_available():
        pytest.skip("there is a card here")
    on_card = PyannoteDiarization(PyannoteOptions(model=str(dialogue.folder), device="cuda"))
    with pytest.raises(BackendUnavailable, match="on cuda: "):
        on_card.load()


@pytest.mark.parametrize(
    ("model", "said"),
    [
        pytest.param("/nowhere", "there is no /nowhere/config.yaml", id="a folder that is not there"),
        pytest.param(COMMUNITY, f"not pulled: {COMMUNITY}. Run `reelwatch models pull {COMMUNITY}`", id="not pulled"),
    ],
)
def test_a_missing_model_is_said_when_planning_and_when_loading(tmp_path: Path, model: str, said: str) -> None:
    pytest.importorskip("pyannote.audio", reason="the models extra is not installed", exc_type=ModuleNotFoundError)
    options = {"model": model, "models_dir": str(tmp_path)}
    with pytest.raises(BackendUnavailable) as refused:
        PyannoteDiarization(PyannoteOptions(**options)).load()
    assert str(refused.value) == said
    assert planned_reason(options) == f"diarization.pyannote: {said}"


def planned_reason(options: dict[str, str]) -> str | None:
    names = {"decode": ["decode.pyav"], "vad": ["vad.silero"], "fusion": ["fusion.json"]}
    others = ("asr", "ocr", "objects", "captions", "audio", "frames")
    known = module_loaders()
    preferences = names | {"diarization": ["diarization.pyannote"]} | {name: [] for name in others}
    plan = resolve(preferences, {"diarization": options}, backends=known)
    return plan.by_name["diarization"].reason


def module_loaders() -> Any:
    from actors.fusion.backend import JsonFusion
    from actors.media.backend import PyAvDecode
    from actors.vad.silero import SileroVad

    kinds = (PyAvDecode, SileroVad, JsonFusion, PyannoteDiarization)
    return {kind.name: (lambda kind=kind: kind) for kind in kinds}


def test_the_community_pipeline_is_gated_and_a_folder_is_nobodys() -> None:
    (asset,) = PyannoteDiarization.assets(PyannoteOptions())
    assert (asset.name, asset.licence, asset.gated, asset.commercial) == (COMMUNITY, "CC-BY-4.0", True, True)
    assert PyannoteDiarization.assets(PyannoteOptions(model="/own")) == ()


def test_of_another_pipeline_nothing_is_claimed() -> None:
    (asset,) = PyannoteDiarization.assets(PyannoteOptions(model="someone/diarization"))
    assert asset == ModelAsset("someone/diarization", "unknown", commercial=None)


@pytest.mark.parametrize(("device", "ram_mib", "vram_mib"), [("cpu", 1200, 0), ("cuda", CARD_HOST_MIB, 1600)])
def test_the_card_is_counted_where_it_is_used(device: str, ram_mib: int, vram_mib: int) -> None:
    backend = PyannoteDiarization(PyannoteOptions(device=device))
    taken = backend.resources_for(backend.options)
    assert (backend.device, taken.ram_mib, taken.vram_mib) == (device, ram_mib, vram_mib)


@pytest.mark.parametrize(
    "options",
    [{"min_speakers": 3, "max_speakers": 2}, {"min_speakers": 0}, {"batch_size": 0}, {"num_speakers": 2}],
)
def test_options_that_cannot_be_are_refused(options: dict[str, int]) -> None:
    with pytest.raises(ValidationError):
        PyannoteOptions(**options)


def test_a_missing_library_is_named_with_its_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "find_spec", lambda name: None if name == "pyannote" else object())
    said = "pyannote.audio is not installed (pip install -c constraints.txt 'reelwatch[models]')"
    assert PyannoteDiarization.available() == said


@pytest.mark.parametrize(
    ("spoken", "expected"),
    [
        pytest.param([(1.0, 2.0, "b"), (0.0, 0.5, "a")], [(0.0, 0.5, 0), (1.0, 2.0, 1)], id="named in order of time"),
        pytest.param([(-0.02, 0.5, "x")], [(0.0, 0.5, 0)], id="begins before the sound"),
        pytest.param([(0.5, 0.5, "x"), (1.0, 1.2, "y")], [(1.0, 1.2, 0)], id="a turn of no length names nobody"),
        pytest.param([(0.0, 1.23456, "x")], [(0.0, 1.235, 0)], id="to the millisecond"),
    ],
)
def test_turns_are_named_as_they_are_heard(
    spoken: list[tuple[float, float, str]], expected: list[tuple[float, float, int]]
) -> None:
    assert [(t.start_s, t.end_s, t.speaker) for t in turns_of(spoken)] == [
        (start, end, f"SPEAKER_{number:02d}") for start, end, number in expected
    ]
