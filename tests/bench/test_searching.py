"""The bench of search, in small: that it runs, and that what it makes is what it says."""

from __future__ import annotations

import json
import sys
from pathlib import Path

BENCH = Path(__file__).resolve().parent
sys.path[:0] = [str(BENCH)]

import made_documents
import report
import searching

from actors.document import parse


def test_the_made_documents_are_valid_and_the_same_each_time() -> None:
    made = list(made_documents.documents(4))
    assert made == list(made_documents.documents(4))
    for name, document in made:
        read = parse(json.dumps(document).encode())
        assert read.source.relative_path == f"{name}.mp4"
        assert read.transcript.words


def test_search_and_library_are_measured(tmp_path: Path) -> None:
    found = searching.measure(tmp_path, documents=20, count=5)
    bounds = {figure.bound for figure in found}
    assert bounds == {"none", "p95 < 100 ms", "p95 < 20 ms"}
    (index,) = [figure for figure in found if "reelwatch index" in figure.what]
    assert index.values["documents"] == 20
    assert index.values["passages"] > 20 * 10


def test_the_table_is_written(tmp_path: Path) -> None:
    figure = searching._figure("search", 100.0, searching.Times([1.0, 200.0], [1.0, 2.0]))
    assert figure.verdict == "**missed**"
    report.write("web_search", [figure], folder=tmp_path)
    assert "| search | p95 < 100 ms | p50 100.5 ms, " in report.write_web_fragment(folder=tmp_path).read_text()
