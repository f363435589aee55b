"""The benches themselves, in small: that they run, and that what they say of their figures is right."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

BENCH = Path(__file__).resolve().parent
sys.path[:0] = [str(BENCH)]

import accuracy
import driver_time
import latency
import readme
import report
import server_ledger
import usage
from clips import CUTS, HIGH, LOW
from postgresql_cluster import Cluster


def test_the_driver_is_timed_without_its_hosts() -> None:
    run = driver_time.drive(6, samples=3)
    assert run.videos == 6
    assert 0 < run.cpu_ms < 100
    assert len(run.memory_mib) >= 1


@pytest.mark.parametrize(
    ("memory_mib", "verdict"),
    [
        pytest.param([80, 90, 90, 90, 91, 90, 90, 91, 91], "met", id="warm-up is no growth"),
        pytest.param([90, 91, 92, 93, 94, 95, 96, 97, 98, 99, 100, 101], "**missed**", id="a leak"),
    ],
)
def test_memory_is_flat_when_it_stops_growing(memory_mib: list[float], verdict: str) -> None:
    run = driver_time.Drive(videos=300, stages=8, cpu_s=1.0, wall_s=1.0, memory_mib=memory_mib)
    assert driver_time.memory_figure(run).verdict == verdict


def test_a_ledger_on_a_server_is_measured_beside_one_in_a_file(postgresql: Cluster) -> None:
    figure = server_ledger.figure(*server_ledger.runs(postgresql, videos=4, repetitions=1))
    postgresql.do("DROP SCHEMA run0 CASCADE")
    assert {len(values) for values in figure.values.values()} == {1}
    assert figure.values["server_wall_ms"] != figure.values["file_wall_ms"]


def test_many_files_reach_the_ledger() -> None:
    figure = latency.flood_figure(files=30, repetitions=1)
    assert figure.met


def test_a_program_is_charged_with_what_it_and_its_children_take() -> None:
    burn = "import time\nwhile time.process_time() < 0.3: pass"
    command = [sys.executable, "-c", f"import subprocess, sys; subprocess.run([sys.executable, '-c', {burn!r}])"]
    assert 0.3 <= usage.run(command).cpu_s < 3


def test_a_program_that_fails_is_no_measurement() -> None:
    with pytest.raises(usage.ProgramFailed, match="no luck"):
        usage.run([sys.executable, "-c", "raise SystemExit('no luck')"])


def test_a_running_tree_is_charged_with_its_children() -> None:
    burn = "import time\nwhile time.process_time() < 0.3: pass\nprint(1, flush=True)\ntime.sleep(60)"
    shell = ["sh", "-c", f'"{sys.executable}" -c "{burn}"; true']
    with subprocess.Popen(shell, stdout=subprocess.PIPE, start_new_session=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        spent_s = usage.tree_cpu_s(process.pid)
        os.killpg(process.pid, 15)
    assert 0.25 <= spent_s < 3


@pytest.mark.parametrize(
    ("share", "expected"),
    [pytest.param(0.5, 3.0, id="median"), pytest.param(0.95, 5.0, id="p95"), pytest.param(0.2, 1.0, id="p20")],
)
def test_quantiles_are_values_that_were_measured(share: float, expected: float) -> None:
    assert usage.quantile([5.0, 3.0, 1.0, 2.0, 4.0], share) == expected


def test_measures_are_taken_in_turns() -> None:
    order: list[str] = []

    def measure(name: str) -> usage.Usage:
        order.append(name)
        return usage.Usage(1.0, 1.0)

    usage.interleaved(2, ours=lambda: measure("ours"), theirs=lambda: measure("theirs"))
    assert order == ["ours", "theirs", "ours", "theirs"]


@pytest.mark.parametrize("spec", [LOW, HIGH], ids=["1 Mbit/s", "6 Mbit/s"])
def test_a_clip_has_its_cuts_well_apart(spec) -> None:  # noqa: ANN001 - a value of the module under test
    cuts = spec.cuts()
    assert len(cuts) == CUTS
    assert all(later - earlier >= 45 for earlier, later in zip([0, *cuts], [*cuts, 900], strict=True))


def test_results_become_a_table_and_the_table_the_readme(tmp_path: Path) -> None:
    figures = [
        report.Figure("speed", "≤ 2 x", "1 x", met=True),
        report.Figure("size", "≤ 2 x", "3 x", met=False, note="too large"),
    ]
    report.write("speed", figures, folder=tmp_path)
    assert report.read("speed", folder=tmp_path)[1] == figures
    fragment = report.write_speed_fragment(folder=tmp_path).read_text()
    assert "| size | ≤ 2 x | 3 x | **missed**: too large |" in fragment
    before = "# A\n<!-- bench:speed -->\nold\n<!-- /bench:speed -->\nrest\n"
    after = readme.filled(before, folder=tmp_path)
    assert "old" not in after
    assert fragment.strip() in after
    assert readme.filled(after, folder=tmp_path) == after


@pytest.mark.parametrize(
    ("text", "said"),
    [
        pytest.param("<!-- bench:speed -->\n", "has no", id="no end"),
        pytest.param("<!-- bench:none -->\n<!-- /bench:none -->\n", "there is no", id="no results"),
    ],
)
def test_a_mark_that_cannot_be_filled_is_refused(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        readme.filled(text, folder=tmp_path)


def test_accuracy_shows_totals_last_and_leaves_empty_columns_out() -> None:
    rows = [
        {"clip": "all", "kind": "cut", "f1": 0.98, "passed": None},
        {"clip": "a.mp4", "kind": "cut", "f1": 0.5, "passed": None},
        {"clip": "b.mp4", "kind": "cut", "true": 0, "found": 0},
    ]
    text = accuracy.markdown({"cuts": {"rows": rows, "taken_at": "2026-01-01"}})
    assert text.index("| a.mp4 | cut | 0.5 |") < text.index("| **all** | **cut** | **0.98** |")
    assert "met" not in text
    assert "b.mp4" not in text
    assert "Left out: 1 rows" in text


def test_the_clock_of_interleaved_runs_is_real() -> None:
    began_s = time.monotonic()
    used = usage.run([sys.executable, "-c", "pass"])
    assert 0 < used.wall_s <= time.monotonic() - began_s
