"""Tesseract in this process: its languages' files, what it remembers, and what it takes for no text."""

from __future__ import annotations

import shutil
from pathlib import Path

import cv2
import drawn
import numpy as np
import pytest
import rendered_lines
from frame_files import analysis_frames
from rendered_lines import STYLES
from screen_text import keyframe_lines

from actors.errors import BackendUnavailable
from actors.ocr import tesseract as module
from actors.ocr.engine import Reading
from actors.ocr.tesseract import DEBIAN, Tesseract, TesseractOptions
from actors.ocr.tesseract_reader import TesseractReader


@pytest.fixture
def reader(tesseract: Tesseract) -> TesseractReader:
    found = tesseract._loaded()
    assert isinstance(found, TesseractReader)
    return found


def line(text: str) -> np.ndarray:
    return np.ascontiguousarray(rendered_lines.drawn(STYLES[0], text)[..., ::-1])


@pytest.mark.parametrize("side", [320, 640, 1280])
def test_a_line_is_found_where_it_stands_whatever_the_side(reader: TesseractReader, side: int) -> None:
    picture = line("Små øyer og høye fjell")
    (quad,) = reader.detect(picture, side=side)
    ink = np.argwhere((picture < 128).all(axis=2))
    assert quad.min(axis=0) == pytest.approx(ink.min(axis=0)[::-1], abs=8)
    assert quad.max(axis=0) == pytest.approx(ink.max(axis=0)[::-1] + 1, abs=8)


def test_a_region_is_read_by_itself_in_another_picture(reader: TesseractReader) -> None:
    before, after = line("Følg for mer"), line("Lenke i bio")
    after = np.ascontiguousarray(after[: before.shape[0], : before.shape[1]])
    (quad,) = reader.detect(before, side=640)
    assert [reading.text for reading in reader.read(before, [quad])] == ["Følg for mer"]
    assert [reading.text for reading in reader.read(after, [quad])] == ["Lenke i bio"]


def test_what_was_found_is_not_read_twice(reader: TesseractReader, monkeypatch: pytest.MonkeyPatch) -> None:
    picture = line("Følg for mer")
    quads = reader.detect(picture, side=640)
    monkeypatch.setattr(reader, "_read_line", lambda *_: Reading("read again", 1.0))
    assert [reading.text for reading in reader.read(picture, quads)] == ["Følg for mer"]
    assert [reading.text for reading in reader.read(picture.copy() + 1, quads)] == ["read again"]


def test_footage_is_no_text(tesseract: Tesseract) -> None:
    assert [keyframe_lines(tesseract, drawn.footage(index)) for index in range(6)] == [[]] * 6


@pytest.mark.parametrize("seed", range(3))
def test_noise_is_no_line_however_many_letters_are_in_it(reader: TesseractReader, seed: int) -> None:
    coarse = np.random.default_rng(seed).integers(0, 256, (40 + 20 * seed, 30 + 10 * seed), dtype=np.uint8)
    blocks = cv2.resize(coarse, (360, 640), interpolation=cv2.INTER_NEAREST)
    assert reader.detect(np.repeat(blocks[..., np.newaxis], 3, axis=2), side=640) == []


@pytest.mark.corpus
def test_nothing_is_said_on_the_way(reader: TesseractReader, corpus: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Of a box at the edge of this frame leptonica would say `Error in boxClipToRectangle`."""
    clip = analysis_frames(corpus / "composed" / "tt3_music_fastcuts.mp4")
    frame = clip.frames[int(np.searchsorted(clip.times_s, 6.49))]
    reader.detect(np.ascontiguousarray(frame[..., ::-1]), side=640)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("options", "lacking"),
    [
        pytest.param({"languages": "eng"}, None, id="there"),
        pytest.param({"languages": "eng+xyz"}, "no tesseract data for xyz in", id="one language is not there"),
        pytest.param(
            {"languages": "chi_sim", "tessdata": "/nowhere"}, "`apt install tesseract-ocr-chi-sim`", id="Debian's name"
        ),
        pytest.param({"tessdata": "/nowhere"}, "no tesseract data for eng, nor in /nowhere", id="no folder"),
    ],
)
@pytest.mark.usefixtures("tesseract")
def test_what_the_options_lack(options: dict[str, str], lacking: str | None) -> None:
    found = Tesseract.lacking(TesseractOptions(**options))
    assert found is None if lacking is None else lacking in (found or "")


def test_the_folder_may_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TESSDATA_PREFIX", "/from/the/environment")
    assert "/from/the/environment" in (Tesseract.lacking(TesseractOptions()) or "")
    assert "/from/an/option" in (Tesseract.lacking(TesseractOptions(tessdata="/from/an/option")) or "")


def test_missing_data_is_unavailable(tmp_path: Path) -> None:
    with pytest.raises(BackendUnavailable, match=r"apt install tesseract-ocr-eng tesseract-ocr-nor"):
        Tesseract(TesseractOptions(tessdata=str(tmp_path))).load()


@pytest.mark.usefixtures("tesseract")
def test_unusable_data_is_unavailable(tmp_path: Path) -> None:
    (tmp_path / "eng.traineddata").write_bytes(b"none")
    with pytest.raises(BackendUnavailable, match=f"tesseract cannot load eng from {tmp_path}"):
        Tesseract(TesseractOptions(tessdata=str(tmp_path), languages="eng")).load()


@pytest.mark.usefixtures("tesseract")
def test_its_name_tells_the_files_apart(tmp_path: Path) -> None:
    shutil.copy(DEBIAN / "eng.traineddata", tmp_path)
    own = TesseractOptions(tessdata=str(tmp_path), languages="eng")
    before = Tesseract.model_revision(own)
    with (tmp_path / "eng.traineddata").open("ab") as file:
        file.write(b"more")
    assert before.startswith("tesseract (tesserocr 2.")
    assert Tesseract.model_revision(own) != before


def test_a_missing_library_is_named_with_its_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "find_spec", lambda _: None)
    assert Tesseract.available() == "tesserocr is not installed (pip install -c constraints.txt 'reelwatch[models]')"
