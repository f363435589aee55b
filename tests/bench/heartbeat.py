"""What it costs to know how the service is doing: the collector over a ledger of 100,000 videos, and one scrape.

python tests/bench/heartbeat.py
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

sys.path[:0] = [str(Path(__file__).resolve().parents[2]), str(Path(__file__).resolve().parent)]
import report
from prometheus_client.exposition import generate_latest

from service.clock import SystemClock
from service.intake.figures import RootFigures
from service.intake.ports import Generation, Settled
from service.ledger.ledger import open_ledger
from service.logs.emitter import Emitter, discard
from service.logs.examples import EXAMPLES
from service.logs.render import as_json
from service.metrics import processes
from service.metrics.counters import Counters
from service.metrics.exposition import registry_of
from service.metrics.gauges import Collector, Places
from service.metrics.values import values

VIDEOS = 100_000
TIMES = 9
EVENTS = 20_000
MOST_MS = 250.0
"""Once a minute that is less than half a per cent of a core."""


def milliseconds(action: Callable[[], object]) -> float:
    """Median CPU time of several runs."""
    taken = []
    for _ in range(TIMES):
        began_s = time.process_time()
        action()
        taken.append((time.process_time() - began_s) * 1000)
    return statistics.median(taken)


def collector(folder: Path) -> Collector:
    ledger = open_ledger(folder / "ledger.sqlite3", output_root=os.fsencode(folder), clock=SystemClock())
    ledger.intake.enqueue([Settled(b"/in", b"%d.mp4" % n, Generation(1, n, 9, 1, str(n))) for n in range(VIDEOS)])
    intake = SimpleNamespace(
        ticked_s=0.0, figures=lambda: (RootFigures(b"/in", None, watched=True, sweep_s=0.1, events=9, overflows=0),)
    )
    return Collector(
        ledger=ledger,
        intake=intake,
        driver=SimpleNamespace(pool_up=True, pause=None),
        trouble=SimpleNamespace(sentence=None),
        counters=Counters(discard, SystemClock()),
        places=Places(os.fsencode(folder), os.fsencode(folder)),
        low_water_mib=512,
        clock=SystemClock(),
    )


class Nowhere:
    """A sink that keeps nothing."""

    dropped = 0

    def write(self, line: str) -> None: ...

    def close(self, *, timeout_s: float) -> None: ...


def microseconds_an_event() -> tuple[float, float]:
    """What counting adds to a line, and what a line costs without it."""
    emitter = Emitter(sink=Nowhere(), renderer=as_json, clock=SystemClock())

    def logged(emit: Callable[..., None]) -> float:
        return milliseconds(lambda: [emit("job.done", **EXAMPLES["job.done"]) for _ in range(EVENTS)]) / EVENTS * 1000

    bare_us = logged(emitter)
    return logged(Counters(emitter, SystemClock())) - bare_us, bare_us


def main() -> None:
    """Measure, print, write the result."""
    with tempfile.TemporaryDirectory() as folder:
        gathering = collector(Path(folder))
        counts_ms = milliseconds(gathering._ledger.counts)
        gather_ms = milliseconds(gathering.gauges)
        registry = registry_of(lambda: values(gathering.gauges(), version="0", profile="cpu"))
        scrape_ms = milliseconds(lambda: generate_latest(registry))
        gathering._ledger.close()
    processes_ms = milliseconds(lambda: processes.memory_below(os.getpid(), {}))
    counted_us, bare_us = microseconds_an_event()
    taken = {"counts_ms": counts_ms, "gather_ms": gather_ms, "scrape_ms": scrape_ms, "processes_ms": processes_ms}
    most_ms = counts_ms + gather_ms
    figures = [
        report.Figure(
            f"gathering the figures of a heartbeat, {VIDEOS:,} videos in the ledger",
            f"≤ {MOST_MS:g} ms once a minute",
            f"{gather_ms:.1f} ms of CPU, {most_ms:.0f} ms where the ledger has changed since the last",
            most_ms <= MOST_MS,
            values={name: round(value, 2) for name, value in taken.items()},
        ),
        report.Figure("a scrape of the metrics, an unchanged ledger", "none", f"{scrape_ms:.1f} ms of CPU"),
        report.Figure(
            "counting an event for the metrics",
            "none",
            f"{counted_us:.1f} µs on top of the {bare_us:.0f} µs of its line",
            values={"counted_us": round(counted_us, 2), "bare_us": round(bare_us, 2)},
        ),
    ]
    report.tell(figures)
    report.write("operation_logs", figures)


if __name__ == "__main__":
    main()
