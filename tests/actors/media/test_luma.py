"""Thumbnails and rendered pictures look like the frame, whatever its pixel format."""

from __future__ import annotations

import av
import cv2
import numpy as np
import pytest
from av.video.reformatter import Colorspace
from media_clips import BLUE, GREEN, RED, WHITE, corners

from actors.media.luma import THUMBNAIL_SIDE, Thumbnailer, brightness, fine_luma, is_full_range
from actors.media.orientation import Geometry
from actors.media.picture import Renderer

PLANAR = ["yuv420p", "yuvj420p", "yuv422p", "yuvj422p", "yuv444p", "yuv420p10le", "yuv422p10le", "yuv444p10le"]
OTHERS = ["yuv420p12le", "nv12", "p010le", "rgb24", "bgr0", "gbrp", "yuyv422", "yuv411p", "gray", "yuva420p"]
SIZES = [(640, 360), (360, 640), (161, 121), (1920, 1080)]
# Packed 4:2:2 has even widths only.
CASES = [
    pytest.param(name, size, id=f"{name}-{size[0]}x{size[1]}")
    for name in PLANAR + OTHERS
    for size in SIZES
    if name != "yuyv422" or size[0] % 2 == 0
]


def frame(pixel_format: str, size: tuple[int, int] = (640, 360)) -> av.VideoFrame:
    return av.VideoFrame.from_ndarray(corners(size), format="rgb24").reformat(format=pixel_format)


def quarters(picture: np.ndarray) -> np.ndarray:
    height, width = picture.shape[:2]
    return np.asarray(
        [picture[y, x] for y in (height // 4, 3 * height // 4) for x in (width // 4, 3 * width // 4)], dtype=int
    )


@pytest.mark.parametrize(("pixel_format", "size"), CASES)
def test_thumbnails_of_any_format_agree(pixel_format: str, size: tuple[int, int]) -> None:
    made = Thumbnailer().thumbnail(frame(pixel_format, size))
    assert THUMBNAIL_SIDE * 0.6 <= max(made.shape[:2]) <= THUMBNAIL_SIDE * 1.5
    seen = quarters(cv2.cvtColor(made, cv2.COLOR_YCrCb2RGB))
    expected = np.asarray([RED, GREEN, BLUE, WHITE])
    if pixel_format == "gray":
        expected = np.repeat(cv2.cvtColor(expected[None].astype(np.uint8), cv2.COLOR_RGB2GRAY)[0, :, None], 3, axis=1)
    # Limited-range formats read a little flat: black at 16, white at 235.
    assert np.abs(seen - expected).max() < 50


@pytest.mark.parametrize("size", [(1, 1), (2, 1), (1, 2), (3, 3), (5000, 2), (2, 5000)], ids=str)
def test_the_smallest_and_the_thinnest(size: tuple[int, int]) -> None:
    width, height = size
    flat = av.VideoFrame.from_ndarray(np.full((height, width, 3), 200, np.uint8), format="rgb24")
    assert Thumbnailer().thumbnail(flat.reformat(format="yuv444p")).size >= 1
    assert fine_luma(flat.reformat(format="yuv444p")).size >= 1


def test_a_stream_that_changes_size_keeps_its_thumbnails() -> None:
    thumbnailer = Thumbnailer()
    shapes = {thumbnailer.thumbnail(frame("yuv420p", size)).shape for size in ((640, 360), (1280, 720), (360, 640))}
    assert len(shapes) == 1


@pytest.mark.parametrize(
    ("level", "pixel_format", "light"),
    [(0, "yuv420p", 0.0), (255, "yuv420p", 1.0), (0, "rgb24", 0.0), (255, "rgb24", 1.0), (128, "nv12", 0.5)],
)
def test_brightness_is_that_of_the_shown_picture(level: int, pixel_format: str, light: float) -> None:
    flat = av.VideoFrame.from_ndarray(np.full((96, 160, 3), level, np.uint8), format="rgb24")
    made = flat.reformat(format=pixel_format)
    luma = Thumbnailer().thumbnail(made)[..., 0]
    assert brightness(luma, full_range=is_full_range(made)) == pytest.approx(light, abs=0.01)


@pytest.mark.parametrize(
    ("height", "coded"),
    [pytest.param(720, Colorspace.ITU709, id="HD"), pytest.param(480, Colorspace.ITU601, id="SD")],
)
def test_unmarked_colours_are_read_as_players_read_them(height: int, coded: Colorspace) -> None:
    size = (height * 16 // 9 // 2 * 2, height)
    made = av.VideoFrame.from_ndarray(corners(size), format="rgb24").reformat(format="yuv420p", dst_colorspace=coded)
    made.colorspace = 2  # unspecified
    shown = Renderer(Geometry(*size)).rgb(made)
    assert np.abs(quarters(shown) - [RED, GREEN, BLUE, WHITE]).max() < 8
