"""How fast a file is noticed, claimed and described: `python tests/bench/latency.py [--no-copy] [--out FOLDER]`.

Three measures: many files at once into the ledger; from an atomic rename to the claim; from `cp` to the document.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[2])]

import report
from serving import DEMO_CLIP, WITHIN_S, Service, drop, unlike
from usage import bench_program, quantile, run, say

FILES = 4000
FLOOD_BOUND_S, CLAIM_BOUND_S = 5.0, 3.0
FLOOD_MIB = 64.0
"""What 4,000 files may add to the memory of intake and ledger: 16 KiB a file."""
_BETWEEN_S = (0.2, 1.2)
"""Pauses between renames, so that they fall anywhere between two scans."""


@dataclass(frozen=True, slots=True)
class Latency:
    """Seconds from the copy's end to the document, and the same from the copy's beginning."""

    after_copy_s: float
    with_copy_s: float
    worked_s: float


def flood_figure(*, files: int, repetitions: int) -> report.Figure:
    """Move a folder of many files into the inbox and see how long it takes until each is queued."""
    runs: dict[str, list[dict[str, float]]] = {"folder": [], "singly": []}
    for _ in range(repetitions):
        for way, taken in runs.items():
            taken.append(json.loads(run(bench_program("flood.py", str(files), way)).output.splitlines()[-1]))
            say(f"  {files} files, {way}: {taken[-1]}")
    folder_s, singly_s = (statistics.median(one["queued_s"] for one in taken) for taken in runs.values())
    everything = [one for taken in runs.values() for one in taken]
    grown_mib = statistics.median(one["grown_mib"] for one in everything)
    met = max(folder_s, singly_s) < FLOOD_BOUND_S and grown_mib < FLOOD_MIB
    cpu_s = statistics.median(one["cpu_s"] for one in everything)
    return report.Figure(
        f"{files:,} files at once into the ledger, until the last is queued",
        f"< {FLOOD_BOUND_S:g} s, memory bounded",
        f"{folder_s:.1f} s moved in as one folder, {singly_s:.1f} s renamed in one by one; {grown_mib:.0f} MiB more "
        f"(the quiet window of {everything[0]['quiet_s']:g} s is in it)",
        met=met,
        note="" if met else f"{cpu_s:.1f} CPU-s of work in it",
        values=runs,
    )


def claim_figure(*, files: int) -> report.Figure:
    """Rename files into the inbox of a running service and see when each is claimed."""
    waits_s = claim_waits_s(files)
    p50_s, p95_s = quantile(waits_s, 0.5), quantile(waits_s, 0.95)
    return report.Figure(
        f"atomic rename to claim ({files} files)",
        f"p95 < {CLAIM_BOUND_S:g} s",
        f"p50 {p50_s:.2f} s, p95 {p95_s:.2f} s",
        met=p95_s < CLAIM_BOUND_S,
        values={"waits_s": [round(wait_s, 3) for wait_s in waits_s]},
    )


def claim_waits_s(files: int) -> list[float]:
    """Return for each file the seconds from its rename to its claim."""
    chance = random.Random(1)
    with tempfile.TemporaryDirectory() as temporary:
        home = Path(temporary) / "home"
        with Service(home, command=bench_program("canned_service.py", home)) as service:
            dropped_s = {}
            for number in range(files):
                name = f"clip{number}.mp4"
                dropped_s[name] = drop(service.inbox, name, _small_clip(name))
                time.sleep(chance.uniform(*_BETWEEN_S))
            events = service.until("job.done", count=files)
    claimed_s = {event["path"]: event["at_s"] for event in events if event["event"] == "job.claimed"}
    return [claimed_s[name] - at_s for name, at_s in dropped_s.items()]


def copy_figure(*, repetitions: int) -> report.Figure:
    """Copy the sample clip into the inbox of the real service, its models up, and wait for the document."""
    with tempfile.TemporaryDirectory() as temporary:
        started_s = time.monotonic()
        with Service(Path(temporary) / "home") as service:
            ready_s = time.monotonic() - started_s
            first = _copied(service, "first")
            taken = [_copied(service, f"copy{number}") for number in range(repetitions)]
            resident_mib = service.resident_mib()
    for one in taken:
        say(f"  copied: {one}")
    middle_s = statistics.median(one.after_copy_s for one in taken)
    worked_s = statistics.median(one.worked_s for one in taken)
    return report.Figure(
        "copy of the sample clip (16 s, 540x960) to its document, models up",
        "none",
        f"{middle_s:.1f} s after `cp` ends, {worked_s:.1f} s of it from the claim on",
        note=f"start-up apart: {ready_s:.1f} s to ready, {first.after_copy_s:.1f} s to the first document",
        values={
            "after_copy_s": [round(one.after_copy_s, 3) for one in taken],
            "worked_s": [round(one.worked_s, 3) for one in taken],
            "ready_s": ready_s,
            "first_s": first.after_copy_s,
            "resident_mib": round(resident_mib),
        },
    )


def _copied(service: Service, name: str) -> Latency:
    """Copy as `cp` does, in place under the final name, and follow the file to its document."""
    original = service.home / f"{name}.mp4"
    original.write_bytes(unlike(DEMO_CLIP))
    began_s = time.monotonic()
    shutil.copyfile(original, service.inbox / original.name)
    copied_s = time.monotonic()
    document = service.output / f"{name}.json"
    while not document.exists():
        if time.monotonic() - copied_s > WITHIN_S:
            raise SystemExit(f"{document} did not appear within {WITHIN_S:g} s")
        time.sleep(0.005)
    seen_s = time.monotonic()
    done = service.until("job.done")[-1]
    return Latency(seen_s - copied_s, seen_s - began_s, done["seconds"])


def _small_clip(name: str) -> bytes:
    sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "e2e"))
    from cheap_hosts import mp4

    return mp4(name.encode() + os.urandom(200))


def main() -> None:
    """Measure and write the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=FILES)
    parser.add_argument("--claims", type=int, default=60)
    parser.add_argument("--repetitions", type=int, default=5)
    parser.add_argument("--no-copy", action="store_true", help="without the models; for the table of operation alone")
    parser.add_argument("--out", type=Path, default=report.RESULTS)
    given = parser.parse_args()
    found = [
        flood_figure(files=given.files, repetitions=given.repetitions),
        claim_figure(files=given.claims),
    ]
    report.write("operation_latency", found, folder=given.out)
    report.write_operation_fragment(folder=given.out)
    if not given.no_copy:
        found.append(copy_figure(repetitions=given.repetitions))
        report.write("latency", found, folder=given.out)
        report.write_speed_fragment(folder=given.out)
    report.tell(found)


if __name__ == "__main__":
    main()
