"""A measured program: `python tests/bench/flood.py FILES folder|singly`. Many files arrive; prints what it took.

The real intake, watch and ledger run as in the service; the files come in one folder by one rename, or singly.
"""

from __future__ import annotations

import json
import sys
import tempfile
import time
from pathlib import Path

sys.path[:0] = [str(Path(__file__).resolve().parents[2]), str(Path(__file__).resolve().parents[1] / "e2e")]

from cheap_hosts import mp4
from usage import resident_mib

from service.clock import SystemClock
from service.intake.intake import Intake
from service.intake.settings import IntakeSettings
from service.ledger.ledger import open_ledger
from service.ledger.states import State
from service.preparation import QUIET_WHOLE_S

_GIVE_UP_S = 120.0


def flood(home: Path, files: int, *, singly: bool) -> dict[str, float]:
    """Return seconds until every file is noted and until every one is queued, and the memory gained."""
    inbox, pile = home / "in", home / "pile"
    inbox.mkdir()
    _fill(pile, files)
    clock = SystemClock()
    ledger = open_ledger(home / "state" / "ledger.sqlite3", output_root=bytes(home / "out"), clock=clock)
    intake = Intake([bytes(inbox)], IntakeSettings(quiet_whole_s=QUIET_WHOLE_S), ledger.intake, _say_nothing, clock)
    intake.start()
    intake.step(clock.monotonic())
    before_mib, started_s, cpu_s = resident_mib(), clock.monotonic(), time.process_time()
    for path in pile.iterdir() if singly else [pile]:
        path.rename(inbox / path.name)
    noted_s, peak_mib, counts = None, before_mib, {}
    while counts.get(State.QUEUED, 0) < files and clock.monotonic() - started_s < _GIVE_UP_S:
        intake.wait(1.0)
        intake.step(clock.monotonic())
        counts = ledger.counts().states
        if noted_s is None and sum(counts.values()) >= files:
            noted_s = clock.monotonic() - started_s
        peak_mib = max(peak_mib, resident_mib())
    took_s, cpu_s = clock.monotonic() - started_s, time.process_time() - cpu_s
    intake.stop()
    ledger.close()
    if counts.get(State.QUEUED, 0) < files or noted_s is None:
        raise SystemExit(f"only {counts} of {files} files after {took_s:.0f} s")
    found = {"noted_s": noted_s, "queued_s": took_s, "cpu_s": cpu_s, "grown_mib": peak_mib - before_mib}
    return {name: round(value, 3) for name, value in found.items()} | {"quiet_s": QUIET_WHOLE_S}


def _fill(folder: Path, files: int) -> None:
    folder.mkdir()
    for number in range(files):
        (folder / f"clip{number}.mp4").write_bytes(mp4(f"{number}".encode() + bytes(4096)))


def _say_nothing(_event: str, **_fields: object) -> None:
    """Log nothing."""


def main() -> None:
    """Print the figures as one JSON object."""
    with tempfile.TemporaryDirectory() as home:
        print(json.dumps(flood(Path(home), int(sys.argv[1]), singly=sys.argv[2] == "singly")))  # noqa: T201 - its answer


if __name__ == "__main__":
    main()
