"""The engines of on-screen text side by side: `python tests/bench/text_engines.py CORPUS`."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# The tables are scripts beside one another, run from a checkout.
sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import rendered_lines
from rendered_lines import LetterCount
from screen_text import FoundText, composed_clip, keyframe_lines, similarity

from actors.ocr.paddleocr import PaddleOcr, PaddleOcrOptions
from actors.ocr.rapidocr import RapidOcr, RapidOcrOptions
from actors.ocr.screen_text import ScreenText
from actors.ocr.tesseract import Tesseract, TesseractOptions

ENGINES: tuple[Callable[[], ScreenText[Any]], ...] = (
    lambda: RapidOcr(RapidOcrOptions()),
    lambda: PaddleOcr(PaddleOcrOptions()),
    lambda: Tesseract(TesseractOptions()),
)
UNRELATED = 0.5
"""Likeness below which an overlay is none of a clip's texts."""


@dataclass(frozen=True, slots=True)
class Row:
    """One engine on one set of pictures; shares are 0-1, None where they do not apply."""

    engine: str
    where: str
    texts: int
    read: int
    in_time: int | None
    others: int | None
    """Overlays like none of the clip's texts: signs and shirts in the footage, and what is no text."""
    character_errors: float | None
    letters_right: str
    """Of the letters æøåÆØÅ."""
    cpu_s: float
    """For each text."""


def score(corpus: Path) -> list[Row]:
    """Return the table's rows."""
    return [row for make in ENGINES for row in _engine_rows(make(), corpus)]


def _engine_rows(backend: ScreenText[Any], corpus: Path) -> Iterator[Row]:
    backend.load()
    clips = sorted((corpus / "composed").glob("*.mp4"))
    read = [_clip(backend, clip) for clip in clips]
    for language in ("English", "Norwegian"):
        yield _overlay_row(backend, language, [each for each in read if each.language == language])
    yield from _line_rows(backend)
    backend.close()


@dataclass(frozen=True, slots=True)
class _Read:
    language: str
    found: list[FoundText]
    others: int
    cpu_s: float


def _clip(backend: ScreenText[Any], clip: Path) -> _Read:
    found, effort, overlays = composed_clip(backend, clip)
    wanted = [each.text for each in found]
    others = sum(max(similarity(text, overlay.text) for text in wanted) < UNRELATED for overlay in overlays)
    return _Read(found[0].language, found, others, effort.cpu_s)


def _overlay_row(backend: ScreenText[Any], language: str, read: list[_Read]) -> Row:
    found = [text for each in read for text in each.found]
    letters = LetterCount()
    for text in found:
        letters.add(text.text, text.overlay.text if text.overlay is not None else "")
    return Row(
        engine=backend.name,
        where=f"overlays of composed clips, {language}",
        texts=len(found),
        read=sum(text.overlay is not None for text in found),
        in_time=sum(text.in_time for text in found),
        others=sum(each.others for each in read),
        character_errors=round(letters.errors / letters.characters, 4),
        letters_right=_share(letters),
        cpu_s=round(sum(each.cpu_s for each in read) / len(found), 3),
    )


def _line_rows(backend: ScreenText[Any]) -> Iterator[Row]:
    for style in rendered_lines.STYLES:
        letters, right, began_s = LetterCount(), 0, time.process_time()
        for text in rendered_lines.LINES:
            got = " ".join(keyframe_lines(backend, rendered_lines.drawn(style, text)))
            letters.add(text, got)
            right += got == text
        yield Row(
            engine=backend.name,
            where=f"Norwegian, {style.name}",
            texts=len(rendered_lines.LINES),
            read=right,
            in_time=None,
            others=None,
            character_errors=round(letters.errors / letters.characters, 4),
            letters_right=_share(letters),
            cpu_s=round((time.process_time() - began_s) / len(rendered_lines.LINES), 3),
        )


def _share(letters: LetterCount) -> str:
    return f"{letters.letters_right} of {letters.letters}" if letters.letters else ""


if __name__ == "__main__":
    for row in score(Path(sys.argv[1])):
        print(row)  # noqa: T201 - its purpose
