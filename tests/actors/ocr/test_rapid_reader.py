"""The models: from the installed package only, with the threads that were asked for, and quiet."""

from __future__ import annotations

import importlib.metadata
import logging
from pathlib import Path

import drawn
import numpy as np
import pytest
from drawn import Title

from actors.errors import BackendUnavailable
from actors.ocr import rapid_reader
from actors.ocr.rapid_reader import RapidReader


@pytest.mark.parametrize("threads", [1, 2])
def test_threads_reach_the_sessions(threads: int) -> None:
    assert RapidReader(threads=threads).threads == threads


def test_nothing_is_downloaded_and_nothing_is_logged(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    from rapidocr.utils.download_file import DownloadFile

    def refuse(*_: object) -> None:
        raise AssertionError("a download was tried")

    monkeypatch.setattr(DownloadFile, "run", refuse)
    found = RapidReader(threads=1)
    found.read(drawn.frame(0, []), found.detect(drawn.frame(0, []), side=320))
    assert capfd.readouterr() == ("", "")
    assert logging.getLogger("RapidOCR").level >= logging.ERROR


def test_a_missing_model_is_unavailable_with_a_remedy(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(importlib.metadata.Distribution, "locate_file", lambda _, path: tmp_path / path, raising=False)
    monkeypatch.setattr(
        importlib.metadata.PathDistribution, "locate_file", lambda _, path: tmp_path / path, raising=False
    )
    with pytest.raises(BackendUnavailable, match=r"lacks PP-OCRv6_det_small\.onnx") as caught:
        rapid_reader.model_paths()
    assert caught.value.reason == "ocr_model_missing"
    assert "pip install" in caught.value.message


def test_a_missing_package_is_unavailable_with_a_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(name: str) -> None:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(rapid_reader, "distribution", missing)
    with pytest.raises(BackendUnavailable, match="pip install"):
        rapid_reader.model_paths()


def test_a_drawn_line_is_read_where_it_stands(reader: RapidReader) -> None:
    picture = np.ascontiguousarray(drawn.frame(0, [Title("Link in bio", 0, 0, y=300)])[..., ::-1])
    quads = reader.detect(picture, side=480)
    assert [r.text for r in reader.read(picture, quads)] == ["Link in bio"]
    assert 250 < quads[0][:, 1].min() < quads[0][:, 1].max() < 330


@pytest.mark.parametrize("size", [(1, 1), (8, 8), (16, 400), (400, 16)])
def test_pictures_of_odd_sizes_are_searched(reader: RapidReader, size: tuple[int, int]) -> None:
    picture = np.zeros((*size, 3), np.uint8)
    assert reader.read(picture, reader.detect(picture, side=640)) == []
