"""Fixtures of the decoding tests: a loaded backend, and `media_clips` beside the tests made importable."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from actors.media.backend import PyAvDecode
from actors.media.options import DecodeOptions

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(scope="session")
def decode() -> Iterator[PyAvDecode]:
    """The decode backend as an actor holds it."""
    backend = PyAvDecode(DecodeOptions(threads=1))
    backend.load()
    yield backend
    backend.close()


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three shots of 1.2 s with a tone."""
    clips = importlib.import_module("media_clips")
    pictures = clips.shots(clips.RED, clips.GREEN, clips.BLUE, frames=30)
    return clips.write(tmp_path_factory.mktemp("media") / "clip.mp4", clips.Clip.steady(pictures, tone=(0, 3.6)))
