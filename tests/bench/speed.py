"""What decoding and describing cost: `python tests/bench/speed.py [--peers] [--repetitions N] [--out FOLDER]`.

Every figure is a ratio of CPU-seconds taken in turns in one run, so that machine and load cancel out. The start of
programs is measured apart. `--peers` makes the environment with the programs we compare with and runs them.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[2])]

import batches
import peers
import report
from clips import BATCH, HIGH, LOW, ClipSpec, clip
from usage import Usage, bench_program, interleaved, median_cpu_s, median_ratio, run

BOUNDS = {HIGH: 1.3, LOW: 1.7}


def decode_figure(spec: ClipSpec, *, repetitions: int) -> report.Figure:
    """Compare the model-free path with decoding alone, for one clip and both thread settings."""
    path = clip(spec)
    measures: dict[str, Callable[[], Usage]] = {}
    for threads in (1, 2):
        measures[f"bare, threads {threads}"] = partial(_work_alone, "bare", path, threads=threads)
        measures[f"ours, threads {threads}"] = partial(_work_alone, "describe", path, threads=threads)
    taken = interleaved(repetitions, **measures)
    one, two = (median_ratio(taken[f"ours, threads {n}"], taken[f"bare, threads {n}"]) for n in (1, 2))
    bare_s, ours_s = (median_cpu_s(taken[f"{name}, threads 1"]) for name in ("bare", "ours"))
    start_cpu_s = _work("describe", path, threads=1)[1]
    return report.Figure(
        f"model-free path over one bare PyAV decode, 30 s of 1080x1920 at {spec.mbit_s} Mbit/s",
        f"≤ {BOUNDS[spec]} x",
        f"{one:.2f} x ({ours_s:.2f} over {bare_s:.2f} CPU-s), both with one decoder thread; {two:.2f} x, both with two",
        met=max(one, two) <= BOUNDS[spec],
        note=f"start-up apart: {start_cpu_s:.1f} CPU-s",
        values={name: [round(usage.cpu_s, 3) for usage in usages] for name, usages in taken.items()},
    )


def _work_alone(kind: str, path: Path, *, threads: int) -> Usage:
    return _work(kind, path, threads=threads)[0]


def _work(kind: str, path: Path, *, threads: int) -> tuple[Usage, float]:
    """Run a measured program; return what its work took, and the CPU-seconds of everything before and after it."""
    whole = run(bench_program("work.py", kind, path, "--threads", str(threads)))
    used = Usage(**json.loads(whole.output.splitlines()[-1]))
    return used, whole.cpu_s - used.cpu_s


def _comparisons(*, repetitions: int, count: int) -> list[report.Figure]:
    """Return the lines on other programs, or one that says why there are none."""
    lacking = peers.missing()
    if lacking is not None:
        return [report.Figure("comparison with other programs", "see DESIGN 8", "not run", note=lacking)]
    chosen = BATCH[:count]
    return [
        *batches.shots_figures(chosen, repetitions=repetitions),
        batches.ocr_figure(chosen, repetitions=repetitions),
    ]


def main() -> None:
    """Measure and write the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peers", action="store_true", help="compare with other programs; installs them apart")
    parser.add_argument("--repetitions", type=int, default=5)
    parser.add_argument("--clips", type=int, default=len(BATCH))
    parser.add_argument("--out", type=Path, default=report.RESULTS)
    given = parser.parse_args()
    found = [decode_figure(spec, repetitions=given.repetitions) for spec in BOUNDS]
    if given.peers:
        peers.install()
    found += _comparisons(repetitions=given.repetitions, count=given.clips)
    report.write("speed", found, folder=given.out)
    report.write_speed_fragment(folder=given.out)
    report.tell(found)


if __name__ == "__main__":
    main()
