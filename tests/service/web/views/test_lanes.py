"""The timeline: where things lie, and what an empty lane says."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

sys.path[:0] = [str(Path(__file__).resolve().parent)]

from documents import document, raw  # noqa: E402 - it lies beside this file

from actors.document import Document  # noqa: E402 - as above
from service.web.views.lanes import WIDTH, lanes  # noqa: E402 - as above
from service.web.views.story import story  # noqa: E402 - as above
from service.web.views.transcript import paragraphs  # noqa: E402 - as above


def made(found: Document) -> dict[str, Any]:
    return {lane.key: lane for lane in lanes(found, paragraphs(found))}


def test_lanes_of_a_video() -> None:
    found = made(document())
    assert list(found) == ["shots", "said", "text", "speech", "music"]
    assert [(one.x, one.width) for one in found["shots"].stretches] == [(0, 249.96), (249.96, 283.29), (533.24, 466.76)]
    assert (found["music"].stretches, found["music"].note) == ((), "no music")


def test_an_empty_lane_says_whether_anybody_looked() -> None:
    nothing = raw()["audio"] | {"spans": None}
    found = made(document(text_overlays=None, audio=nothing))
    assert found["speech"].note == "the document does not say why"
    assert made(document(text_overlays=[]))["text"].note == "no text seen"


def test_nothing_lies_outside_and_the_shortest_is_seen() -> None:
    overlay = raw()["text_overlays"][0]
    late = [overlay | {"start_s": 6.0005, "end_s": 9.0}, overlay | {"start_s": 1.0, "end_s": 1.0}]
    found = made(document(text_overlays=late))["text"].stretches
    assert all(one.x >= 0 and one.width > 1 and one.x + one.width <= WIDTH for one in found)


@pytest.mark.parametrize(
    ("spans", "rows"),
    [
        ([(0, 6), (1, 2), (3, 4)], [0, 1, 1]),
        ([(0, 2), (2, 4), (4, 6)], [0, 0, 0]),
        ([(1, 2), (0, 6), (0, 6)], [0, 1, 2]),
        ([(0, 6)] * 6, [0, 1, 2, 3, 3, 3]),
    ],
)
def test_texts_that_overlap_lie_in_rows(spans: list[tuple[float, float]], rows: list[int]) -> None:
    overlay = raw()["text_overlays"][0]
    shown = [overlay | {"start_s": start_s, "end_s": end_s} for start_s, end_s in spans]
    lane = made(document(text_overlays=shown))["text"]
    assert [one.row for one in lane.stretches] == rows
    assert (lane.rows, made(document())["shots"].rows) == (max(rows) + 1, 1)


def test_a_document_without_duration() -> None:
    found = made(document(duration_s=0.0, shots=[], representative_frames=None))
    assert "shots" not in found


def test_the_story_is_in_order_of_time() -> None:
    lines = story(document(), paragraphs(document()))
    assert [(line.kind, line.text) for line in lines] == [
        ("shown", "BLÅBÆR 50%"),
        ("said", "Hei alle sammen,"),
        ("said", "i dag 43.000 kroner!"),
    ]
