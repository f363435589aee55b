"""One gain for the whole track, towards the wanted level of what is loud in it."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from actors.audio.levels import gated_level_db, normalised

RATE = 16_000
TONE = np.sin(2 * np.pi * 440 * np.arange(2 * RATE) / RATE).astype(np.float32)
SILENCE = np.zeros(2 * RATE, np.float32)
TONE_DB = -3.01


@pytest.mark.parametrize(
    ("audio", "expected_db"),
    [
        pytest.param(TONE, TONE_DB, id="a tone at full scale"),
        pytest.param(TONE * 0.001, TONE_DB - 60, id="60 dB lower"),
        pytest.param(np.concatenate([TONE, SILENCE, SILENCE, SILENCE]), TONE_DB, id="silence does not count"),
        pytest.param(TONE[:800], TONE_DB, id="shorter than a block"),
        pytest.param(SILENCE, None, id="digital silence has none"),
        pytest.param(SILENCE[:0], None, id="nothing has none"),
    ],
)
def test_the_level_is_that_of_the_loud_parts(audio: np.ndarray, expected_db: float | None) -> None:
    found = gated_level_db(audio)
    assert found == (None if expected_db is None else pytest.approx(expected_db, abs=0.5))


@pytest.mark.parametrize("gain", [0.0009, 0.01, 0.5, 1.0])
def test_any_recording_comes_to_the_target(gain: float) -> None:
    assert gated_level_db(normalised(TONE * np.float32(gain), target_db=-20)) == pytest.approx(-20, abs=0.1)


def test_peaks_hold_the_gain_down_but_one_click_does_not() -> None:
    clicked = TONE * np.float32(0.05)
    clicked[100] = 0.9
    assert gated_level_db(normalised(clicked, target_db=-10)) == pytest.approx(-10, abs=0.5)
    bursts = TONE * np.float32(0.05)
    bursts[::1000] = 0.9
    assert gated_level_db(normalised(bursts, target_db=-10)) < -20


@given(arrays(np.float32, st.integers(0, 4000), elements=st.floats(-1.5, 1.5, width=32)))
def test_the_result_is_bounded_and_the_input_untouched(audio: np.ndarray) -> None:
    audio.setflags(write=False)
    found = normalised(audio, target_db=-20)
    assert found.shape == audio.shape
    assert found.dtype == np.float32
    assert np.abs(found).max(initial=0.0) <= 1.5
    assert np.isfinite(found).all()
