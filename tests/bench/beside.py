"""What is left of the host beside a busy service: `python tests/bench/beside.py [--quick] [--out FOLDER]`.

A foreground task on every core, and one that answers every 20 ms, alone and beside the real service at work on videos,
as it is configured by default and without any regard for others.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[2])]

import report
from serving import DEMO_CLIP, Service, drop, unlike
from usage import bench_program, quantile, say

SHARE_BOUND = 0.8
"""Of the work that the foreground does alone. Nine tenths is what the kernel gives niceness 0 beside 10 (sched(7))."""
RUDE = '[host]\nniceness = 0\nio_class = "none"\n'
_CLIPS = 12
_WARM_S = 12.0
"""From the first claim until every model has something to do."""


@dataclass(frozen=True, slots=True)
class Foreground:
    """What a foreground got done in a second, on all cores, and how long its short answers took."""

    work_per_s: float
    answers_ms: tuple[float, ...]

    @property
    def p95_ms(self) -> float:
        """The answer that one in twenty is slower than."""
        return quantile(self.answers_ms, 0.95)


def foreground(seconds: float) -> Foreground:
    """Run the foreground program and return what it came to."""
    command = [str(part) for part in bench_program("foreground.py", str(seconds))]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found = json.loads(done.stdout)
    return Foreground(found["work_per_s"], tuple(found["answers_ms"]))


def beside(settings: str, *, seconds: float, clips: int, warm_s: float) -> tuple[Foreground, float]:
    """Run the foreground beside a service at work; return what it came to, and how busy the service was, in cores."""
    with tempfile.TemporaryDirectory() as temporary:
        quick_end = "[pool]\ndrain_s = 0.0\n"
        with Service(Path(temporary) / "home", settings=settings + quick_end) as service:
            for number in range(clips):
                drop(service.inbox, f"clip{number}.mp4", unlike(DEMO_CLIP))
            service.until("stage.done")
            time.sleep(warm_s)
            cpu_s, began_s = service.cpu_s(), time.monotonic()
            found = foreground(seconds)
            return found, (service.cpu_s() - cpu_s) / (time.monotonic() - began_s)


def figures(
    alone: Sequence[Foreground], polite: tuple[Foreground, float], rude: tuple[Foreground, float]
) -> list[report.Figure]:
    """Return the lines of the table."""
    full = statistics.median(one.work_per_s for one in alone)
    quiet_ms = statistics.median(one.p95_ms for one in alone)
    share, rude_share = polite[0].work_per_s / full, rude[0].work_per_s / full
    values = {
        "alone_per_s": [one.work_per_s for one in alone],
        "beside_per_s": polite[0].work_per_s,
        "beside_rude_per_s": rude[0].work_per_s,
        "service_cores": round(polite[1], 2),
        "service_rude_cores": round(rude[1], 2),
        "p95_ms": {"alone": quiet_ms, "beside": polite[0].p95_ms, "beside_rude": rude[0].p95_ms},
    }
    return [
        report.Figure(
            "work of a foreground on every core, beside the service at work",
            f"≥ {SHARE_BOUND:.0%} of what it does alone",
            f"{share:.0%} with `[host]` as it is by default, {rude_share:.0%} with niceness 0",
            met=share >= SHARE_BOUND,
            values=values,
        ),
        report.Figure(
            "answer of a foreground that has 5 ms of work every 20 ms, p95, beside both",
            "none",
            f"{polite[0].p95_ms:.1f} ms with `[host]` by default, {rude[0].p95_ms:.1f} ms with niceness 0; "
            f"{quiet_ms:.1f} ms without the service",
            values=values["p95_ms"],
        ),
    ]


def measure(*, seconds: float, clips: int, warm_s: float) -> list[report.Figure]:
    """Return the lines of the table; what is alone is measured before and after."""
    alone = [foreground(seconds)]
    polite = beside("", seconds=seconds, clips=clips, warm_s=warm_s)
    say(f"  beside the service: {polite[0].work_per_s:.0f} a second, the service has {polite[1]:.2f} cores")
    rude = beside(RUDE, seconds=seconds, clips=clips, warm_s=warm_s)
    say(f"  with niceness 0: {rude[0].work_per_s:.0f} a second, the service has {rude[1]:.2f} cores")
    alone.append(foreground(seconds))
    say(f"  alone: {[round(one.work_per_s) for one in alone]} a second")
    return figures(alone, polite, rude)


def main() -> None:
    """Measure and write the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a second each: whether it runs")
    parser.add_argument("--out", type=Path, default=report.RESULTS)
    given = parser.parse_args()
    if given.quick:
        found = measure(seconds=1.0, clips=1, warm_s=0.0)
    else:
        found = measure(seconds=20.0, clips=_CLIPS, warm_s=_WARM_S)
    report.write("operation_host", found, folder=given.out)
    report.write_operation_fragment(folder=given.out)
    report.tell(found)


if __name__ == "__main__":
    main()
