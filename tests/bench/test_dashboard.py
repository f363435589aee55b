"""The bench of the dashboard: what it says of its figures, and in small that it runs where there is a browser."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

BENCH = Path(__file__).resolve().parent
sys.path[:0] = [str(BENCH)]

import dashboard
import report


@pytest.mark.parametrize(("queue", "verdict"), [([5.0, 6.0, 4.0], "met"), ([9.0, 9.0, 9.0], "**missed**")])
def test_a_page_is_held_against_the_same_turn_without_one(queue: list[float], verdict: str) -> None:
    cost = dashboard.Cost({None: [3.0, 4.0, 2.0], "queue": queue})
    assert cost.more("queue") == [after - before for after, before in zip(queue, [3.0, 4.0, 2.0], strict=True)]
    assert dashboard.figure("queue", cost, known=10, window_s=1.0).verdict == verdict


@pytest.mark.long
@pytest.mark.serial
@pytest.mark.skipif(not Path(dashboard.CHROMIUM).exists(), reason="Chromium is not installed")
def test_it_is_measured(tmp_path: Path) -> None:
    found = dashboard.measure(known=20, window_s=1.0, turns=1)
    assert [figure.bound for figure in found] == ["< 3 % of a core"] * 2
    report.write("web_dashboard", found, folder=tmp_path)
    assert "the queue open" in report.write_web_fragment(folder=tmp_path).read_text(encoding="utf-8")
