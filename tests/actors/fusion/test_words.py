"""Words to shots: each word in exactly one, ranges that tile."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from actors.document import Word
from actors.fusion.words import midpoint, place

TIMES = st.none() | st.floats(0, 60).map(lambda s: round(s, 3))


def word(text: str, start_s: float | None = None, end_s: float | None = None) -> Word:
    return Word(word=text, start_s=start_s, end_s=end_s, confidence=None, speaker=None, timing=None)


@pytest.mark.parametrize(
    ("words", "ranges"),
    [
        pytest.param([], [(0, 0), (0, 0), (0, 0)], id="nothing said"),
        pytest.param([("a", 0.0, 1.0), ("b", 4.0, 5.0)], [(0, 1), (1, 2), (2, 2)], id="by midpoint"),
        pytest.param([("a", 1.0, 4.0)], [(0, 0), (0, 1), (1, 1)], id="across the cut, more of it after"),
        pytest.param([("a", 1.5, 2.5)], [(0, 0), (0, 1), (1, 1)], id="midpoint on the cut is after it"),
        pytest.param([("a", 0.0, 1.0), ("b",), ("c", 8.5, 9.0)], [(0, 2), (2, 2), (2, 3)], id="untimed: predecessor's"),
        pytest.param([("a",), ("b", 3.0, 4.0)], [(0, 0), (0, 2), (2, 2)], id="untimed first: successor's"),
        pytest.param([("a",), ("b",)], [(0, 2), (2, 2), (2, 2)], id="none timed: first shot"),
        pytest.param([("a", 90.0, 91.0)], [(0, 0), (0, 0), (0, 1)], id="after the end: last shot"),
        pytest.param([("a", None, 3.0)], [(0, 0), (0, 1), (1, 1)], id="one known end"),
    ],
)
def test_word_goes_to_the_shot_that_holds_its_midpoint(
    words: list[tuple[str, ...]], ranges: list[tuple[int, int]]
) -> None:
    placed, found = place([word(*w) for w in words], [0.5, 2.0, 8.0])
    assert list(found) == ranges
    assert [w.word for w in placed] == [w[0] for w in words]


def test_word_out_of_order_across_a_cut_moves_to_its_shots_words() -> None:
    words = [word("a", 0.1, 0.2), word("late", 2.1, 2.2), word("late,", None, None), word("early", 0.3, 0.4)]
    placed, ranges = place(words, [0.0, 2.0])
    assert [w.word for w in placed] == ["a", "early", "late", "late,"]
    assert ranges == ((0, 2), (2, 4))


def test_without_shots_words_stay() -> None:
    assert place([word("a", 0.0, 1.0)], []) == ((word("a", 0.0, 1.0),), ())


@settings(deadline=None)  # a busy machine is no failure
@given(
    words=st.lists(st.tuples(TIMES, TIMES)),
    starts_s=st.lists(st.floats(0, 60).map(lambda s: round(s, 3)), min_size=1, unique=True).map(sorted),
)
def test_every_word_is_in_exactly_one_shot(
    words: list[tuple[float | None, float | None]], starts_s: list[float]
) -> None:
    def said(index: int, times: tuple[float | None, float | None]) -> Word:
        start, end = times if None in times else sorted(times)
        return word(str(index), start, end)

    given_words = [said(i, times) for i, times in enumerate(words)]
    placed, ranges = place(given_words, starts_s)
    assert sorted(w.word for w in placed) == sorted(w.word for w in given_words)
    assert [ranges[0][0], *(end for _, end in ranges)] == [first for first, _ in ranges] + [len(words)]
    shot_of = {w.word: shot for shot, (first, end) in enumerate(ranges) for w in placed[first:end]}
    edges = [*starts_s, float("inf")]
    for before, this in zip([None, *given_words], given_words, strict=False):
        shot, middle = shot_of[this.word], midpoint(this)
        if middle is not None:
            assert shot == 0 or edges[shot] <= middle
            assert middle < edges[shot + 1]
        elif before is not None:
            assert shot == shot_of[before.word]
