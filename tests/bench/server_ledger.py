"""The driver with its ledger on PostgreSQL or in a file: `python tests/bench/server_ledger.py [--videos N]`.

As `driver_time.py`, in turns on both: a server of this host, asked over its socket, that has every commit on the disk.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from collections.abc import Sequence
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[2]), str(Path(__file__).resolve().parents[1] / "support")]

import report
from driver_time import BOUND_MS, Drive, drive
from postgresql_cluster import Cluster, cluster, installed
from usage import say


def figure(file: Sequence[Drive], server: Sequence[Drive]) -> report.Figure:
    """Return the table's line; runs of the same place in both went on one after the other."""
    videos, stages = server[0].videos, server[0].stages
    cpu_ms, wall_ms = _middle([run.cpu_ms for run in server]), _middle([run.wall_ms for run in server])
    ratio = _middle([on.wall_s / off.wall_s for off, on in zip(file, server, strict=True)])
    a_second = {name: videos / _middle([run.wall_s for run in runs]) for name, runs in (("f", file), ("s", server))}
    met = cpu_ms <= BOUND_MS
    return report.Figure(
        f"driver time per stage per video with the ledger on PostgreSQL ({videos} videos, {stages} stages)",
        f"≤ {BOUND_MS:g} ms",
        f"{cpu_ms:.2f} ms of CPU, {wall_ms:.2f} ms on the clock, {ratio:.1f} x a file's; "
        f"{a_second['s']:.0f} videos a second, {a_second['f']:.0f} with a file",
        met=met,
        note="" if met else "each statement is a message to the server and back",
        values={
            "server_cpu_ms": [run.cpu_ms for run in server],
            "server_wall_ms": [run.wall_ms for run in server],
            "file_cpu_ms": [run.cpu_ms for run in file],
            "file_wall_ms": [run.wall_ms for run in file],
        },
    )


def runs(server: Cluster, *, videos: int, repetitions: int) -> tuple[list[Drive], list[Drive]]:
    """Drive in turns with a file and on the server, each time with an empty ledger."""
    on_file, on_server = [], []
    for number in range(repetitions):
        server.do(f"CREATE SCHEMA run{number}")
        on_file.append(drive(videos))
        on_server.append(drive(videos, ledger=server.url(schema=f"run{number}")))
        say(f"  driver: {on_file[-1].wall_ms:.2f} ms wall with a file, {on_server[-1].wall_ms:.2f} ms on the server")
    return on_file, on_server


def _middle(values: Sequence[float]) -> float:
    return statistics.median(values)


def main() -> None:
    """Measure and write the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--videos", type=int, default=200)
    parser.add_argument("--repetitions", type=int, default=5)
    parser.add_argument("--out", type=Path, default=report.RESULTS)
    given = parser.parse_args()
    programs = installed()
    if programs is None:
        raise SystemExit("PostgreSQL is not installed (Debian's package postgresql)")
    with cluster(programs, fsync="on", full_page_writes="on") as server:
        found = [figure(*runs(server, videos=given.videos, repetitions=given.repetitions))]
    report.write("server_ledger", found, folder=given.out)
    report.write_speed_fragment(folder=given.out)
    report.tell(found)


if __name__ == "__main__":
    main()
