"""The benches of operation, in small: that they run, and that what they say of their figures is right."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

BENCH = Path(__file__).resolve().parent
sys.path[:0] = [str(BENCH)]

import beside
import idle
import memory
import readme
import report
import run
import starting
import usage


def test_the_table_shows_what_was_taken_and_names_what_was_not(tmp_path: Path) -> None:
    report.write("operation_idle", [report.Figure("idling", "< 1 %", "0.2 %", met=True)], folder=tmp_path)
    report.write("operation_weather", [report.Figure("rain", "none", "much", note="as ever")], folder=tmp_path)
    report.write("speed", [report.Figure("another table's", "none", "1")], folder=tmp_path)
    text = report.write_operation_fragment(folder=tmp_path).read_text()
    assert text.index("| idling | < 1 % | 0.2 % | met |") < text.index("| rain | none | much | -: as ever |")
    assert "another" not in text
    assert "Not taken yet: " in text
    assert "fuzz (`" in text
    assert "idle (`" not in text


def test_the_readme_shows_the_last_results() -> None:
    text = readme.README.read_text(encoding="utf-8")
    assert readme.filled(text) == text, "run python tests/bench/readme.py"


OPERATION = {"latency.py", "writing.py", "starting.py", "idle.py", "beside.py"}


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        pytest.param(["--only", "operation"], OPERATION, id="operation"),
        pytest.param(["--only", "operation", "--long"], OPERATION | {"memory.py"}, id="operation, long"),
        pytest.param(["--only", "web"], {"searching.py"}, id="web"),
        pytest.param(["--only", "speed"], {"driver_time.py", "latency.py", "server_ledger.py", "speed.py"}, id="speed"),
    ],
)
def test_one_table_is_taken_alone(arguments: list[str], names: set[str]) -> None:
    chosen = run.chosen(run.parser().parse_args(arguments))
    assert chosen.keys() == names
    assert all((BENCH / name).is_file() for name in chosen)


@pytest.mark.serial
def test_a_start_over_known_files_and_one_after_a_kill() -> None:
    started, killed = starting.measure(files=30, kills=1)
    assert (started.bound, killed.bound) == ("< 10 s", "< 2 s")
    assert all(ready_s > 0 < swept_s for ready_s, swept_s, _ in killed.values["starts"])
    assert len(killed.values["starts"]) == 2


@pytest.mark.serial
def test_an_idle_service_is_watched_and_ended() -> None:
    found = idle.measure(files=30, seconds=1.0, pool_seconds=0.0, stops=1)
    assert [figure.bound for figure in found] == ["< 0.5 % of a core", "< 1 s"]
    assert len(found[1].values["stops_s"]) == 1


def test_idling_is_counted_over_the_whole_time_and_in_slices() -> None:
    class Busy:
        spent_s = 0.0

        def cpu_s(self) -> float:
            self.spent_s += 0.1
            return self.spent_s

    found = idle.watch(Busy(), seconds=0.2)
    assert found.percent == pytest.approx(50, rel=0.2)
    assert found.slices == (pytest.approx(50, rel=0.2),)


def samples(*per_video_mib: float, videos: int = 100) -> memory.Samples:
    """A service and a model's process, sampled at every video, each growing by so much."""
    made = memory.Samples()
    for done in range(videos + 1):
        seen = [usage.Memory(pid, "python", 100 + mib * done, 20) for pid, mib in enumerate(per_video_mib)]
        made.add(done, seen, {0: "service"})
    return made


@pytest.mark.parametrize(
    ("per_video_mib", "verdict"),
    [
        pytest.param((0.0, 0.0), "met", id="flat"),
        pytest.param((-0.1, 0.1), "met", id="what one gives up another takes"),
        pytest.param((0.0, 0.1), "**missed**", id="one leaks"),
    ],
)
def test_memory_is_flat_when_all_processes_together_are(per_video_mib: tuple[float, float], verdict: str) -> None:
    assert memory.figure(samples(*per_video_mib), videos=100).verdict == verdict


def test_what_a_start_takes_is_no_growth() -> None:
    made = memory.Samples()
    for done in range(101):
        made.add(done, [usage.Memory(1, "python", 50 + 50 * min(1.0, done / 15), 0)], {})
    assert memory.trend(made.done, made.total_mib()).growth == pytest.approx(0)


def test_a_process_that_comes_later_had_nothing_before_and_shared_memory_counts_once() -> None:
    made = memory.Samples()
    made.add(0, [usage.Memory(1, "python", 60, 10)], {1: "service"})
    made.add(1, [usage.Memory(1, "python", 60, 10), usage.Memory(2, "ray", 40, 30)], {1: "service"})
    assert made.own_mib == {"service": [50, 50], "ray": [0, 10]}
    assert made.total_mib() == [50, 60]


def test_every_process_is_drawn(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="the models extra is not installed", exc_type=ModuleNotFoundError)
    drawn = memory.draw(samples(0.0, 0.1), tmp_path / "memory.png")
    assert drawn.read_bytes().startswith(b"\x89PNG")
    assert drawn.stat().st_size > 10_000


def test_the_memory_of_a_tree_is_that_of_its_processes() -> None:
    program = "import mmap, sys; held = bytearray(60 << 20); print(1, flush=True); sys.stdin.read()"
    with subprocess.Popen([sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        (found,) = usage.tree_memory(process.pid)
        process.communicate()
    assert (found.pid, found.name.startswith("python")) == (process.pid, True)
    assert 60 < found.own_mib <= found.resident_mib < 120


def test_the_foreground_tells_what_it_did() -> None:
    found = beside.foreground(0.3)
    assert found.work_per_s > 0
    assert all(taken_ms >= 5 for taken_ms in found.answers_ms)


@pytest.mark.parametrize(
    ("polite", "verdict"), [pytest.param(90.0, "met", id="most is left"), pytest.param(70.0, "**missed**", id="not")]
)
def test_a_share_is_of_what_is_done_alone(polite: float, verdict: str) -> None:
    def at(per_s: float) -> beside.Foreground:
        return beside.Foreground(per_s, (5.0, 6.0))

    found = beside.figures([at(100.0), at(100.0)], (at(polite), 0.2), (at(50.0), 1.0))
    assert found[0].verdict == verdict
    assert "50% with niceness 0" in found[0].measured


@pytest.mark.long
@pytest.mark.parametrize("bench", ["memory.py", "beside.py"])
def test_it_runs_with_real_models_processes(bench: str, tmp_path: Path) -> None:
    usage.run(usage.bench_program(bench, "--quick", "--out", tmp_path))
    assert list(tmp_path.glob("operation_*.json"))
