"""Cuts are found, and nothing else is called a cut."""

from __future__ import annotations

import importlib
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from media_clips import BLUE, GREEN, RED, Clip, item, shots, textured, write
from numpy.typing import NDArray

from actors.media.backend import PyAvDecode
from actors.media.cuts import MIN_SHOT_S, Boundary, BoundaryDetector
from actors.media.luma import brightness

Picture = NDArray[np.uint8]
FPS = 30
SIZE = (72, 128)
GREY = np.full((128, 72, 3), 128, np.uint8)


def scene(seed: int, frames: int, *, level: int = 128) -> list[Picture]:
    """Thumbnails (Y, Cr, Cb) of a textured scene with a little motion."""
    rng = np.random.default_rng(seed)
    luma = rng.integers(level - 70, level + 70, (17, 10)).repeat(8, axis=0).repeat(8, axis=1)[:128, :72]
    chroma = rng.integers(100, 156, (2,))
    still = np.dstack([luma, np.full((128, 72), chroma[0]), np.full((128, 72), chroma[1])])
    return [np.clip(np.roll(still, i % 4, axis=0), 16, 235).astype(np.uint8) for i in range(frames)]


def faded(pictures: list[Picture], start: float, end: float) -> list[Picture]:
    """The pictures with their light going from `start` to `end` of full."""
    black = np.array([16, 128, 128])
    shares = np.linspace(start, end, len(pictures))
    return [(black + (p - black) * s).astype(np.uint8) for p, s in zip(pictures, shares, strict=True)]


def flashed(picture: Picture, share: float) -> Picture:
    """The picture under a white sheet."""
    return (picture * (1 - share) + np.array([235, 128, 128]) * share).astype(np.uint8)


def boundaries(pictures: list[Picture], *, fps: float = FPS) -> list[tuple[float, str]]:
    detector = BoundaryDetector(fps)
    found: list[Boundary] = []
    for number, picture in enumerate(pictures):
        found += detector.feed(number / fps, picture, brightness(picture[..., 0], full_range=False))
    return [(round(b.time_s * fps), b.transition) for b in [*found, *detector.finish()]]


def inset(pictures: list[Picture], share: float) -> list[Picture]:
    """The pictures with another one laid over their lower part."""
    over = scene(99, 1)[0]
    top = round(128 * (1 - share))
    return [np.concatenate([p[:top], over[top:]]) for p in pictures]


A, B = scene(1, 40), scene(2, 40)
LONG = scene(3, 90)
FLASHING = [flashed(p, 0.5) if i in {40, 41} else p for i, p in enumerate(LONG)]
WHITE_FLASH = [flashed(p, 1.0) if i in {40, 41, 42} else p for i, p in enumerate(LONG)]
BLACK = faded(scene(4, 20), 0, 0)


@pytest.mark.parametrize(
    ("pictures", "found"),
    [
        pytest.param(LONG, [], id="one shot"),
        pytest.param(A + B, [(40, "cut")], id="a cut"),
        pytest.param(A + scene(2, 30) + A, [(40, "cut"), (70, "cut")], id="cuts a second apart, and back"),
        pytest.param(A + scene(2, 10) + LONG, [(40, "cut")], id="a cut too soon after another is not published"),
        pytest.param(scene(1, 40, level=50) + scene(2, 40, level=50), [(40, "cut")], id="a cut in the dark"),
        pytest.param(FLASHING, [], id="a flash"),
        pytest.param(WHITE_FLASH, [], id="a flash that blinds"),
        pytest.param(FLASHING + B, [(90, "cut")], id="a flash does not hide the cut after it"),
        pytest.param(A + inset(LONG, 0.35), [(40, "cut")], id="an inset below a cut"),
        pytest.param(LONG[:45] + inset(LONG[45:], 0.35), [], id="an inset is no cut"),
        pytest.param(faded(A, 1, 0) + BLACK + faded(B, 0, 1), [(50, "fade")], id="a fade through black"),
        pytest.param(A + BLACK + B, [(50, "fade")], id="black between two scenes"),
        pytest.param(
            faded(LONG[:1] * 40, 1, 0) + faded(LONG[:1] * 40, 0, 1), [], id="a picture that fades out and returns"
        ),
        pytest.param(BLACK + LONG, [], id="black at the start is part of the first shot"),
        pytest.param(LONG + BLACK, [], id="black at the end is part of the last shot"),
        pytest.param([GREY] * 60, [], id="one colour for ever"),
        pytest.param([GREY], [], id="one picture"),
        pytest.param([], [], id="nothing"),
    ],
)
def test_boundaries(pictures: list[Picture], found: list[tuple[int, str]]) -> None:
    near = boundaries(pictures)
    assert [kind for _, kind in near] == [kind for _, kind in found]
    for (frame, kind), (true, _) in zip(near, found, strict=True):
        assert abs(frame - true) <= (2 if kind == "cut" else 8)


@pytest.mark.parametrize("fps", [8, 15, 24, 60, 120])
def test_cuts_are_found_at_any_rate(fps: int) -> None:
    length = round(1.2 * fps)
    pictures = [p for seed in range(4) for p in scene(seed, length)]
    assert boundaries(pictures, fps=fps) == [(length * n, "cut") for n in (1, 2, 3)]


def test_noise_does_not_hide_cuts() -> None:
    rng = np.random.default_rng(0)
    noisy = [np.clip(p + rng.normal(0, 3, p.shape), 0, 255).astype(np.uint8) for p in A + B]
    assert boundaries(noisy) == [(40, "cut")]


def test_boundaries_keep_their_distance() -> None:
    frantic = [p for seed in range(30) for p in scene(seed, 7)]
    frames = [frame for frame, _ in boundaries(frantic)]
    assert all(later - earlier >= MIN_SHOT_S * FPS for earlier, later in pairwise(frames))


def test_shots_tile_the_clip(decode: PyAvDecode, tmp_path: Path) -> None:
    path = write(tmp_path / "clip.mp4", Clip.steady(shots(RED, GREEN, BLUE), tone=(0, 3.5)))
    media = decode.run([item(path)])[0].data
    assert [s.transition for s in media.shots] == ["start", "cut", "cut"]
    assert [s.start_s for s in media.shots] == pytest.approx([0, 1, 2], abs=0.05)
    assert [s.end_s for s in media.shots] == [*(s.start_s for s in media.shots[1:]), media.duration_s]
    assert media.duration_s > 3.5


def test_a_clip_of_one_frame_has_one_shot(decode: PyAvDecode, tmp_path: Path) -> None:
    outcome = decode.run([item(write(tmp_path / "one.mp4", Clip.steady([textured(RED, seed=1)])))])[0]
    assert [(s.start_s, s.end_s, s.keyframe_s, s.motion) for s in outcome.data.shots] == [(0, 0.04, 0, None)]
    assert (len(outcome.payloads.keyframes), outcome.data.frame_rate) == (1, None)


def test_accuracy_over_the_corpus(corpus: Path) -> None:
    sys.path.insert(0, str(Path(__file__).parents[2] / "bench"))
    rows = importlib.import_module("cuts").score(corpus)
    totals = {row.kind: row for row in rows if row.clip == "all"}
    assert totals["cut"].true >= 20
    assert totals["cut"].f1 >= 0.95, [row for row in rows if row.hits != row.true or row.hits != row.found]
    assert totals["fade"].true >= 10
    assert totals["fade"].precision >= 0.9
    assert totals["fade"].recall >= 0.9
