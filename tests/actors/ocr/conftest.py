"""Fixtures of the text tests: the models, loaded once, and clips drawn with overlays over moving footage."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from actors.ocr.engine import TextReader
from actors.ocr.rapidocr import RapidOcr, RapidOcrOptions

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "bench"))


@pytest.fixture(scope="session")
def reader() -> TextReader:
    return TextReader(threads=1)


@pytest.fixture(scope="session")
def backend() -> RapidOcr:
    loaded = RapidOcr(RapidOcrOptions())
    loaded.load()
    return loaded
