"""Shots: which keyframe stands for the video, when nobody chose, and where its picture lies."""

from __future__ import annotations

from typing import Any

import pytest
from varied import GOLDEN, published

from service.exports import SHOTS


def column(name: str, document_name: str = "tips/blåbær", **changes: Any) -> list[Any]:
    names = [found.name for found in SHOTS.columns]
    return [row[names.index(name)] for row in SHOTS.rows(published(document_name, **changes))]


FRAME = GOLDEN["representative_frames"][0]
CHOSEN = {
    "nobody chose": (None, [None, None, None], [None, None, None]),
    "none is worth showing": ([], [False, False, False], [None, None, None]),
    "one": ([FRAME], [True, False, False], [0.0, None, None]),
    "two": ([FRAME, FRAME | {"shot_id": "s003", "time_s": 4.2}], [True, False, True], [0.0, None, 4.2]),
}


@pytest.mark.parametrize(("frames", "chosen", "times"), CHOSEN.values(), ids=CHOSEN.keys())
def test_which_stands_for_the_video(frames: Any, chosen: list[Any], times: list[Any]) -> None:
    changes = {"representative_frames": frames}
    found = column("representative", **changes), column("representative_time_s", **changes)
    assert found == (chosen, times)


def test_a_picture_s_path_is_below_the_output() -> None:
    assert column("keyframe", "tips/blåbær")[0] == "tips/blåbær/frames/blåbær_s001.jpg"
    assert column("keyframe", "blåbær")[0] == "blåbær/frames/blåbær_s001.jpg"
    deleted = [shot | {"keyframe": None} for shot in GOLDEN["shots"]]
    assert column("keyframe", shots=deleted) == [None, None, None]


def test_nobody_listened_is_no_count() -> None:
    deaf = {"transcript": dict.fromkeys(GOLDEN["transcript"])}
    shots = [shot | {"word_range": None} for shot in GOLDEN["shots"]]
    assert column("word_count") == [2, 3, 3]
    assert column("word_count", shots=shots, **deaf) == [None, None, None]
