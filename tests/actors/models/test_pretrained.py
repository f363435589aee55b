"""Loading: only whole models of the right kind, from a folder, with a remedy where that fails."""

from __future__ import annotations

import builtins
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("transformers", reason="the extra `models` is not installed")

from actors.captions.blip import Blip, BlipOptions
from actors.errors import BackendUnavailable
from actors.models import pretrained

Checkpoint = Callable[[str], Path]


def load(folder: Path | str, **options: Any) -> Blip:
    backend = Blip(BlipOptions(model=str(folder), **options))
    backend.load()
    return backend


@pytest.fixture
def copy(vision_checkpoint: Checkpoint, tmp_path: Path) -> Path:
    return Path(shutil.copytree(vision_checkpoint("blip"), tmp_path / "blip"))


def _drop_a_weight(folder: Path) -> None:
    from safetensors.torch import load_file, save_file

    weights = load_file(folder / "model.safetensors")
    del weights["vision_model.post_layernorm.weight"]
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})


@pytest.mark.parametrize(
    ("damage", "reason", "message"),
    [
        pytest.param(_drop_a_weight, "weights_missing", "lacks 1 weights, as vision_model.post_layer", id="a hole"),
        pytest.param(
            lambda f: (f / "model.safetensors").unlink(), "unreadable_model", "models verify", id="no weights"
        ),
        pytest.param(lambda f: (f / "config.json").unlink(), "unreadable_model", "models verify", id="no config"),
        pytest.param(lambda f: (f / "config.json").write_text("{"), "unreadable_model", "models verify", id="no JSON"),
        pytest.param(
            lambda f: (f / "preprocessor_config.json").unlink(), "unreadable_model", "models verify", id="no processor"
        ),
        pytest.param(shutil.rmtree, "no_such_folder", "is no folder", id="no folder"),
    ],
)
@pytest.mark.filterwarnings("ignore:.*newly initialized.*")
def test_damaged_folders(copy: Path, damage: Callable[[Path], Any], reason: str, message: str) -> None:
    damage(copy)
    with pytest.raises(BackendUnavailable, match=message) as caught:
        load(copy)
    assert caught.value.reason == reason


@pytest.mark.parametrize(
    ("device", "error", "reason", "message"),
    [
        (
            "cuda",
            "torch.OutOfMemoryError",
            "no_room",
            'on the card .* smaller one in `model`, or set .*`device` to "cpu"',
        ),
        ("cpu", "MemoryError", "no_room", "no room in memory .* name a smaller one"),
        ("cuda", "AssertionError", "no_card", "install torch with CUDA"),
        ("cpu", "RuntimeError", "unreadable_model", "models verify"),
    ],
)
def test_what_stands_in_the_way_of_loading_is_told_apart(
    vision_checkpoint: Checkpoint, monkeypatch: pytest.MonkeyPatch, device: str, error: str, reason: str, message: str
) -> None:
    import torch
    import transformers

    kind = {"torch.OutOfMemoryError": torch.OutOfMemoryError}.get(error) or getattr(builtins, error)

    def fails(*_a: Any, **_k: Any) -> None:
        raise kind("it said so")

    monkeypatch.setattr(transformers.BlipForConditionalGeneration, "from_pretrained", fails)
    with pytest.raises(BackendUnavailable, match=message) as caught:
        load(vision_checkpoint("blip"), device=device)
    assert caught.value.reason == reason


def test_a_card_that_is_not_there_is_said(vision_checkpoint: Checkpoint) -> None:
    import torch

    if torch.cuda.is_available():
        pytest.skip("there is a card")
    with pytest.raises(BackendUnavailable, match="cannot use a card here") as caught:
        load(vision_checkpoint("blip"), device="cuda")
    assert caught.value.reason == "no_card"


def test_a_model_that_was_not_pulled_names_the_command(tmp_path: Path) -> None:
    with pytest.raises(BackendUnavailable, match="run `reelwatch models pull Salesforce/blip-image-captioning-base`"):
        load(BlipOptions().model, models_dir=str(tmp_path))


def test_it_runs_on_the_threads_it_is_given(vision_checkpoint: Checkpoint) -> None:
    import torch

    load(vision_checkpoint("blip"), threads=1)
    assert torch.get_num_threads() == 1


def test_missing_packages_are_named_with_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    assert pretrained.missing_packages() is None
    monkeypatch.setattr(pretrained, "find_spec", lambda name: None if name in {"torch", "accelerate"} else object())
    assert Blip.available() == ("torch, accelerate not installed: pip install -c constraints.txt 'reelwatch[models]'")


def test_running_before_loading_is_said(vision_checkpoint: Checkpoint) -> None:
    backend = load(vision_checkpoint("blip"))
    backend.close()
    with pytest.raises(BackendUnavailable, match="before it was loaded"):
        backend._loaded()
    backend.close()


@pytest.mark.parametrize(
    ("files", "mib"),
    [({"a.safetensors": 3, "b.safetensors": 2, "pytorch_model.bin": 9}, 5), ({"pytorch_model.bin": 4}, 4), ({}, 0)],
    ids=["safetensors", "bin", "none"],
)
def test_weights_of_a_folder(tmp_path: Path, files: dict[str, int], mib: int) -> None:
    for name, size in files.items():
        with (tmp_path / name).open("wb") as file:
            file.truncate(size << 20)
    assert pretrained.weights_mib(tmp_path) == mib
