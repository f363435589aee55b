"""Which models a profile wants, and the README's table of them."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

import pytest

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


def test_models_are_found_by_name(tmp_path: Path) -> None:
    pairs = wanted(profile("gpu", tmp_path))
    name = pairs[0][1].name
    assert named([name, "org/none"], pairs) == ([pairs[0][1]], ["org/none"])


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
