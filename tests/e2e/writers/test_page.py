"""The page of writers shows those there are, and what was measured last."""

from __future__ import annotations

import json
from pathlib import Path

from writers import page

RESULTS = Path(__file__).resolve().parents[2] / "bench" / "results" / "operation_writers.json"


def test_the_page_has_every_writer_and_the_last_figures() -> None:
    figures = json.loads(RESULTS.read_text(encoding="utf-8"))["figures"]
    after_s = next(figure["values"]["settled_after_s"] for figure in figures if "settled_after_s" in figure["values"])
    text = page.PAGE.read_text(encoding="utf-8")
    assert page.filled(text, after_s) == text, "python tests/bench/writing.py writes the page anew"
