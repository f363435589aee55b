"""Followed lines become overlays: joined, filtered, timed."""

from __future__ import annotations

import numpy as np
import pytest

from actors.ocr.engine import Reading
from actors.ocr.overlays import KeyframeLine, overlays
from actors.ocr.regions import Rect
from actors.ocr.tracks import Track
from actors.results import TextOverlay

TIMES_S = tuple(n / 4 for n in range(12))
DURATION_S = 3.1


def track(
    text: str,
    first: int,
    last: int,
    *,
    top: int = 100,
    height: int = 30,
    left: int = 20,
    width: int = 200,
    confidence: float = 0.99,
) -> Track:
    rect = Rect(left, top, left + width, top + height)
    seen = set(range(first, last + 1))
    return Track(np.zeros((4, 2), np.float32), rect, [Reading(text, confidence)], first, last, first, True, seen)  # noqa: FBT003 - as above


def made(tracks: list[Track], lines: list[KeyframeLine] | None = None) -> tuple[TextOverlay, ...]:
    return overlays(tracks, keyframe_lines=lines or [], times_s=TIMES_S, duration_s=DURATION_S, frame_size=(360, 640))


@pytest.mark.parametrize(
    ("tracks", "expected"),
    [
        pytest.param([track("a line", 2, 5)], [("a line", 0.5, 1.5)], id="ends at the first frame without it"),
        pytest.param([track("a line", 0, 11)], [("a line", 0.0, 3.1)], id="ends with the clip"),
        pytest.param(
            [track("a line", 1, 3), track("a line", 6, 8)], [("a line", 0.25, 2.25)], id="a short gap is closed"
        ),
        pytest.param(
            [track("a line", 0, 2), track("a line", 8, 9)],
            [("a line", 0.0, 0.75), ("a line", 2.0, 2.5)],
            id="a long gap is none",
        ),
        pytest.param(
            [track("a line", 1, 3), track("a line", 4, 8, top=400)],
            [("a line", 0.25, 1.0), ("a line", 1.0, 2.25)],
            id="another place is another overlay",
        ),
        pytest.param([track("passing", 4, 4)], [], id="seen once"),
        pytest.param(
            [track("the cool thing about these", 2, 6), track("guys is that they have", 2, 6, top=132)],
            [("the cool thing about these guys is that they have", 0.5, 1.75)],
            id="two lines of one block",
        ),
        pytest.param(
            [track("石膏板吊顶", 2, 6), track("集成吊顶", 2, 6, top=132)],
            [("石膏板吊顶集成吊顶", 0.5, 1.75)],
            id="Chinese lines take no space",
        ),
        pytest.param(
            [track("TITLE", 2, 6, height=60), track("subtitle", 2, 6, top=165)],
            [("TITLE", 0.5, 1.75), ("subtitle", 0.5, 1.75)],
            id="another size is another text",
        ),
        pytest.param(
            [track("first", 2, 6), track("second", 2, 9, top=132)],
            [("first", 0.5, 1.75), ("second", 0.5, 2.5)],
            id="another end is another text",
        ),
        pytest.param(
            [track("left", 2, 6, width=80), track("right", 2, 6, top=132, left=200)],
            [("left", 0.5, 1.75), ("right", 0.5, 1.75)],
            id="another column is another text",
        ),
        pytest.param([], [], id="nothing"),
    ],
)
def test_texts_and_times(tracks: list[Track], expected: list[tuple[str, float, float]]) -> None:
    assert [(o.text, o.start_s, o.end_s) for o in made(tracks)] == expected


def test_a_keyframe_confirms_a_passing_text_and_knows_better() -> None:
    seen = KeyframeLine(1.0, Rect(22, 101, 218, 129), Reading("Følg for mer", 1.0))
    found = made([track("Folg for mer", 4, 4, confidence=0.9)], [seen])
    assert [(o.text, o.confidence) for o in found] == [("Følg for mer", 1.0)]


@pytest.mark.parametrize(
    "line",
    [
        pytest.param(KeyframeLine(2.5, Rect(20, 100, 220, 130), Reading("a line", 1.0)), id="at another time"),
        pytest.param(KeyframeLine(1.0, Rect(20, 400, 220, 430), Reading("a line", 1.0)), id="at another place"),
        pytest.param(KeyframeLine(1.0, Rect(20, 100, 220, 130), Reading("nothing like it", 1.0)), id="other words"),
    ],
)
def test_a_keyframe_confirms_nothing_else(line: KeyframeLine) -> None:
    assert made([track("a line", 4, 4)], [line]) == ()


def test_the_box_of_a_block_holds_its_lines_and_the_least_sure_line_counts() -> None:
    (found,) = made([track("one", 2, 6, confidence=0.8), track("two", 2, 6, top=132)])
    assert found.box == (round(20 / 360, 4), round(100 / 640, 4), round(200 / 360, 4), round(62 / 640, 4))
    assert found.confidence == 0.8
