"""Checkpoints that the tests of models make for themselves, once a session."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "checkpoints"))

VISION = ("blip2", "blip", "qwen2_vl", "grounding_dino", "owlv2", "omdet_turbo", "clip")


@pytest.fixture(scope="session")
def vision_checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Return the folder of one of `VISION`, made when it is first asked for."""
    pytest.importorskip("torch", reason="the extra `models` is not installed")
    pytest.importorskip("transformers", reason="the extra `models` is not installed")
    import vision

    root, made = tmp_path_factory.mktemp("vision"), {}

    def folder(name: str) -> Path:
        assert name in VISION
        if name not in made:
            made[name] = getattr(vision, name)(root / name)
        return made[name]

    return folder
