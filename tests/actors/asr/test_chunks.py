"""Which stretches of speech a model hears at once, and which of them tell the language."""

from __future__ import annotations

import numpy as np
import pytest

from actors.asr.chunks import Chunk, chunks, windows
from actors.results import Span


def sound(seconds: float) -> np.ndarray:
    return np.full(round(seconds * 16_000), 0.1, np.float32)


@pytest.mark.parametrize(
    ("spans", "expected"),
    [
        ([], []),
        ([(1, 3)], [(1, 3)]),
        ([(1, 3), (4, 6)], [(1, 6)]),
        ([(1, 3), (7, 9)], [(1, 9)]),
        ([(1, 3), (7.5, 9)], [(1, 3), (7.5, 9)]),
        ([(0, 14), (15, 29), (29.5, 31)], [(0, 29), (29.5, 31)]),
        ([(0, 14), (15, 30)], [(0, 30)]),
        ([(58, 70)], [(58, 60)]),
        ([(60, 61), (70, 71)], []),
    ],
    ids=["none", "one", "two", "gap of 4 s", "longer gap", "more than 30 s", "30 s", "past the end", "beyond the end"],
)
def test_spans_become_few_chunks(spans: list[tuple[float, float]], expected: list[tuple[float, float]]) -> None:
    found = chunks([Span(start_s=start, end_s=end) for start, end in spans], sound(60))
    assert [(chunk.start_s, chunk.end_s) for chunk in found] == expected


def test_long_speech_is_cut_where_it_is_quietest() -> None:
    audio = sound(70)
    for quiet_s in (12.0, 26.0, 48.0):
        audio[round(quiet_s * 16_000) : round((quiet_s + 0.3) * 16_000)] = 0
    found = chunks([Span(start_s=0, end_s=70)], audio)
    cuts = [chunk.end_s for chunk in found]
    assert cuts == pytest.approx([26.15, 48.15, 70.0], abs=0.15)
    assert [chunk.start_s for chunk in found] == [0.0, *cuts[:-1]]
    assert sum(chunk.of(audio).size for chunk in found) == audio.size


@pytest.mark.parametrize(
    ("lengths", "most", "expected"),
    [
        ([5], 4, [0]),
        ([5, 5, 5], 4, [0, 1, 2]),
        ([5, 5, 5, 5, 5, 5, 5], 4, [0, 2, 4, 6]),
        ([5, 5, 5, 5, 5], 2, [0, 4]),
        ([5, 5, 5], 1, [1]),
        ([0.5, 5, 0.5, 5], 4, [1, 3]),
        ([0.5, 0.3], 4, [0, 1]),
    ],
    ids=["one", "few", "spread", "both ends", "the middle", "not the short ones", "only short ones"],
)
def test_the_language_is_told_from_windows_over_all_the_speech(
    lengths: list[float], most: int, expected: list[int]
) -> None:
    made = [Chunk(at * 40.0, at * 40.0 + seconds) for at, seconds in enumerate(lengths)]
    assert list(windows(made, most=most)) == [made[at] for at in expected]
