"""Texts are followed from their first frame to their last, and few frames are read for it."""

from __future__ import annotations

from collections.abc import Sequence

import drawn
import numpy as np
import pytest
from drawn import Title
from numpy.typing import NDArray

from actors.ocr.engine import Quad, Reading, TextReader
from actors.ocr.following import LINES_AT_ONCE, Pace, TextFollower

PACE = Pace(look_s=0.5, recheck_s=1.0, side=480, lines_per_s=8.0)


def followed(
    reader: TextReader, frames: NDArray[np.uint8], *, shots: Sequence[float] = (0.0,), pace: Pace = PACE
) -> tuple[list[tuple[str, int, int]], TextFollower]:
    follower = TextFollower(reader, frames=frames, times_s=drawn.times_s(len(frames)), shot_starts_s=shots, pace=pace)
    return [(t.reading.text, t.first, t.last) for t in follower.follow()], follower


@pytest.mark.parametrize(
    "titles",
    [
        pytest.param([Title("Link in bio", 0, 15)], id="from the first frame to the last"),
        pytest.param([Title("Link in bio", 3, 10)], id="comes and goes between looks"),
        pytest.param([Title("Wait for it", 2, 6), Title("Link in bio", 7, 13)], id="one follows another in its place"),
        pytest.param([Title("Part 1/3", 1, 7), Title("Part 2/3", 8, 14)], id="one digit changes"),
        pytest.param([Title("Me at the zoo", 1, 13, y=90), Title("so here", 5, 9, y=500)], id="two places"),
        pytest.param([Title("Hello", 4, 5)], id="half a second"),
        pytest.param([], id="none"),
    ],
)
def test_first_and_last_frame(reader: TextReader, titles: list[Title]) -> None:
    found, _ = followed(reader, drawn.frames(16, titles))
    assert found == [(t.text, t.first, t.last) for t in titles]


def test_a_standing_text_is_read_once(reader: TextReader) -> None:
    found, follower = followed(reader, drawn.frames(24, [Title("Link in bio", 2, 21)]))
    assert found == [("Link in bio", 2, 21)]
    assert len(follower.read_in) <= 3


def test_a_still_picture_is_looked_at_once(reader: TextReader) -> None:
    frames = np.stack([drawn.frame(0, [Title("Link in bio", 0, 0)])] * 20)
    found, follower = followed(reader, frames)
    assert found == [("Link in bio", 0, 19)]
    assert follower.read_in == {0}


class ScriptedReader(TextReader):
    """Finds the places it is told to, and reads something else at every call."""

    def __init__(self, places: Sequence[Quad]) -> None:
        self.places = list(places)
        self.lines = 0

    def detect(self, picture: NDArray[np.uint8], *, side: int) -> list[Quad]:  # noqa: ARG002 - the interface
        return self.places

    def read(self, picture: NDArray[np.uint8], quads: Sequence[Quad]) -> list[Reading]:  # noqa: ARG002 - as above
        self.lines += len(quads)
        return [Reading(f"words {self.lines}-{n}", 0.99) for n, _ in enumerate(quads)]


def test_running_text_costs_no_more_than_its_allowance() -> None:
    """Frames of noise: every place shows something else in every frame."""
    chance = np.random.default_rng(1)
    frames = chance.integers(0, 255, (40, 320, 180, 3), dtype=np.uint8)
    places = [np.array([[10, y], [170, y], [170, y + 12], [10, y + 12]], np.float32) for y in range(5, 300, 15)]
    reader = ScriptedReader(places)
    follower = TextFollower(reader, frames=frames, times_s=drawn.times_s(40), shot_starts_s=[0.0], pace=PACE)
    follower.follow()
    assert len(places) < reader.lines <= LINES_AT_ONCE + PACE.lines_per_s * 10 + len(places)


class CardReader(ScriptedReader):
    """Reads one text on the card it is given and another on every other picture."""

    def __init__(self, place: Quad, card: NDArray[np.uint8]) -> None:
        super().__init__([place])
        self.card = card

    def read(self, picture: NDArray[np.uint8], quads: Sequence[Quad]) -> list[Reading]:
        text = "SPACE" if np.array_equal(picture[..., ::-1], self.card) else "CUBES"
        return [Reading(text, 0.99) for _ in quads]


@pytest.mark.parametrize(
    ("shots", "expected"),
    [
        pytest.param((0.0, 1.0), [("SPACE", 0, 3), ("CUBES", 4, 7)], id="a cut: the recogniser is asked"),
        pytest.param((0.0,), [("SPACE", 0, 7)], id="no cut: the edges are believed"),
    ],
)
def test_another_card_of_one_design(shots: tuple[float, ...], expected: list[tuple[str, int, int]]) -> None:
    """The edges are the same, the words are not."""
    place = np.array([[10, 85], [200, 85], [200, 130], [10, 130]], np.float32)
    card = drawn.frame(0, [Title("SPACE", 0, 0)])
    brighter = np.minimum(card, 250) + 5
    found, _ = followed(CardReader(place, card), np.stack([card] * 4 + [brighter] * 4), shots=shots)
    assert found == expected


def test_the_recogniser_decides_where_footage_hides_the_edges() -> None:
    """Half of the place is covered by other edges in every frame, so that only reading tells when the text goes."""
    place = np.array([[10, 85], [300, 85], [300, 135], [10, 135]], np.float32)
    frames = drawn.frames(8, [Title("SPACE shuttle", 0, 7)])
    chance = np.random.default_rng(5)
    for picture in frames:
        picture[85:135, 10:160] = np.repeat(np.repeat(chance.integers(0, 2, (10, 30, 1)) * 255, 5, 0), 5, 1)
    told = [bytes(np.ascontiguousarray(picture[..., ::-1])) for picture in frames[:6]]

    class Reader(ScriptedReader):
        def read(self, picture: NDArray[np.uint8], quads: Sequence[Quad]) -> list[Reading]:
            return [Reading("SPACE shuttle", 0.99) if bytes(picture) in told else Reading("", 0.0) for _ in quads]

    pace = Pace(look_s=1.75, recheck_s=1.75, side=480, lines_per_s=8.0)
    follower = TextFollower(
        Reader([place]), frames=frames, times_s=drawn.times_s(8), shot_starts_s=[0.0, 1.75], pace=pace
    )
    assert [(t.first, t.last) for t in follower.follow()] == [(0, 5)]


def test_frames_without_times_are_a_mistake(reader: TextReader) -> None:
    with pytest.raises(ValueError, match="3 frames came with 2 times"):
        TextFollower(reader, frames=drawn.frames(3, []), times_s=(0.0, 0.25), shot_starts_s=[0.0], pace=PACE)
