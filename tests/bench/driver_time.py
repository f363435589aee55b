"""What the service itself costs around the models: `python tests/bench/driver_time.py [--videos N] [--out FOLDER]`.

The real driver, scheduler, ledger, log and fusion work through videos whose models answer at once (`cheap_hosts`). What
the hosts take is subtracted, hashing and the writing of documents among it; what is left is the driver's own.
"""

from __future__ import annotations

import argparse
import cProfile
import gc
import os
import pstats
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).resolve().parents[2]), str(Path(__file__).resolve().parents[1] / "e2e")]

import report
from cheap_hosts import cheap_host, mp4
from usage import resident_mib, say

from actors.backend import Outcome, StageItem
from actors.pool.base import ActorSpec, Host, HostReport
from actors.pool.fake_pool import FakePool
from service.assembly import Assembly, assemble
from service.configuration import load
from service.intake.enlist import enlist
from service.ledger.ledger import open_ledger
from service.ledger.states import State
from service.logs import start
from service.state import ledger_place, make_output_root

BOUND_MS = 5.0
GROWTH_MIB = 3.0
"""What memory may gain between the second and the last third of the videos; a document's text is about 4 KiB."""
_SAMPLES = 30
_GROUPS = (
    "service/scheduler",
    "service/ledger",
    "sqlalchemy",
    "service/logs",
    "structlog",
    "pydantic",
    "service",
    "actors",
)


@dataclass
class Spent:
    """Seconds of CPU and on the clock that the hosts took."""

    cpu_s: float = 0.0
    wall_s: float = 0.0


@dataclass(frozen=True)
class Drive:
    """One run: seconds left to the driver, and this process's memory after every so many videos."""

    videos: int
    stages: int
    cpu_s: float
    wall_s: float
    memory_mib: list[float] = field(default_factory=list)

    @property
    def cpu_ms(self) -> float:
        """CPU milliseconds per stage per video."""
        return 1000 * self.cpu_s / self.videos / self.stages

    @property
    def wall_ms(self) -> float:
        """Milliseconds on the clock per stage per video."""
        return 1000 * self.wall_s / self.videos / self.stages


class TimedHost:
    """A host that notes what the one behind it takes."""

    def __init__(self, host: Host, spent: Spent) -> None:
        self._host = host
        self._spent = spent

    def load(self) -> HostReport:
        return self._host.load()

    def call(self, operation: str, items: Sequence[StageItem]) -> list[Outcome]:
        cpu_s, wall_s = time.process_time(), time.perf_counter()
        try:
            return self._host.call(operation, items)
        finally:
            self._spent.cpu_s += time.process_time() - cpu_s
            self._spent.wall_s += time.perf_counter() - wall_s

    def close(self) -> None:
        self._host.close()


def drive(videos: int, *, samples: int = 0, profiler: cProfile.Profile | None = None, ledger: str = "") -> Drive:
    """Work through `videos` small files with the driver, one already behind it; look at memory `samples` times.

    ledger: what `state.ledger` is set to.
    """
    spent = Spent()
    with tempfile.TemporaryDirectory() as home, _assembled(Path(home), spent, ledger) as assembly:
        _enqueue(assembly, Path(home) / "in", range(1))
        _work(assembly)
        _enqueue(assembly, Path(home) / "in", range(1, videos + 1))
        spent.cpu_s = spent.wall_s = 0.0
        cpu_s, wall_s = time.process_time(), time.perf_counter()
        with profiler or nullcontext():
            memory_mib = _work(assembly, sample_every=videos // samples if samples else 0)
        cpu_s, wall_s = time.process_time() - cpu_s, time.perf_counter() - wall_s
        done = len(assembly.ledger.jobs({State.DONE}))
        if done != videos + 1:
            raise SystemExit(f"{done} of {videos + 1} documents were made")
        stages = sum(stage.runs for stage in assembly.plan.stages)
    return Drive(videos, stages, cpu_s - spent.cpu_s, wall_s - spent.wall_s, memory_mib)


def figures(*, videos: int, repetitions: int, memory_videos: int) -> list[report.Figure]:
    """Return the table's lines."""
    runs = [drive(videos) for _ in range(repetitions)]
    for run in runs:
        say(f"  driver: {run.cpu_ms:.2f} ms CPU, {run.wall_ms:.2f} ms wall per stage per video")
    middle = sorted(runs, key=lambda run: run.cpu_ms)[len(runs) // 2]
    shares = profile(min(videos, 50))
    met = middle.cpu_ms <= BOUND_MS
    return [
        report.Figure(
            f"driver time per stage per video ({videos} videos, {middle.stages} stages)",
            f"≤ {BOUND_MS:g} ms",
            f"{middle.cpu_ms:.2f} ms of CPU, {middle.wall_ms:.2f} ms on the clock with every commit on disk",
            met=met,
            note="" if met else ", ".join(f"{name} {share:.0%}" for name, share in list(shares.items())[:4]),
            values={"cpu_ms": [r.cpu_ms for r in runs], "wall_ms": [r.wall_ms for r in runs], "profile": shares},
        ),
        memory_figure(drive(memory_videos, samples=_SAMPLES)),
    ]


def memory_figure(run: Drive) -> report.Figure:
    """Return the line on memory: how much more there was at the end than after a third of the videos."""
    third = len(run.memory_mib) // 3
    growth_mib = max(run.memory_mib[-third:]) - max(run.memory_mib[third : 2 * third])
    return report.Figure(
        f"memory of the driver over {run.videos} videos (canned models)",
        "flat",
        f"{run.memory_mib[third]:.0f} MiB after a third, {run.memory_mib[-1]:.0f} MiB at the end",
        met=growth_mib <= GROWTH_MIB,
        values={"resident_mib": [round(mib, 2) for mib in run.memory_mib], "growth_mib": round(growth_mib, 2)},
    )


def profile(videos: int) -> dict[str, float]:
    """Return the share of the driver's time by part of the code, largest first; the hosts' share left out."""
    profiler = cProfile.Profile(time.process_time)
    drive(videos, profiler=profiler)
    spent: Counter[str] = Counter()
    for (file, _, function), row in pstats.Stats(profiler).stats.items():  # type: ignore[attr-defined] # there, untyped
        spent[_group(file, function)] += row[2]
    spent.pop("hosts", None)
    total = sum(spent.values())
    return {name: round(seconds / total, 3) for name, seconds in spent.most_common()}


def _group(file: str, function: str) -> str:
    if "actors/fusion" in file or "cheap_hosts" in file or "hashlib" in function or "fsync" in function:
        return "hosts"
    if file.startswith("~"):
        return "sqlite" if "sqlite3" in function else "builtins"
    return next((group for group in _GROUPS if f"/{group}/" in file), "other")


@contextmanager
def _assembled(home: Path, spent: Spent, url: str) -> Iterator[Assembly]:
    flags = {"state.dir": home / "state", "output.dir": home / "out", "profile": "embedded", "pool.kind": "local"}
    flags |= {"disk.low_water_mib": 0, "pool.num_cpus": 8, "state.ledger": url}
    settings = load(flags, environ={"HOME": str(home)}).configuration
    ledger = open_ledger(ledger_place(settings), output_root=make_output_root(settings))
    with (home / "log").open("w") as log:
        emit = start(level="info", format="json", stream=log)
        try:

            def pool(_settings: Any) -> FakePool:
                return FakePool(lambda spec: _timed(spec, spent))

            yield assemble(settings, ledger=ledger, emit=emit, pool_factory=pool)
        finally:
            emit.close()
            ledger.close()


def _timed(spec: ActorSpec, spent: Spent) -> TimedHost:
    return TimedHost(cheap_host(spec), spent)


def _enqueue(assembly: Assembly, inbox: Path, numbers: range) -> None:
    inbox.mkdir(exist_ok=True)
    paths = [inbox / f"clip{number}.mp4" for number in numbers]
    for path in paths:
        path.write_bytes(mp4(path.name.encode() + bytes(200)))
    assembly.ledger.intake.enqueue(enlist([os.fsencode(path) for path in paths])[0])


def _work(assembly: Assembly, *, sample_every: int = 0) -> list[float]:
    """Drive until nothing is left; return the memory after every `sample_every` videos."""
    memory_mib, claimed = [], 0
    while True:
        taken = assembly.driver.step(timeout_s=0.0)
        claimed += taken
        if sample_every and taken and claimed // sample_every > len(memory_mib):
            gc.collect()
            memory_mib.append(resident_mib())
        if not taken and not assembly.driver.busy:
            return memory_mib


def main() -> None:
    """Measure and write the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--videos", type=int, default=200)
    parser.add_argument("--repetitions", type=int, default=5)
    parser.add_argument("--memory-videos", type=int, default=300)
    parser.add_argument("--out", type=Path, default=report.RESULTS)
    given = parser.parse_args()
    found = figures(videos=given.videos, repetitions=given.repetitions, memory_videos=given.memory_videos)
    report.write("driver_time", found, folder=given.out)
    report.write_speed_fragment(folder=given.out)
    report.tell(found)


if __name__ == "__main__":
    main()
