"""A pulled model is wholly there or not there, and says when it has changed."""

from __future__ import annotations

from pathlib import Path

import pytest

from actors.models.asset import ModelAsset
from actors.models.store import ModelStore, is_folder, located, revision_of

TINY = ModelAsset("org/tiny", "MIT")


@pytest.fixture
def store(tmp_path: Path) -> ModelStore:
    made = ModelStore(tmp_path / "models")
    part = made.part(TINY.name)
    (part / "deep").mkdir(parents=True)
    (part / ".cache").mkdir()
    (part / ".cache" / "left-over").write_text("x")
    (part / "config.json").write_text("{}")
    (part / "deep" / "weights.bin").write_bytes(b"1234")
    return made


def test_a_model_is_there_when_it_is_sealed(store: ModelStore) -> None:
    assert store.manifest(TINY.name) is None
    assert store.missing((TINY,)) == [TINY]
    manifest = store.seal(TINY, revision="c" * 40)
    assert (manifest.revision, sorted(manifest.files)) == ("c" * 40, ["config.json", "deep/weights.bin"])
    assert store.manifest(TINY.name) is not None
    assert (store.missing((TINY,)), store.names(), store.damaged(TINY.name)) == ([], ["org/tiny"], [])
    assert not store.part(TINY.name).exists()


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        pytest.param(lambda folder: (folder / "config.json").unlink(), ["config.json is missing"], id="missing"),
        pytest.param(
            lambda folder: (folder / "deep" / "weights.bin").write_bytes(b"1235"),
            ["deep/weights.bin has changed"],
            id="changed, the size as before",
        ),
        pytest.param(
            lambda folder: (folder / "reelwatch-manifest.json").write_text("{"),
            ["it is not here, or its pull was cut short"],
            id="no manifest",
        ),
    ],
)
def test_damage_is_told(store: ModelStore, damage: object, says: list[str]) -> None:
    store.seal(TINY, revision="c")
    damage(store.folder(TINY.name))  # type: ignore[operator]
    assert store.damaged(TINY.name) == says


@pytest.mark.parametrize(
    ("model", "expected"),
    [("/models/x", True), ("~/x", True), ("./x", True), ("org/name", False), ("name", False)],
)
def test_a_folder_is_told_from_a_name(model: str, expected: bool) -> None:  # noqa: FBT001 - a table's column
    assert is_folder(model) is expected


def test_where_a_model_is_loaded_from(store: ModelStore, tmp_path: Path) -> None:
    root = str(store.root)
    assert (located("org/tiny", root), located("org/tiny", ""), revision_of("org/tiny", root)) == (
        None,
        None,
        "org/tiny",
    )
    store.seal(TINY, revision="abcdef" * 7)
    assert located("org/tiny", root) == store.folder("org/tiny")
    assert revision_of("org/tiny", root) == "org/tiny@abcdefabcdef"
    own = tmp_path / "own"
    own.mkdir()
    assert located(str(own), root) == own


def test_a_changed_folder_of_the_users_is_another_revision(tmp_path: Path) -> None:
    (tmp_path / "weights.bin").write_bytes(b"1234")
    before = revision_of(str(tmp_path), "")
    assert revision_of(str(tmp_path), "") == before
    (tmp_path / "weights.bin").write_bytes(b"12345")
    assert revision_of(str(tmp_path), "") != before


@pytest.mark.parametrize("name", ["", "/etc", "org/../../x"])
def test_a_name_cannot_leave_the_store(name: str) -> None:
    with pytest.raises(ValueError, match="no name of a model"):
        ModelAsset(name, "MIT")
