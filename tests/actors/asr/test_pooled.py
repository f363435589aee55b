"""Pieces of several recordings behind one another."""

from __future__ import annotations

import numpy as np
import pytest

from actors.asr.pooled import PAUSE_S, pooled


@pytest.mark.parametrize(
    ("samples", "starts_s"),
    [
        ([16_000], [4]),
        ([16_000, 16_000], [4, 9]),
        ([16_001, 8_000, 480_000], [4, 10, 15]),
    ],
    ids=["one", "two", "begins at whole seconds"],
)
def test_pieces_come_back_whole(samples: list[int], starts_s: list[float]) -> None:
    pieces = [np.random.default_rng(at).normal(size=size).astype(np.float32) for at, size in enumerate(samples)]
    pool = pooled(pieces)
    assert list(pool.starts_s) == starts_s
    for piece, place in zip(pieces, pool.places, strict=True):
        found = pool.audio[int(place["start"] * 16_000) : int(place["end"] * 16_000)]
        assert np.array_equal(found, piece)
        before = int(place["start"] * 16_000)
        assert not pool.audio[before - PAUSE_S * 16_000 : before].any()
