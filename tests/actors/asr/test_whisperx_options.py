"""How much memory WhisperX takes with which models in which number format, and that one language fits into that."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from actors.asr import whisperx
from actors.asr.aligners import PUNKT
from actors.asr.checkpoints import NEEDED
from actors.asr.faster_whisper import CARD_WORK_MIB
from actors.asr.whisperx import WhisperX, WhisperXOptions
from actors.models.store import ModelStore

LARGE_MIB, SMALL_MIB = 2946, 464
ALIGNERS_MIB = {"en": 361, "no": 1204}
TYPES = ("int8_float16", "float16", "float32")


def of_size(folder: Path, *files: str, mib: int) -> str:
    """Make a folder whose weights are a hole of this size: they take no room on the disk, and are never read."""
    folder.mkdir()
    for name in files:
        (folder / name.replace("*", "json")).touch()
    with (folder / "model.bin").open("wb") as hole:
        hole.truncate(mib << 20)
    return str(folder)


@pytest.fixture
def large(tmp_path: Path) -> dict[str, Any]:
    """Options with models of the published sizes."""
    store = ModelStore(tmp_path / "store")
    store.part(PUNKT.name).mkdir(parents=True)
    store.seal(PUNKT, revision="1")
    return {
        "model": of_size(tmp_path / "model", *NEEDED, mib=LARGE_MIB),
        "norwegian_model": of_size(tmp_path / "norwegian", *NEEDED, mib=LARGE_MIB),
        "language_model": of_size(tmp_path / "small", *NEEDED, mib=SMALL_MIB),
        "align_models": {name: of_size(tmp_path / name, mib=mib) for name, mib in ALIGNERS_MIB.items()},
        "align_languages": (),
        "models_dir": str(store.root),
    }


@pytest.mark.parametrize("compute_type", TYPES)
@pytest.mark.parametrize("language", ["en", "no"])
def test_two_rounds_of_one_language_load_each_model_once(
    large: dict[str, Any], compute_type: str, language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    loads: list[str] = []
    monkeypatch.setattr(whisperx, "load_libraries", lambda **_: None)
    monkeypatch.setattr(whisperx, "load_whisper", lambda *_: None)
    monkeypatch.setattr(whisperx, "release", lambda _: None)
    monkeypatch.setattr(whisperx, "LoadedWhisper", lambda folder, _: loads.append(str(folder)))
    monkeypatch.setattr(whisperx, "load_aligner", lambda _, folder, **__: loads.append(str(folder)))
    options = WhisperXOptions(device="cuda", compute_type=compute_type, **large)
    backend = WhisperX(options)
    backend.load()
    for _ in range(2):
        backend._recogniser(language)
        backend._aligner(language)
    recogniser = large["norwegian_model" if language == "no" else "model"]
    assert loads == [recogniser, large["align_models"][language]]
    declared_mib = WhisperX.resources_for(options).vram_mib
    assert backend._models.used_mib + options._weights_mib(large["language_model"]) + CARD_WORK_MIB <= declared_mib


@pytest.mark.parametrize(
    ("compute_type", "language_mib", "loaded_mib"),
    [
        ("int8", 1473 + 1204, 1473 + 1204 + 232),
        ("int8_float16", 1473 + 1204, 1473 + 1204 + 232),
        ("float16", 2946 + 1204, 2946 + 1204 + 464),
        ("bfloat16", 2946 + 1204, 2946 + 1204 + 464),
        ("float32", 5892 + 1204, 5892 + 1204 + 928),
    ],
)
@pytest.mark.parametrize("here", [True, False], ids=["by the files", "by the tables"])
def test_a_language_is_its_recogniser_and_its_aligner(
    large: dict[str, Any],
    compute_type: str,
    language_mib: int,
    loaded_mib: int,
    here: bool,  # noqa: FBT001 - a table's column
) -> None:
    options = WhisperXOptions(compute_type=compute_type, **(large if here else {}))
    assert (options.language_mib, options.budget_mib, options.loaded_mib) == (language_mib, language_mib, loaded_mib)


@pytest.mark.parametrize(
    ("compute_type", "resident_mib", "refused"),
    [("auto", 3000, False), ("auto", 2676, True), ("float16", 3000, True), ("float16", 4150, False)],
)
def test_a_budget_that_does_not_hold_one_language_is_refused(
    compute_type: str,
    resident_mib: int,
    refused: bool,  # noqa: FBT001 - a table's column
) -> None:
    asked = {"device": "cuda", "compute_type": compute_type, "resident_mib": resident_mib}
    if not refused:
        assert WhisperXOptions(**asked).budget_mib == resident_mib
        return
    with pytest.raises(ValueError, match=f"resident_mib = {resident_mib} is less than the .* loaded anew for every"):
        WhisperXOptions(**asked)


@pytest.mark.parametrize(
    ("options", "ram_mib", "vram_mib"),
    [
        ({}, 1200 + 2909 + 1600 + 1575, 0),
        ({"device": "cuda", "batch_size": 1}, 2500, 2909 + 1600),
        ({"device": "cuda"}, 2500, 2909 + 1600 + 1575),
        ({"device": "cuda", "compute_type": "float16"}, 2500, 4614 + 1600 + 1575),
        ({"device": "cuda", "resident_mib": 6000}, 2500, 6232 + 1600 + 1575),
    ],
    ids=["processor", "card", "card, eight chunks", "float16", "two languages"],
)
def test_memory_is_declared(options: dict[str, Any], ram_mib: int, vram_mib: int) -> None:
    found = WhisperX.resources_for(WhisperXOptions(**options))
    assert (found.ram_mib, found.vram_mib) == (ram_mib, vram_mib)
