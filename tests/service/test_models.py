"""Which models a profile wants, and the README's table of them."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest

from actors.backend import Backend
from actors.models.asset import ModelAsset
from actors.models.store import ModelStore
from service.configuration import load
from service.model_table import README, filled
from service.models import choices, named, state_of, wanted


def profile(name: str, home: Path):  # noqa: ANN201 - a test's helper
    return load({"profile": name}, environ={"HOME": str(home)}).configuration


def test_the_embedded_profile_wants_nothing(tmp_path: Path) -> None:
    assert wanted(profile("embedded", tmp_path), every=True) == []


@pytest.mark.parametrize("name", ["cpu", "gpu"])
def test_every_backend_a_profile_names_is_registered(tmp_path: Path, name: str) -> None:
    configuration = profile(name, tmp_path)
    asked = [backend for backends in configuration.stage_preferences().values() for backend in backends]
    assert [choice.backend for choice in choices(configuration)] == asked


def test_what_is_first_is_fetched_and_fall_backs_only_when_asked_for(tmp_path: Path) -> None:
    configuration = profile("gpu", tmp_path)
    first, every = ({asset.name for _, asset in wanted(configuration, every=all_)} for all_ in (False, True))
    assert first < every
    stages = {choice.stage for choice, _ in wanted(configuration)}
    assert {"asr", "captions", "objects", "diarization"} <= stages


@pytest.mark.parametrize(
    ("name", "asset"),
    [
        ("Salesforce/blip2-flan-t5-xl", "Salesforce/blip2-flan-t5-xl"),
        ("openai/whisper-large-v2", "Systran/faster-whisper-large-v2"),
        ("large-v2", "Systran/faster-whisper-large-v2"),
        ("NbAiLab/nb-whisper-small", "NbAiLab/nb-whisper-small"),
        ("jonatasgrosman/wav2vec2-large-xlsr-53-german", "jonatasgrosman/wav2vec2-large-xlsr-53-german"),
        ("nltk/punkt_tab", "nltk/punkt_tab"),
        ("PaddlePaddle/PP-OCRv6_medium_det_onnx", "PaddlePaddle/PP-OCRv6_medium_det_onnx"),
    ],
)
def test_a_model_is_found_by_name_in_any_backend(tmp_path: Path, name: str, asset: str) -> None:
    (found,), unknown = named([name], [profile("embedded", tmp_path)])
    assert (found.name, found.commercial, unknown) == (asset, True, [])


def test_what_a_configuration_wants_is_found_as_it_wants_it(tmp_path: Path) -> None:
    flags = {"profile": "cpu", "stages.asr.options": {"model": "org/whisper"}}
    configuration = load(flags, environ={"HOME": str(tmp_path)}).configuration
    ((asset,), _) = named(["org/whisper"], [configuration])
    assert asset.source == "ctranslate2"


def test_any_name_on_the_hub_is_taken_and_others_are_not() -> None:
    names = ["org/none", "none", "org/../x", "/x", "a/b/c"]
    stranger = ModelAsset("org/none", "unknown", commercial=None)
    assert named(names, [], backends={}) == ([stranger], names[1:])


def test_a_broken_plug_in_harms_no_pull() -> None:
    def broken() -> type[Backend]:
        raise ImportError("no module named x")

    assert named(["none"], [], backends={"asr.broken": broken}) == ([], ["none"])


def test_aliases_of_one_model_are_one() -> None:
    assert len(named(["large-v2", "openai/whisper-large-v2"], [])[0]) == 1


def test_a_model_is_missing_begun_or_here(tmp_path: Path) -> None:
    store, asset = ModelStore(tmp_path), ModelAsset("org/tiny", "MIT")
    assert state_of(asset, store) == "missing"
    store.part("org/tiny").mkdir(parents=True)
    assert state_of(asset, store) == "begun"
    store.seal(asset, revision="c")
    assert state_of(asset, store) == "here"


def test_the_readme_shows_the_table() -> None:
    for package in ("librosa", "paddleocr"):
        if find_spec(package) is None:
            pytest.skip(f"the table names what is installed, and {package} is not (the extras audio and models)")
    text = README.read_text(encoding="utf-8")
    assert filled(text) == text, "run python -m service.model_table"
