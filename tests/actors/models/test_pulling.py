"""A model from a folder: whole or refused, and what is here is left alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from actors.errors import PullFailed
from actors.models.asset import ModelAsset
from actors.models.pulling import copy
from actors.models.store import ModelStore

TINY = ModelAsset("org/tiny", "MIT")
PUNKT = ModelAsset("nltk/punkt_tab", "Apache-2.0", source="nltk")


@pytest.fixture
def store(tmp_path: Path) -> ModelStore:
    made = ModelStore(tmp_path / "models")
    made.root.mkdir()
    return made


def filled(folder: Path, *names: str) -> Path:
    folder.mkdir(parents=True)
    for name in names:
        (folder / name).write_text("{}")
    return folder


@pytest.mark.parametrize("place", ["org/tiny", "org--tiny", "tiny", "models--org--tiny/snapshots/abc"])
def test_a_model_is_found_in_a_folder_of_models(store: ModelStore, tmp_path: Path, place: str) -> None:
    filled(tmp_path / "disk" / place, "config.json", "model.safetensors")
    manifest = copy(TINY, store, source=tmp_path / "disk")
    assert sorted(manifest.files) == ["config.json", "model.safetensors"]


def test_the_folder_itself_counts_only_when_one_model_is_asked_for(store: ModelStore, tmp_path: Path) -> None:
    own = filled(tmp_path / "own", "config.json", "model.safetensors")
    with pytest.raises(PullFailed, match="is not in"):
        copy(TINY, store, source=own)
    assert copy(TINY, store, source=own, alone=True).files


@pytest.mark.parametrize(
    ("names", "says"),
    [
        pytest.param((), r"lacks a configuration .*, weights", id="empty"),
        pytest.param(("config.json",), "lacks weights", id="no weights"),
        pytest.param(("model.safetensors",), "lacks a configuration", id="no configuration"),
    ],
)
def test_what_is_not_whole_is_not_sealed(store: ModelStore, tmp_path: Path, names: tuple[str, ...], says: str) -> None:
    with pytest.raises(PullFailed, match=says):
        copy(TINY, store, source=filled(tmp_path / "own", *names), alone=True)
    assert list(store.root.iterdir()) == []


def test_what_is_here_is_left_alone(store: ModelStore, tmp_path: Path) -> None:
    first = copy(TINY, store, source=filled(tmp_path / "a", "config.json", "model.safetensors"), alone=True)
    other = filled(tmp_path / "b", "config.json", "pytorch_model.bin")
    assert copy(TINY, store, source=other, alone=True).revision == first.revision
    assert not (store.folder(TINY.name) / "pytorch_model.bin").exists()
    assert copy(TINY, store, source=filled(tmp_path / "c")).revision == first.revision


def test_sentence_tables_are_written_and_not_looked_for(store: ModelStore, tmp_path: Path) -> None:
    assert copy(PUNKT, store, source=filled(tmp_path / "empty")).revision == "written"
    assert (store.folder(PUNKT.name) / "tokenizers" / "punkt_tab" / "english").is_dir()
