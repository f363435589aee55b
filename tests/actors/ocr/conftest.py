"""Fixtures of the text tests: the models, loaded once, and clips drawn with overlays over moving footage."""

from __future__ import annotations

import socket
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from actors.models.offline import go_offline
from actors.ocr.paddleocr import PaddleOcr, PaddleOcrOptions
from actors.ocr.rapid_reader import RapidReader
from actors.ocr.rapidocr import RapidOcr, RapidOcrOptions
from actors.ocr.tesseract import Tesseract, TesseractOptions

sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "bench"))


@pytest.fixture(scope="session")
def reader() -> RapidReader:
    return RapidReader(threads=1)


@pytest.fixture(scope="session")
def backend() -> RapidOcr:
    loaded = RapidOcr(RapidOcrOptions())
    loaded.load()
    return loaded


@pytest.fixture(scope="session")
def paddle() -> Iterator[PaddleOcr]:
    """PaddleOCR on the weights in the rapidocr wheel, loaded without any network; the import takes ten seconds."""
    go_offline()
    pytest.importorskip("paddleocr", reason="the models extra is not installed", exc_type=ModuleNotFoundError)
    loaded = PaddleOcr(PaddleOcrOptions())
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket, "getaddrinfo", _refuse)
        patch.setattr(socket.socket, "connect", _refuse)
        loaded.load()
    yield loaded
    loaded.close()


@pytest.fixture(scope="session")
def tesseract() -> Iterator[Tesseract]:
    pytest.importorskip("tesserocr", reason="the models extra is not installed", exc_type=ModuleNotFoundError)
    loaded = Tesseract(TesseractOptions())
    if (reason := Tesseract.lacking(loaded.options)) is not None:
        pytest.skip(reason)
    loaded.load()
    yield loaded
    loaded.close()


def _refuse(*_: object, **__: object) -> None:
    raise AssertionError("the network was asked")
