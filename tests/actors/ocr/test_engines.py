"""All engines alike: what each makes of the same drawn clips."""

from __future__ import annotations

import drawn
import numpy as np
import pytest
import rendered_lines
from drawn import Title
from rendered_lines import STYLES, LetterCount
from screen_text import keyframe_lines, on_screen_text

from actors.backend import StageItem, StageStatus
from actors.errors import BackendUnavailable, BadInput
from actors.ocr.paddleocr import PaddleOcr, PaddleOcrOptions
from actors.ocr.rapidocr import RapidOcr, RapidOcrOptions
from actors.ocr.screen_text import ScreenText
from actors.ocr.tesseract import Tesseract, TesseractOptions
from actors.results import Media, Shot

COUNT = 12
TITLES = [Title("Hello there", 3, 8)]
Engine = ScreenText[RapidOcrOptions] | ScreenText[PaddleOcrOptions] | ScreenText[TesseractOptions]


@pytest.fixture(params=["backend", "paddle", "tesseract"], ids=["rapidocr", "paddleocr", "tesseract"])
def engine(request: pytest.FixtureRequest) -> Engine:
    return request.getfixturevalue(request.param)


def card(index: int, titles: list[Title]) -> np.ndarray:
    """A frame with its texts on a plain card, which tesseract can read too."""
    picture = np.full((drawn.HEIGHT, drawn.WIDTH, 3), 30, np.uint8)
    written = drawn.frame(index, titles)
    clear = drawn.footage(index)
    changed = np.any(written != clear, axis=2)
    picture[changed] = written[changed]
    return picture


def clip(titles: list[Title], *, video_id: str = "0" * 16) -> StageItem:
    media = Media(
        container="mp4",
        has_video=True,
        has_audio=True,
        duration_s=COUNT / 4,
        size_bytes=1,
        shots=(Shot(start_s=0.0, end_s=COUNT / 4, keyframe_s=1.5),),
        frame_times_s=drawn.times_s(COUNT),
    )
    frames = np.stack([card(index, titles) for index in range(COUNT)])
    return StageItem(video_id, media=media, frames=frames, keyframes=(drawn.jpeg(card(6, titles)),))


def test_a_title_is_read_in_the_keyframe_and_followed(engine: Engine) -> None:
    found = on_screen_text(engine.run([clip(TITLES)])[0])
    assert [[line.text for line in lines] for lines in found.keyframes] == [["Hello there"]]
    assert [(o.text, o.start_s, o.end_s) for o in found.overlays] == [("Hello there", 0.75, 2.25)]
    (line,) = found.keyframes[0]
    assert 0.7 <= line.confidence <= 1.0
    x, y, width, height = line.box
    assert x <= 0.07
    assert y <= 110 / 640 <= y + height
    assert 0.4 < width < 1


def test_each_of_several_videos_has_its_own_outcome(engine: Engine) -> None:
    sound_only = StageItem(
        "1" * 16, media=Media(container="m4a", has_video=False, has_audio=True, duration_s=1, size_bytes=1)
    )
    other = clip([Title("Link in bio", 0, 11)], video_id="2" * 16)
    outcomes = engine.run([clip(TITLES), sound_only, other, clip([])])
    assert [outcome.status for outcome in outcomes] == [StageStatus.DONE, StageStatus.NO_VIDEO, *[StageStatus.DONE] * 2]
    texts = [[line.text for line in on_screen_text(outcomes[index]).keyframes[0]] for index in (0, 2, 3)]
    assert texts == [["Hello there"], ["Link in bio"], []]


@pytest.mark.parametrize(
    ("style", "wrong"),
    [
        pytest.param(STYLES[0], 0.03, id="48 on white"),
        pytest.param(STYLES[2], 0.03, id="serif, white on blue"),
    ],
)
def test_norwegian_is_read(engine: Engine, style: rendered_lines.Style, wrong: float) -> None:
    letters = LetterCount()
    for text in rendered_lines.LINES[:4]:
        letters.add(text, " ".join(keyframe_lines(engine, rendered_lines.drawn(style, text))))
    assert letters.errors <= wrong * letters.characters
    assert letters.letters == 13
    assert letters.letters_right >= 12


@pytest.mark.parametrize("size", [(1, 1), (8, 8), (16, 400), (400, 16)])
def test_pictures_of_odd_sizes_are_searched(engine: Engine, size: tuple[int, int]) -> None:
    assert keyframe_lines(engine, np.zeros((*size, 3), np.uint8)) == []


def test_an_unreadable_keyframe_is_bad_input(engine: Engine) -> None:
    with pytest.raises(BadInput, match="keyframe 1"):
        engine.run([StageItem("0" * 16, media=clip([]).media, keyframes=(b"no picture",))])


@pytest.mark.parametrize("kind", [RapidOcr, PaddleOcr, Tesseract])
def test_running_before_loading_says_so(kind: type[ScreenText[RapidOcrOptions]]) -> None:
    unloaded = kind(kind.options_type())  # type: ignore[arg-type]
    with pytest.raises(BackendUnavailable, match=f"{kind.name} was run before it was loaded"):
        unloaded.run([clip(TITLES)])
