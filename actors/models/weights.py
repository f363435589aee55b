"""What a folder of transformers' form holds, read without any library: its architecture and its number of weights."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from math import prod
from pathlib import Path
from typing import Any

CONFIG = "config.json"
BYTES = {"float64": 8, "float32": 4, "float16": 2, "bfloat16": 2}
"""Bytes of a weight, by the name of its dtype in torch."""
_SAFETENSORS, _PICKLES = "*.safetensors", "*.bin"
_LONGEST_HEADER = 100_000_000
"""What the format allows (safetensors, "Format")."""


def files_of(folder: Path) -> list[Path]:
    """Return the files with a folder's weights; where there are both forms, only safetensors are loaded."""
    return sorted(folder.glob(_SAFETENSORS)) or sorted(folder.glob(_PICKLES))


def config_of(folder: Path) -> Mapping[str, Any]:
    """Return a folder's configuration; empty where there is none that can be read."""
    try:
        found = json.loads((folder / CONFIG).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def count_of(folder: Path) -> int:
    """Return how many weights a folder holds: by the headers of safetensors, else by size and the configured dtype."""
    config = config_of(folder)
    # transformers 4.56 renamed it; a configuration that names none was saved in single precision.
    size = BYTES.get(str(config.get("dtype") or config.get("torch_dtype")), BYTES["float32"])
    return sum(_tensors(path) or path.stat().st_size // size for path in files_of(folder))


def shortcoming(folder: Path, *, types: frozenset[str]) -> str | None:
    """Say why a folder cannot be loaded as a model of these types (empty: of any), with what would mend it, or None."""
    if not folder.is_dir():
        return f"{folder}, named by the option `model`, is no folder: name one that holds a model, or one on the hub"
    if not config_of(folder):
        return f"{folder / CONFIG} is missing or no JSON: pull the model again, or name another in the option `model`"
    if not files_of(folder):
        return f"{folder} holds no weights ({_SAFETENSORS} or {_PICKLES}): pull it again, or name another folder"
    found = config_of(folder).get("model_type")
    if types and found not in types:
        wanted = " or ".join(sorted(types))
        return f"{folder} holds a model of type {found}; {wanted} is needed here: name another in the option `model`"
    return None


def _tensors(path: Path) -> int:
    """Return how many weights a file of safetensors holds by its header; 0 where it is none, or damaged."""
    try:
        with path.open("rb") as file:
            (length,) = struct.unpack("<Q", file.read(8))
            header = json.loads(file.read(length)) if length <= _LONGEST_HEADER else {}
    except (OSError, ValueError, struct.error):
        return 0
    return sum(prod(tensor["shape"]) for name, tensor in header.items() if name != "__metadata__")
