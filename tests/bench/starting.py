"""How soon the service is ready over many known files: `python tests/bench/starting.py [--quick] [--out FOLDER]`.

The real service is started over files, a ledger and an output as they are when everything is done; then it is killed
and started again.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[2]), str(Path(__file__).resolve().parents[1] / "e2e")]

import report
from cheap_hosts import mp4
from known_files import make_known
from serving import LogEvent, Service, drop
from usage import say

FILES = 100_000
START_BOUND_S, READY_BOUND_S = 10.0, 2.0
_QUIET_LOG = "[log]\nheartbeat_s = 3600.0\n"


@dataclass(frozen=True, slots=True)
class Start:
    """Seconds from the start of the program: until it says READY, and until the first sweep is behind it."""

    ready_s: float
    swept_s: float
    resident_mib: float


def start_and_kill(home: Path, number: int) -> Start:
    """Start the service, with one new file that only a sweep can find, and kill it once it has seen that.

    The file is incomplete, so that nothing else begins. A sweep's finds are told when it is through.
    """
    name = f"new{number}.mp4"
    drop(home / "inbox", name, mp4(name.encode())[:-1])
    with Service(home, settings=_QUIET_LOG) as service:
        early = [event for event in service.heard_first if _tells_of(event, name)]
        while not early:
            early = [event for event in service.until("file.seen") if _tells_of(event, name)]
        found = Start(service.ready_s, early[0]["heard_s"] - service.started_s, service.resident_mib())
        service.kill()
    say(f"  {found}")
    return found


def _tells_of(event: LogEvent, name: str) -> bool:
    return event.get("event") == "file.seen" and event.get("path") == name


def figures(starts: Sequence[Start], *, files: int) -> list[report.Figure]:
    """Return the lines of the table; the first start is told apart, the others follow a kill."""
    first, again = starts[0], starts[1:]
    ready_s = statistics.median(start.ready_s for start in again)
    values = {"starts": [[round(s.ready_s, 2), round(s.swept_s, 2), round(s.resident_mib)] for s in starts]}
    return [
        report.Figure(
            f"start over {files:,} known files with their documents, until the first sweep is done",
            f"< {START_BOUND_S:g} s",
            f"{first.swept_s:.1f} s, {first.ready_s:.1f} s of it to READY; {first.resident_mib:.0f} MiB",
            met=first.swept_s < START_BOUND_S,
            values=values,
        ),
        report.Figure(
            f"kill -9 to READY again, ledger of {files:,} rows ({len(again)} times)",
            f"< {READY_BOUND_S:g} s",
            f"{ready_s:.2f} s, the slowest {max(start.ready_s for start in again):.2f} s; imports of the program in it",
            met=ready_s < READY_BOUND_S,
            values=values,
        ),
    ]


def measure(*, files: int, kills: int) -> list[report.Figure]:
    """Return the lines of the table."""
    with tempfile.TemporaryDirectory() as temporary:
        home = Path(temporary) / "home"
        make_known(home, files)
        return figures([start_and_kill(home, number) for number in range(kills + 1)], files=files)


def main() -> None:
    """Measure and write the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few files: whether it runs")
    parser.add_argument("--files", type=int, default=FILES)
    parser.add_argument("--out", type=Path, default=report.RESULTS)
    given = parser.parse_args()
    found = measure(files=500 if given.quick else given.files, kills=1 if given.quick else 5)
    report.write("operation_start", found, folder=given.out)
    report.write_operation_fragment(folder=given.out)
    report.tell(found)


if __name__ == "__main__":
    main()
