"""Spans out of speech probabilities: one window is 512 samples."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from actors.vad.hysteresis import SpanRules, speech_spans
from actors.vad.network import WINDOW_SAMPLES as W

RULES = SpanRules(threshold=0.5, min_speech_samples=W, min_silence_samples=2 * W, pad_samples=0)
PADDED = SpanRules(threshold=0.5, min_speech_samples=W, min_silence_samples=2 * W, pad_samples=W)
WIDE = SpanRules(threshold=0.5, min_speech_samples=W, min_silence_samples=2 * W, pad_samples=2 * W)


@pytest.mark.parametrize(
    ("probabilities", "rules", "expected"),
    [
        pytest.param([0, 0, 0, 0], RULES, [], id="silence"),
        pytest.param([0, 0.9, 0.9, 0.9, 0, 0, 0], RULES, [(1, 4)], id="speech ends where its pause began"),
        pytest.param([0, 0.9, 0.9, 0, 0.9, 0.9, 0, 0, 0], RULES, [(1, 6)], id="a short pause does not end it"),
        pytest.param([0, 0.9, 0.9, 0.4, 0.4, 0.4, 0.4], RULES, [(1, 7)], id="between the thresholds it goes on"),
        pytest.param([0, 0.9, 0, 0, 0, 0], RULES, [], id="a burst is dropped"),
        pytest.param([0, 0, 0.9, 0.9, 0.9], RULES, [(2, 5)], id="speech up to the end"),
        pytest.param([0, 0, 0.9, 0.9, 0.9, 0, 0, 0], PADDED, [(1, 6)], id="padded"),
        pytest.param([0.9, 0.9, 0.9], PADDED, [(0, 3)], id="padding stays inside"),
        pytest.param(
            [0, 0, 0.9, 0.9, 0, 0, 0, 0.9, 0.9, 0, 0, 0],
            WIDE,
            [(0, 5.5), (5.5, 11)],
            id="pads meet half-way, spans stay apart",
        ),
    ],
)
def test_spans(probabilities: list[float], rules: SpanRules, expected: list[tuple[int, int]]) -> None:
    found = speech_spans(np.array(probabilities, np.float32), samples=len(probabilities) * W, rules=rules)
    assert [(first / W, end / W) for first, end in found] == expected


@given(st.lists(st.floats(0, 1, width=32), max_size=60), st.integers(0, W - 1))
def test_spans_are_in_order_apart_and_inside(probabilities: list[float], missing: int) -> None:
    samples = max(0, len(probabilities) * W - missing)
    found = speech_spans(np.array(probabilities, np.float32), samples=samples, rules=PADDED)
    edges = [edge for span in found for edge in span]
    assert edges == sorted(edges)
    assert all(0 <= edge <= samples for edge in edges)
