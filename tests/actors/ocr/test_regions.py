"""Edges tell whether a text is still there, and boxes stay inside the frame."""

from __future__ import annotations

import drawn
import numpy as np
import pytest
from drawn import Title
from hypothesis import given
from hypothesis import strategies as st

from actors.ocr.regions import (
    Rect,
    bounds,
    could_be_text,
    cover,
    likeness,
    new_standing_cells,
    overlap,
    relative,
    steps,
    weakest_part,
)

PLACE = Rect(15, 85, 300, 132)


def seen(index: int, text: str | None) -> np.ndarray:
    titles = [] if text is None else [Title(text, 0, 99)]
    return steps(drawn.frame(index, titles))


@pytest.mark.parametrize(
    ("text", "stands"),
    [
        pytest.param("Part 1/3 now", True, id="the same text over moved footage"),
        pytest.param("Part 2/3 now", False, id="one digit changed"),
        pytest.param("Link in bio", False, id="another text"),
        pytest.param(None, False, id="no text any more"),
    ],
)
def test_a_text_is_recognised_by_its_edges(text: str | None, *, stands: bool) -> None:
    before, now = seen(0, "Part 1/3 now"), seen(3, text)
    alike = likeness(before, now, PLACE)
    assert alike is not None
    assert (alike >= 0.7 and weakest_part(before, now, PLACE) >= 0.4) is stands


def test_a_place_without_edges_tells_nothing() -> None:
    plain = steps(np.full((64, 64, 3), 90, np.uint8))
    assert likeness(plain, plain, Rect(0, 0, 64, 64)) is None


@pytest.mark.parametrize(
    ("then", "before", "now", "found"),
    [
        pytest.param(None, "Hello there", "Hello there", True, id="a text that has come to stay"),
        pytest.param(None, None, "Hello there", False, id="seen once: it may be passing"),
        pytest.param("Hello there", "Hello there", "Hello there", False, id="a text that was there"),
        pytest.param(None, None, None, False, id="moving footage alone"),
    ],
)
def test_new_text_stands_still(then: str | None, before: str | None, now: str | None, *, found: bool) -> None:
    assert (new_standing_cells(seen(0, then), seen(1, before), seen(2, now)) >= 4) is found


@pytest.mark.parametrize(
    ("rect", "fits"),
    [
        pytest.param(Rect(0, 0, 200, 40), True, id="a line"),
        pytest.param(Rect(0, 0, 60, 500), False, id="a door frame"),
        pytest.param(Rect(0, 0, 900, 300), True, id="a huge word"),
    ],
)
def test_shapes_worth_reading(rect: Rect, *, fits: bool) -> None:
    assert could_be_text(rect, frame_height=640) is fits


@pytest.mark.parametrize("size", [(1, 1), (2, 5), (5, 2), (3, 3)])
def test_tiny_frames_have_steps(size: tuple[int, int]) -> None:
    assert steps(np.zeros((*size, 3), np.uint8)).shape == size


corner = st.floats(-50, 700, allow_nan=False)


@given(st.lists(st.tuples(corner, corner), min_size=4, max_size=4), st.integers(8, 640), st.integers(8, 640))
def test_boxes_lie_in_the_frame(corners: list[tuple[float, float]], width: int, height: int) -> None:
    x, y, w, h = relative(bounds(np.array(corners, np.float32)), width=width, height=height)
    assert 0 <= x <= 1
    assert 0 <= y <= 1
    assert 0 <= w <= 1
    assert 0 <= h <= 1
    assert x + w <= 1.0001
    assert y + h <= 1.0001


def test_overlap_and_cover() -> None:
    inner, outer = Rect(10, 10, 20, 20), Rect(0, 0, 40, 40)
    assert overlap(inner, outer) == pytest.approx(100 / 1600)
    assert cover(inner, outer) == 1.0
    assert overlap(inner, Rect(30, 30, 40, 40)) == 0.0
