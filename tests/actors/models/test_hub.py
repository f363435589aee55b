"""Which of a repository's files are fetched."""

from __future__ import annotations

import pytest

from actors.models.asset import ModelAsset
from actors.models.hub import needed

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
