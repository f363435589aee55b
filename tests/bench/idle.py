"""What the service takes when there is nothing to do: `python tests/bench/idle.py [--quick] [--out FOLDER]`.

The real service on files that are long done, its models' processes stopped and then up; and how soon it ends.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[2])]

import report
from known_files import make_known
from serving import DEMO_CLIP, Service, drop, unlike
from usage import say

FILES = 20_000
IDLE_BOUND_PERCENT, STOP_BOUND_S = 0.5, 1.0
SLICE_S = 10.0
_SETTLE_S = 15.0
"""The first sweep and the libraries' first minute are a start, not idleness."""
_STOPS = 5


@dataclass(frozen=True, slots=True)
class Idle:
    """CPU of the service and all its processes, in percent of one core: over the whole time, and by slices of it."""

    percent: float
    slices: tuple[float, ...]


def watch(service: Service, *, seconds: float) -> Idle:
    """Count what an idle service takes."""
    taken = [service.cpu_s()]
    began_s = time.monotonic()
    for number in range(max(1, round(seconds / SLICE_S))):
        time.sleep(max(0.0, began_s + (number + 1) * min(SLICE_S, seconds) - time.monotonic()))
        taken.append(service.cpu_s())
    took_s = time.monotonic() - began_s
    each = took_s / (len(taken) - 1)
    slices = tuple(round(100 * (after - before) / each, 2) for before, after in pairwise(taken))
    return Idle(round(100 * (taken[-1] - taken[0]) / took_s, 3), slices)


def idle_figure(idle: Idle, *, files: int, seconds: float) -> report.Figure:
    """Return the line on idling with the models' processes stopped."""
    return report.Figure(
        f"CPU of the idle service, {files:,} known files, models' processes stopped ({seconds:.0f} s)",
        f"< {IDLE_BOUND_PERCENT:g} % of a core",
        f"{idle.percent:.2f} % of a core, sweeps included",
        met=idle.percent < IDLE_BOUND_PERCENT,
        values={"percent": idle.percent, "slices_percent": idle.slices},
    )


def pool_figure(idle: Idle, *, processes_mib: float, seconds: float) -> report.Figure:
    """Return the line on idling with the models' processes up; Ray's own are most of it."""
    return report.Figure(
        f"the same with Ray and the models of `embedded` up ({seconds:.0f} s)",
        "none: they stop after pool.idle_stop_s",
        f"{idle.percent:.1f} % of a core, {processes_mib:,.0f} MiB in all processes",
        values={"percent": idle.percent, "slices_percent": idle.slices, "resident_mib": round(processes_mib)},
    )


def stop_figure(stops_s: Sequence[float]) -> report.Figure:
    """Return the line on how soon an idle service ends."""
    worst_s = max(stops_s)
    return report.Figure(
        f"SIGTERM to the end of the idle service ({len(stops_s)} times)",
        f"< {STOP_BOUND_S:g} s",
        f"{statistics.median(stops_s):.2f} s, the slowest {worst_s:.2f} s",
        met=worst_s < STOP_BOUND_S,
        values={"stops_s": [round(stop_s, 3) for stop_s in stops_s]},
    )


def measure(*, files: int, seconds: float, pool_seconds: float, stops: int = _STOPS) -> list[report.Figure]:
    """Return the lines of the table; `pool_seconds` 0 leaves the models' processes out."""
    with tempfile.TemporaryDirectory() as temporary:
        home = Path(temporary) / "home"
        make_known(home, files, documents=False)
        with Service(home) as service:
            time.sleep(min(_SETTLE_S, seconds))
            found = [idle_figure(watch(service, seconds=seconds), files=files, seconds=seconds)]
            say(f"  pool stopped: {found[0].measured} {found[0].values}")
            stops_s = [service.stop()]
        if pool_seconds:
            found.append(_with_pool(home, pool_seconds))
            say(f"  pool up: {found[-1].measured}")
        shutil.rmtree(home / "output", ignore_errors=True)
        for _ in range(stops - 1):
            with Service(home) as service:
                time.sleep(min(_SETTLE_S, seconds))  # until the first sweep is done it is not idle
                stops_s.append(service.stop())
    return [*found, stop_figure(stops_s)]


def _with_pool(home: Path, seconds: float) -> report.Figure:
    with Service(home, settings="[pool]\nidle_stop_s = 0.0\n") as service:
        drop(service.inbox, "new.mp4", unlike(DEMO_CLIP))
        service.until("job.done")
        time.sleep(_SETTLE_S)
        idle = watch(service, seconds=seconds)
        return pool_figure(idle, processes_mib=service.resident_mib(), seconds=seconds)


def main() -> None:
    """Measure and write the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few files and seconds: whether it runs")
    parser.add_argument("--out", type=Path, default=report.RESULTS)
    given = parser.parse_args()
    scale = {"files": 200, "seconds": 2.0, "pool_seconds": 0.0} if given.quick else {}
    found = measure(**({"files": FILES, "seconds": 180.0, "pool_seconds": 60.0} | scale))
    report.write("operation_idle", found, folder=given.out)
    report.write_operation_fragment(folder=given.out)
    report.tell(found)


if __name__ == "__main__":
    main()
