"""The bench of the pages, in small: that it runs, and that a bound that is missed is said to be."""

from __future__ import annotations

import sys
from pathlib import Path

BENCH = Path(__file__).resolve().parent
sys.path[:0] = [str(BENCH)]

import pages


def test_pages_and_search_are_measured_over_http(tmp_path: Path) -> None:
    found = pages.measure(tmp_path, documents=5, turns=1, queries=3)
    assert [figure.bound for figure in found[:3]] == ["p95 < 100 ms"] * 3
    assert all(min(figure.values["ms"]) > 0 for figure in found)


def test_a_bound_that_is_missed_is_said_to_be() -> None:
    assert pages._figure("a page", [99.0], [1.0]).verdict == "met"
    assert pages._figure("a page", [100.0], [1.0]).verdict == "**missed**"
