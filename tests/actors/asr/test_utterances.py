"""Utterances out of voice-activity spans, in seconds."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from actors.asr.utterances import LONGEST_S, utterances
from actors.results import Span

RATE = 16_000


def cut(spans: list[tuple[float, float]], *, seconds: float = 60.0) -> list[tuple[float, float]]:
    noise = np.random.default_rng(3).normal(0, 0.1, int(seconds * RATE)).astype(np.float32)
    noise[int(14.95 * RATE) : int(15.25 * RATE)] = 0
    found = utterances(noise, [Span(start_s=start, end_s=end) for start, end in spans])
    return [(round(one.start_s, 2), round(one.end_s, 2)) for one in found]


@pytest.mark.parametrize(
    ("spans", "expected"),
    [
        pytest.param([], [], id="none"),
        pytest.param([(1, 2)], [(0.8, 2.2)], id="margins"),
        pytest.param([(0.1, 2)], [(0.0, 2.2)], id="no margin before the beginning"),
        pytest.param([(58, 60)], [(57.8, 60.0)], id="nor after the end"),
        pytest.param([(1, 2), (2.5, 4)], [(0.8, 4.2)], id="near spans are joined"),
        pytest.param([(1, 2), (3.5, 4)], [(0.8, 2.2), (3.3, 4.2)], id="far ones are not"),
        pytest.param([(1, 15), (15.5, 23)], [(0.8, 15.2), (15.3, 23.2)], id="nor what would be too long"),
        pytest.param([(1, 25)], [(0.8, 15.0), (15.0, 25.2)], id="a long one is cut at its quietest moment"),
    ],
)
def test_utterances(spans: list[tuple[float, float]], expected: list[tuple[float, float]]) -> None:
    assert cut(spans) == [pytest.approx(pair, abs=0.11) for pair in expected]


def test_an_hour_of_talk_is_cut_without_loss() -> None:
    found = cut([(0.0, 300.0)], seconds=300.0)
    assert found[0][0] == 0.0
    assert found[-1][1] == 300.0
    assert all(before[1] == after[0] for before, after in pairwise(found))
    assert max(end - start for start, end in found) <= LONGEST_S
