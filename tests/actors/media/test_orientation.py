"""Every way a clip can lie is shown upright, and what lies no way at all is shown as coded."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from media_clips import BLUE, GREEN, RED, WHITE, Clip, corners, item, write

from actors.media.backend import PyAvDecode
from actors.media.orientation import Geometry, Orientation, from_display_matrix

ONE, W = 1 << 16, 1 << 30


def matrix(a: int, b: int, c: int, d: int) -> tuple[int, ...]:
    return (a * ONE, b * ONE, 0, c * ONE, d * ONE, 0, 0, 0, W)


# The corners of the shown picture: top left, top right, bottom left, bottom right.
CASES = [
    pytest.param(matrix(1, 0, 0, 1), 0, False, (RED, GREEN, BLUE, WHITE), id="upright"),
    pytest.param(matrix(0, 1, -1, 0), 90, False, (BLUE, RED, WHITE, GREEN), id="90 clockwise"),
    pytest.param(matrix(-1, 0, 0, -1), 180, False, (WHITE, BLUE, GREEN, RED), id="upside down"),
    pytest.param(matrix(0, -1, 1, 0), 270, False, (GREEN, WHITE, RED, BLUE), id="270 clockwise"),
    pytest.param(matrix(-1, 0, 0, 1), 0, True, (GREEN, RED, WHITE, BLUE), id="mirrored"),
    pytest.param(matrix(0, -1, -1, 0), 90, True, (WHITE, GREEN, BLUE, RED), id="mirrored and 90"),
    pytest.param(matrix(1, 0, 0, -1), 180, True, (BLUE, WHITE, RED, GREEN), id="flipped"),
    pytest.param(matrix(0, 1, 1, 0), 270, True, (RED, BLUE, GREEN, WHITE), id="transposed"),
]


@pytest.mark.parametrize(("laid", "rotation", "mirrored", "seen"), CASES)
def test_frames_are_shown_as_a_player_shows_them(
    decode: PyAvDecode,
    tmp_path: Path,
    laid: tuple[int, ...],
    rotation: int,
    *,
    mirrored: bool,
    seen: tuple[tuple[int, int, int], ...],
) -> None:
    path = write(tmp_path / "clip.mp4", Clip.steady([corners()] * 3, matrix=laid))
    outcome = decode.run([item(path)])[0]
    media, frame = outcome.data, outcome.payloads.frames[0]
    assert (media.rotation, media.mirrored, media.warnings) == (rotation, mirrored, ())
    assert frame.shape == (media.height, media.width, 3) == ((160, 96, 3) if rotation in {90, 270} else (96, 160, 3))
    height, width = frame.shape[:2]
    found = [frame[y, x] for y in (height // 4, 3 * height // 4) for x in (width // 4, 3 * width // 4)]
    assert np.abs(np.asarray(found, int) - np.asarray(seen)).max() < 30


@pytest.mark.parametrize(
    "broken",
    [
        pytest.param((0,) * 9, id="zeros"),
        pytest.param((50_000, 30_000, 0, -30_000, 50_000, 0, 0, 0, W), id="31 degrees"),
        pytest.param((ONE, ONE, 0, ONE, ONE, 0, 0, 0, W), id="sheared flat"),
        pytest.param((-(2**31),) * 9, id="the least numbers"),
    ],
)
def test_a_senseless_matrix_is_none(broken: tuple[int, ...]) -> None:
    assert from_display_matrix(np.asarray(broken, "<i4").tobytes()) is None


def test_a_senseless_matrix_is_a_warning(decode: PyAvDecode, tmp_path: Path) -> None:
    odd = (50_000, 30_000, 0, -30_000, 50_000, 0, 0, 0, W)
    media = decode.run([item(write(tmp_path / "clip.mp4", Clip.steady([corners()] * 3, matrix=odd)))])[0].data
    assert (media.rotation, [w.code for w in media.warnings]) == (0, ["display_matrix_invalid"])


def test_a_scaled_matrix_keeps_its_turn() -> None:
    scaled = np.asarray((0, ONE // 2, 0, -ONE // 2, 0, 0, 0, 0, W), "<i4").tobytes()
    assert from_display_matrix(scaled) == Orientation(90, mirrored=False)


@pytest.mark.parametrize(
    ("aspect", "orientation", "shown"),
    [
        pytest.param(Fraction(1), Orientation(), (720, 576), id="square"),
        pytest.param(Fraction(16, 15), Orientation(), (768, 576), id="PAL"),
        pytest.param(Fraction(8, 9), Orientation(), (720, 648), id="narrow samples are made higher, not thrown away"),
        pytest.param(Fraction(16, 15), Orientation(90), (576, 768), id="turned after"),
    ],
)
def test_sample_aspect_comes_before_turning(aspect: Fraction, orientation: Orientation, shown: tuple[int, int]) -> None:
    assert Geometry(720, 576, aspect, orientation).displayed_size == shown


def test_anamorphic_clips_get_keyframes_of_the_displayed_size(decode: PyAvDecode, tmp_path: Path) -> None:
    import cv2

    path = write(tmp_path / "clip.mp4", Clip.steady([corners()] * 3, aspect=Fraction(4, 3)))
    outcome = decode.run([item(path)])[0]
    image = cv2.imdecode(np.frombuffer(outcome.payloads.keyframes[0], np.uint8), cv2.IMREAD_COLOR)
    assert (outcome.data.width, outcome.data.height) == (213, 96)
    assert image.shape == (96, 213, 3)


def test_phone_clips_of_the_corpus(decode: PyAvDecode, corpus: Path) -> None:
    seen = {}
    for name in ("video/phone_rot90_keyboard.mp4", "odd/decord_rot180.mov", "odd/ax_rotate_and_reflect.mp4"):
        media = decode.run([item(corpus / name, ())])[0].data
        seen[name] = (media.width, media.height, media.rotation, media.mirrored)
    assert seen == {
        "video/phone_rot90_keyboard.mp4": (720, 1280, 90, False),
        "odd/decord_rot180.mov": (568, 320, 180, False),
        "odd/ax_rotate_and_reflect.mp4": (720, 1080, 270, True),
    }
