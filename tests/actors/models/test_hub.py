"""Which of a repository's files are fetched."""

from __future__ import annotations

from pathlib import Path

import pytest

from actors.errors import PullFailed
from actors.models import hub
from actors.models.asset import ModelAsset
from actors.models.hub import lacking, needed

PLAIN = ModelAsset("org/x", "MIT")
CONVERTED = ModelAsset("org/x", "MIT", source="ctranslate2")


@pytest.mark.parametrize(
    ("names", "asset", "expected"),
    [
        pytest.param(
            ["config.json", "model.safetensors", "pytorch_model.bin", "tf_model.h5", "flax_model.msgpack", "a.png"],
            PLAIN,
            ["config.json", "model.safetensors"],
            id="one form of the weights",
        ),
        pytest.param(
            ["config.json", "pytorch_model-00001-of-00002.bin", "pytorch_model.bin.index.json", "onnx/model.onnx"],
            PLAIN,
            ["config.json", "pytorch_model-00001-of-00002.bin", "pytorch_model.bin.index.json"],
            id="pickles where there is nothing else",
        ),
        pytest.param(
            ["config.json", "model.bin", "tokenizer.json", "vocabulary.json", "q/x.bin"],
            CONVERTED,
            ["config.json", "model.bin", "tokenizer.json", "vocabulary.json"],
            id="converted already",
        ),
        pytest.param(
            ["config.json", "model.safetensors", "pytorch_model.bin", "language_model/5gram.bin"],
            ModelAsset("org/x", "MIT", files=("*.json", "*.safetensors", "pytorch_model.bin")),
            ["config.json", "model.safetensors"],
            id="of what the asset names, one form of the weights",
        ),
    ],
)
def test_needed_files(names: list[str], asset: ModelAsset, expected: list[str]) -> None:
    assert list(needed(names, asset)) == expected


PARTS = ModelAsset("org/x", "MIT", files=("config.yaml", "segmentation/*", "plda/*"))
WHISPER = ModelAsset("org/x", "MIT", source="ctranslate2", files=("config.json", "model*.safetensors"))


@pytest.mark.parametrize(
    ("names", "asset", "expected"),
    [
        pytest.param([], PLAIN, ["configuration", "weights"], id="empty"),
        pytest.param(["config.json"], PLAIN, ["weights"], id="no weights"),
        pytest.param(["model.safetensors"], PLAIN, ["configuration"], id="no configuration"),
        pytest.param(["config.json", "pytorch_model.bin"], PLAIN, [], id="whole"),
        pytest.param(["config.yaml", "segmentation/a.bin"], PARTS, ["plda/*"], id="a part is missing"),
        pytest.param(["config.yaml", "segmentation/a.bin", "plda/b.npz"], PARTS, [], id="all parts"),
        pytest.param(["config.json", "model.bin"], WHISPER, ["tokenizer.json"], id="converted, without tokenizer"),
        pytest.param(["config.json", "model.bin", "tokenizer.json"], WHISPER, [], id="converted"),
        pytest.param(["config.json", "model.safetensors"], WHISPER, [], id="to be converted"),
        pytest.param(["config.json", "flax_model.msgpack"], PLAIN, ["weights"], id="another framework's"),
    ],
)
def test_what_a_model_lacks(names: list[str], asset: ModelAsset, expected: list[str]) -> None:
    found = lacking(names, asset)
    assert len(found) == len(expected)
    assert all(word in told for word, told in zip(expected, found, strict=True))


def test_a_library_that_was_loaded_offline_is_named_as_the_reason(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    from huggingface_hub import HfApi
    from huggingface_hub.errors import OfflineModeIsEnabled

    def refuse(*_: object, **__: object) -> None:
        raise OfflineModeIsEnabled("offline")

    monkeypatch.setattr(HfApi, "model_info", refuse)
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    with pytest.raises(PullFailed, match="HF_HUB_OFFLINE was set"):
        hub.look_up(PLAIN, tmp_path, token=None)
