"""One picture for each shot: sharp, not black, full size; and the analysis frames stay within their memory."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from media_clips import BLACK, BLUE, GREEN, RED, Clip, item, shots, textured, write
from numpy.typing import NDArray

from actors.media.backend import PyAvDecode
from actors.media.frames import FrameStore
from actors.media.keyframes import Candidate, _best
from actors.media.measures import laplacian_variance, measure, named_colours
from actors.media.options import DecodeOptions

SHARP = textured(RED, seed=1, size=(320, 192))
BLURRED = cv2.GaussianBlur(SHARP, (0, 0), 2)
DARK = np.zeros_like(SHARP)
TITLED = DARK.copy()
TITLED[90:92, 40:280:2] = 255  # a thin line of text on black: as sharp as can be


def candidate(time_s: float, *, sharpness: float = 100.0, usable: bool = True, brightness: float = 0.5) -> Candidate:
    return Candidate(time_s, None, sharpness, usable, brightness)


@pytest.mark.parametrize(
    ("candidates", "chosen_s"),
    [
        pytest.param([candidate(0), candidate(5), candidate(9)], 5, id="equally sharp: the middle"),
        pytest.param([candidate(0, sharpness=300), candidate(5)], 0, id="three times as sharp at the edge"),
        pytest.param([candidate(0, sharpness=150), candidate(5)], 5, id="a little sharper at the edge"),
        pytest.param([candidate(5, sharpness=900, usable=False), candidate(9)], 9, id="black does not count"),
        pytest.param(
            [candidate(1, usable=False, brightness=0.01), candidate(2, usable=False, brightness=0.02)],
            2,
            id="all dark: the brightest",
        ),
    ],
)
def test_the_choice(candidates: list[Candidate], chosen_s: float) -> None:
    assert _best(candidates, start_s=0, end_s=10).time_s == chosen_s


@pytest.mark.parametrize(
    ("pictures", "low_s", "high_s"),
    [
        pytest.param([BLURRED] * 30 + [SHARP] * 10 + [BLURRED] * 10, 1.2, 1.6, id="the sharp moment"),
        pytest.param([DARK] * 30 + [SHARP] * 20, 1.2, 2.0, id="after the black"),
        pytest.param([TITLED] * 30 + [SHARP] * 20, 1.2, 2.0, id="after a title on black"),
        pytest.param([SHARP] * 50, 0.7, 1.3, id="the middle of what stands still"),
    ],
)
def test_the_keyframe_of_a_shot(
    decode: PyAvDecode, tmp_path: Path, pictures: list[NDArray[np.uint8]], low_s: float, high_s: float
) -> None:
    outcome = decode.run([item(write(tmp_path / "clip.mp4", Clip.steady(pictures)))])[0]
    (shot,) = outcome.data.shots
    assert low_s <= shot.keyframe_s < high_s
    picture = cv2.imdecode(np.frombuffer(outcome.payloads.keyframes[0], np.uint8), cv2.IMREAD_COLOR)
    assert picture.shape == (192, 320, 3)
    assert np.abs(picture[..., ::-1].astype(int) - SHARP).mean() < 12


def test_each_shot_has_its_own_keyframe(decode: PyAvDecode, tmp_path: Path) -> None:
    outcome = decode.run([item(write(tmp_path / "clip.mp4", Clip.steady(shots(RED, GREEN, BLUE))))])[0]
    media, jpegs = outcome.data, outcome.payloads.keyframes
    assert len(jpegs) == len(media.shots) == 3
    strongest = []
    for shot, encoded in zip(media.shots, jpegs, strict=True):
        assert shot.start_s <= shot.keyframe_s < shot.end_s
        image = cv2.imdecode(np.frombuffer(encoded, np.uint8), cv2.IMREAD_COLOR)
        strongest.append(int(image.mean(axis=(0, 1)).argmax()))
    assert strongest == [2, 1, 0]


@pytest.mark.parametrize("wants", [frozenset(), {"audio"}, {"frames"}, {"keyframes"}], ids=str)
def test_only_what_is_wanted_is_kept(decode: PyAvDecode, tmp_path: Path, wants: frozenset[str]) -> None:
    path = write(tmp_path / "clip.mp4", Clip.steady(shots(RED), tone=(0, 1)))
    outcome = decode.run([item(path, wants)])[0]
    kept = {name for name in ("audio", "frames", "keyframes") if getattr(outcome.payloads, name) is not None}
    assert kept == set(wants)
    assert (len(outcome.data.shots), outcome.data.loudness_lufs is not None) == (1, True)
    assert bool(outcome.data.frame_times_s) == ("frames" in wants)


def test_quality_changes_the_size(tmp_path: Path) -> None:
    path = write(tmp_path / "clip.mp4", Clip.steady(shots(RED)))
    sizes = []
    for quality in (30, 95):
        backend = PyAvDecode(DecodeOptions(threads=1, keyframe_quality=quality))
        backend.load()
        sizes.append(len(backend.run([item(path)])[0].payloads.keyframes[0]))
    assert sizes[0] < sizes[1]


@given(
    count=st.integers(1, 400),
    step_s=st.floats(0.01, 0.6),
    fps=st.sampled_from([1.0, 4.0, 10.0]),
    capacity=st.integers(2, 40),
)
def test_the_store_is_bounded_even_and_begins_at_the_start(
    count: int, step_s: float, fps: float, capacity: int
) -> None:
    shape = (2, 3, 3)
    store = FrameStore(shape=shape, fps=fps, budget_bytes=capacity * 18)
    times = [i * step_s for i in range(count)]
    for number, time_s in enumerate(times):
        store.offer(time_s, lambda n=number: np.full(shape, n % 251, np.uint8))
    kept, pictures = store.times_s(), store.pictures()
    assert 1 <= len(kept) <= capacity
    assert kept[0] == 0.0
    assert kept == sorted(set(kept))
    assert pictures.shape == (len(kept), *shape)
    assert pictures.flags.c_contiguous
    numbers = [min(range(count), key=lambda i, t=t: abs(times[i] - t)) for t in kept]
    assert [int(p[0, 0, 0]) for p in pictures] == [n % 251 for n in numbers]
    gaps = np.diff(kept)
    assert not len(gaps) or gaps.max() <= 2 * max(gaps.min(), step_s) + step_s


def test_frames_fit_their_memory(tmp_path: Path) -> None:
    backend = PyAvDecode(DecodeOptions(threads=1, analysis_fps=25, frames_mib=8))
    backend.load()
    pictures = shots(RED, GREEN, BLUE, frames=40, size=(640, 360))
    outcome = backend.run([item(write(tmp_path / "clip.mp4", Clip.steady(pictures)))])[0]
    frames = outcome.payloads.frames
    assert frames.nbytes <= 8 << 20
    assert frames.shape[1:] == (360, 640, 3)
    assert len(frames) == len(outcome.data.frame_times_s)
    assert np.diff(outcome.data.frame_times_s).max() < 0.9


def test_blur_lowers_sharpness() -> None:
    sharp, blurred = (laplacian_variance(cv2.cvtColor(p, cv2.COLOR_RGB2GRAY)) for p in (SHARP, BLURRED))
    assert blurred < sharp / 5


@pytest.mark.parametrize(
    ("colour", "name"),
    [
        (RED, "red"),
        (GREEN, "green"),
        (BLUE, "blue"),
        (BLACK, "black"),
        ((250, 250, 250), "white"),
        ((128, 128, 128), "grey"),
        ((120, 70, 20), "brown"),
        ((250, 160, 20), "orange"),
        ((240, 230, 30), "yellow"),
        ((30, 220, 220), "cyan"),
        ((250, 90, 180), "pink"),
    ],
    ids=lambda value: value if isinstance(value, str) else None,
)
def test_colours_are_named_as_people_name_them(colour: tuple[int, int, int], name: str) -> None:
    assert named_colours(np.full((20, 20, 3), colour, np.uint8)) == ((name, 1.0),)


def test_shares_of_colours() -> None:
    picture = np.zeros((100, 100, 3), np.uint8)
    picture[:60] = RED
    picture[60:95] = BLUE
    measures = measure(picture, sharpness=1.0)
    assert measures.colours == (("red", 0.6), ("blue", 0.35))
    assert 0.1 < measures.brightness < 0.5
