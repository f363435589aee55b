"""Which keyframes are dropped and which stand for the clip, on made frames and made likenesses."""

from __future__ import annotations

import cv2
import numpy as np
import pytest
from items import audio_only, shot, video, with_unreadable_keyframe
from numpy.typing import NDArray

from actors.backend import StageStatus
from actors.errors import BadInput
from actors.frames.hashes import likeness, signature
from actors.frames.measured import MeasuredFrames, MeasuredOptions
from actors.frames.representatives import by_prompt, by_time
from actors.frames.selection import SelectionOptions, candidates, verdicts
from actors.results import FrameMeasures, FrameSelection, KeyframeVerdict, Shot

Picture = NDArray[np.uint8]
RNG = np.random.default_rng(5)


def scene(seed: int) -> Picture:
    """A picture with structure at all scales, 120 by 90, the same for the same seed."""
    chance = np.random.default_rng(seed)
    coarse = chance.integers(0, 256, (6, 5, 3), dtype=np.uint8)
    picture = cv2.resize(coarse, (90, 120), interpolation=cv2.INTER_NEAREST)
    return np.asarray(cv2.add(picture, chance.integers(0, 25, picture.shape, dtype=np.uint8)), dtype=np.uint8)


BLACK = np.zeros((120, 90, 3), np.uint8)
WHITE = np.full((120, 90, 3), 250, np.uint8)
RED = np.full((120, 90, 3), (200, 30, 30), np.uint8)
TITLE = cv2.putText(BLACK.copy(), "SALE", (4, 70), cv2.FONT_HERSHEY_SIMPLEX, 1.1, (255, 255, 255), 3)
SHARP = scene(1)
BLURRED = np.asarray(cv2.GaussianBlur(SHARP, (0, 0), 8), dtype=np.uint8)
AGAIN = np.asarray(np.clip(SHARP.astype(int) + RNG.integers(-6, 7, SHARP.shape), 0, 255), dtype=np.uint8)


def selected(*pictures: Picture, **options: float) -> FrameSelection:
    (outcome,) = MeasuredFrames(MeasuredOptions(**options)).run([video(*pictures)])
    assert isinstance(outcome.data, FrameSelection)
    return outcome.data


@pytest.mark.parametrize(
    ("pictures", "dropped"),
    [
        pytest.param([SHARP, BLACK], [None, "black"], id="black"),
        pytest.param([SHARP, TITLE], [None, None], id="white letters on black are a picture"),
        pytest.param([SHARP, BLURRED], [None, "blurred"], id="blurred"),
        pytest.param([WHITE, RED], [None, None], id="plain surfaces are neither blurred nor alike"),
        pytest.param([SHARP, AGAIN], [None, "duplicate"], id="the same with noise"),
        pytest.param([SHARP, scene(2), scene(3)], [None, None, None], id="three scenes"),
        pytest.param([BLACK, BLACK], ["black", "black"], id="black is no duplicate"),
        pytest.param([WHITE, WHITE], [None, "duplicate"], id="the same plain surface"),
    ],
)
def test_verdicts_on_made_frames(pictures: list[Picture], dropped: list[str | None]) -> None:
    assert [verdict.dropped for verdict in selected(*pictures).keyframes] == dropped


def test_duplicates_name_the_earlier_keyframe_that_was_kept() -> None:
    found = selected(scene(2), SHARP, BLURRED, AGAIN, BLACK, AGAIN).keyframes
    assert [v.duplicate_of for v in found] == [None, None, None, 1, None, 1]
    assert all(verdict.embedding is None for verdict in found)


@pytest.mark.parametrize(
    ("options", "pictures", "dropped"),
    [
        ({"black_brightness": 0.0, "black_contrast": 0.0}, [TITLE, np.full_like(BLACK, 3)], [None, None]),
        ({"blurred_sharpness": 0.0}, [BLURRED], [None]),
        ({"duplicate": 0.4}, [SHARP, scene(2)], [None, "duplicate"]),
    ],
    ids=["black", "blurred", "duplicate"],
)
def test_bounds_are_configured(
    options: dict[str, float], pictures: list[Picture], dropped: list[str | None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("actors.frames.hashes.COLOUR", 1.0)
    assert [verdict.dropped for verdict in selected(*pictures, **options).keyframes] == dropped


def test_what_was_not_measured_is_not_judged() -> None:
    found = verdicts([shot(0)], np.ones((1, 1), np.float32), options=SelectionOptions(), duplicate=0.9)
    assert found == [KeyframeVerdict()]


def test_keyframes_and_shots_must_match() -> None:
    with pytest.raises(ValueError, match="0 keyframes for 1 shots"):
        verdicts([shot(0)], np.zeros((0, 0), np.float32), options=SelectionOptions(), duplicate=0.9)


@pytest.mark.parametrize(
    ("first", "second", "alike"),
    [
        pytest.param(SHARP, AGAIN, True, id="noise"),
        pytest.param(SHARP, cv2.resize(SHARP, (180, 240)), True, id="another size"),
        pytest.param(SHARP, cv2.convertScaleAbs(SHARP, alpha=0.9), True, id="a little darker"),
        pytest.param(SHARP, scene(2), False, id="another scene"),
        pytest.param(SHARP, np.ascontiguousarray(SHARP[:, ::-1]), False, id="mirrored"),
        pytest.param(WHITE, RED, False, id="another plain colour"),
    ],
)
def test_likeness_of_pictures(first: Picture, second: Picture, alike: bool) -> None:  # noqa: FBT001 - a table's column
    matrix = likeness([signature(first), signature(second)])
    assert matrix.diagonal().tolist() == [1.0, 1.0]
    assert (matrix[0, 1] >= 0.95) == alike
    assert matrix[0, 1] == matrix[1, 0]


def test_without_video_and_without_a_readable_keyframe() -> None:
    backend = MeasuredFrames(MeasuredOptions())
    assert backend.run([audio_only()])[0].status is StageStatus.NO_VIDEO
    with pytest.raises(BadInput, match="keyframe 2"):
        backend.run([with_unreadable_keyframe()])


def timed(sharpness: list[float | None]) -> list[Shot]:
    return [
        Shot(
            start_s=n,
            end_s=n + 1,
            keyframe_s=n,
            measures=None if value is None else FrameMeasures(brightness=0.5, contrast=0.3, sharpness=value),
        )
        for n, value in enumerate(sharpness)
    ]


@pytest.mark.parametrize(
    ("eligible", "sharpness", "most", "chosen"),
    [
        ([0, 1, 2, 3, 4, 5], [9, 1, 2, 8, 7, 3], 3, [0, 3, 4]),
        ([0, 3, 5], [9, 1, 2, 8, 7, 3], 5, [0, 3, 5]),
        ([2], [1, 1, None], 4, [2]),
        ([], [1, 1], 4, []),
    ],
    ids=["the sharpest of each part", "fewer than wanted", "one, not measured", "none"],
)
def test_by_time(eligible: list[int], sharpness: list[float | None], most: int, chosen: list[int]) -> None:
    found = by_time(eligible, timed(sharpness), most=most)
    assert [frame.shot for frame in found] == chosen
    assert {(frame.prompt, frame.similarity) for frame in found} <= {(None, None)}


@pytest.mark.parametrize(
    ("eligible", "alike", "most", "chosen"),
    [
        pytest.param([0, 1, 2, 3], [], 4, [0, 1, 2, 3], id="all, in order of time"),
        pytest.param([0, 1, 2, 3], [], 2, [1, 2], id="the nearest to a prompt"),
        pytest.param([0, 1, 2, 3], [(1, 2)], 2, [0, 1], id="no two alike"),
        pytest.param([0, 1], [(0, 1)], 4, [0, 1], id="two even if alike"),
        pytest.param([0, 1, 2], [(0, 1), (0, 2), (1, 2)], 4, [0, 1], id="the least alike joins"),
        pytest.param([3], [], 4, [3], id="one is left"),
        pytest.param([], [], 4, [], id="none"),
    ],
)
def test_by_prompt(eligible: list[int], alike: list[tuple[int, int]], most: int, chosen: list[int]) -> None:
    similarity = np.array([[0.10, 0.22], [0.31, 0.05], [0.2, 0.3], [0.1, 0.11]], np.float32)
    likeness = np.full((4, 4), 0.5, np.float32)
    for first, second in alike:
        likeness[first, second] = likeness[second, first] = 0.95 if (first, second) == (0, 1) else 0.97
    found = by_prompt(eligible, similarity=similarity, likeness=likeness, prompts=("a", "b"), most=most, diversity=0.9)
    assert [frame.shot for frame in found] == chosen
    nearest = {0: ("b", 0.22), 1: ("a", 0.31), 2: ("b", 0.3), 3: ("b", 0.11)}
    assert [(frame.prompt, frame.similarity) for frame in found] == [nearest[index] for index in chosen]


def test_a_clip_of_black_keyframes_is_still_represented_by_one() -> None:
    shots = timed([3, 9, 5, 1])
    dropped = [KeyframeVerdict(dropped="black")] * 4
    assert candidates(dropped, shots) == [1]
    assert candidates([], []) == []
