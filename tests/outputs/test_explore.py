"""The notebook over exported tables: it runs from top to bottom, plots, and says what it does not know."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from actors.fusion.published import Published, documents
from service.exports import TABLES, export

NOTEBOOK = Path(__file__).resolve().parents[2] / "outputs" / "explore.ipynb"
REAL = Path(__file__).with_name("documents")
MANY = 400


def cells() -> list[dict[str, Any]]:
    return [cell for cell in json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"] if cell["cell_type"] == "code"]


def real() -> list[Published]:
    return list(documents(os.fsencode(REAL)))


def write_tables(found: list[Published], folder: Path) -> None:
    for table in TABLES.values():
        export(found, "parquet", folder, table=table)


@pytest.fixture
def figures(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """Run the notebook's code here, over these tables; return the title and the marks of each plot."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    def run(folder: Path) -> dict[str, list[float]]:
        monkeypatch.setenv("REELWATCH_TABLES", str(folder))
        names: dict[str, Any] = {}
        for cell in cells():
            exec("".join(cell["source"]), names)  # noqa: S102 - our own notebook
        axes = [axes for number in plt.get_fignums() for axes in plt.figure(number).axes]
        marks = {a.get_title(loc="left"): _marks(a) for a in axes}
        assert len(marks) == len(axes)
        return marks

    yield run
    plt.close("all")


def _marks(axes: Any) -> list[float]:
    """How many videos, shots or words a plot shows: in each column, in each bar, or as points."""
    in_columns = axes.get_ylabel() in TABLES
    bars = [bar.get_height() if in_columns else bar.get_width() for bar in axes.patches]
    return bars + [float(len(points.get_offsets())) for points in axes.collections]


def test_no_outputs_are_kept() -> None:
    assert [(cell["outputs"], cell["execution_count"]) for cell in cells()] == [([], None)] * len(cells())


def test_it_runs_in_a_kernel_and_plots(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import nbformat
    from nbclient import NotebookClient

    write_tables(real(), tmp_path)
    monkeypatch.setenv("REELWATCH_TABLES", str(tmp_path))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    notebook = nbformat.read(NOTEBOOK, as_version=4)
    NotebookClient(notebook, timeout=250, kernel_name="python3").execute()
    pictures = [
        base64.b64decode(output["data"]["image/png"])
        for cell in notebook.cells
        for output in cell.get("outputs", ())
        if "image/png" in output.get("data", {})
    ]
    assert len(pictures) == sum("plt.subplots" in "".join(cell["source"]) for cell in cells()) == 8
    assert all(picture.startswith(b"\x89PNG") for picture in pictures)


COUNTED = {
    "Durations (8 of 8 videos)": 8,
    "Cuts and views (3 of 8 videos; 5 unknown or without)": 3,
    "Shot lengths (30 of 30 shots)": 30,
    "Pace (3 of 8 videos; 5 unknown or without)": 3,
    "When it is said (108 of 108 words)": 108,
    "First three seconds (8 of 8 videos)": 2 * 8,
    "Spoken language (3 of 8 videos; 5 unknown or without)": 8,
    "Most common words on the screen (7 of 8 videos; 1 unknown or without)": 30,
}


def test_it_counts_what_it_shows(tmp_path: Path, figures: Any) -> None:
    write_tables(real(), tmp_path)
    shown = figures(tmp_path)
    assert {title: round(sum(marks)) for title, marks in shown.items()} == COUNTED
    said, written = (
        shown["First three seconds (8 of 8 videos)"][::2],
        shown["First three seconds (8 of 8 videos)"][1::2],
    )
    # yes, no, unknown: of two videos in which somebody speaks no word was understood, and one nobody listened to
    assert (said, written) == ([3, 2, 3], [5, 2, 1])


@pytest.mark.parametrize("count", [0, 1, MANY])
def test_it_is_sensible_with_any_number(tmp_path: Path, figures: Any, count: int) -> None:
    copies = real() * (MANY // len(real()) + 1)
    write_tables(list(islice(copies, count)), tmp_path)
    titles = list(figures(tmp_path))
    assert len(titles) == 8
    assert titles[0].startswith(f"Durations ({count} of {count} videos")
    assert ("rank correlation" in titles[1]) == (count == MANY)


def test_missing_tables_say_how_they_are_made(tmp_path: Path, figures: Any) -> None:
    with pytest.raises(FileNotFoundError, match=f"make it with: reelwatch export parquet --table videos -o {tmp_path}"):
        figures(tmp_path)
