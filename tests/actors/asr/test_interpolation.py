"""Times for words the aligner could not place."""

from __future__ import annotations

import pytest

from actors.asr.interpolation import PlacedWord, timed

Times = list[tuple[float | None, float | None, str | None]]


def at(start_s: float, end_s: float) -> PlacedWord:
    return PlacedWord(" word", start_s, end_s, 0.9)


NUMBER = PlacedWord(" 12")


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ([], []),
        ([at(1, 2), at(2, 3)], [(1, 2, "aligned"), (2, 3, "aligned")]),
        ([at(1, 2), NUMBER, at(4, 5)], [(1, 2, "aligned"), (2, 4, "interpolated"), (4, 5, "aligned")]),
        (
            [at(1, 2), NUMBER, NUMBER, at(4, 5)],
            [(1, 2, "aligned"), (2, 3, "interpolated"), (3, 4, "interpolated"), (4, 5, "aligned")],
        ),
        ([NUMBER, at(4, 5)], [(1, 4, "interpolated"), (4, 5, "aligned")]),
        ([at(4, 5), NUMBER], [(4, 5, "aligned"), (5, 9, "interpolated")]),
        ([NUMBER], [(None, None, None)]),
        ([NUMBER, NUMBER], [(None, None, None)] * 2),
        ([at(0, 2), NUMBER, at(8, 11)], [(1, 2, "aligned"), (2, 8, "interpolated"), (8, 9, "aligned")]),
        ([at(4, 5), NUMBER, at(3, 6)], [(4, 5, "aligned"), (5, 5, "interpolated"), (5, 6, "aligned")]),
        ([at(10, 12), NUMBER], [(9, 9, "aligned"), (9, 9, "interpolated")]),
    ],
    ids=[
        "nothing",
        "all placed",
        "between two",
        "a run shares the room",
        "at the beginning",
        "at the end",
        "alone",
        "none placed",
        "never outside the segment",
        "never backwards",
        "beyond the segment",
    ],
)
def test_unplaced_words_stand_between_their_neighbours(words: list[PlacedWord], expected: Times) -> None:
    found = timed(words, start_s=1.0, end_s=9.0)
    assert [(word.start_s, word.end_s, word.timing) for word in found] == expected
    assert [word.confidence for word in found] == [0.9 if timing == "aligned" else None for *_, timing in expected]
    assert all(word.word == word.word.strip() for word in found)
