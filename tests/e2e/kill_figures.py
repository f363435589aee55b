"""Kills the service a thousand times over the pool in its own process and ten times over real Ray, and writes figures.

python tests/e2e/kill_figures.py [--kills 1000] [--ray-kills 10] [--services 2]
"""

from __future__ import annotations

import argparse
import importlib
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
LISTS = ("lost", "doubled", "torn", "outlived", "breaches")
"""What of a tally must be empty (`kill_rounds.Tally`)."""


def tallies(pool: str, kills: int, services: int, *, ledgers: Sequence[str] = ()) -> list[dict[str, Any]]:
    """Let several services, each with a home and a seed of its own, share the kills, side by side.

    ledgers: a PostgreSQL URL for each; else each has a file.
    """
    shares = [kills // services + (number < kills % services) for number in range(services)]
    command = [sys.executable, HERE / "kill_rounds.py", "--pool", pool]
    begun = [
        subprocess.Popen(
            [*command, "--rounds", str(share), "--seed", str(seed), *(("--ledger", ledger) if ledger else ())],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for seed, (share, ledger) in enumerate(zip(shares, ledgers or [""] * services, strict=True), start=1)
    ]
    ended = [(process, *process.communicate()) for process in begun]
    for process, _, stderr in ended:
        if process.returncode:
            raise RuntimeError(stderr[-2000:])
    return [json.loads(stdout) for _, stdout, _ in ended]


def figure(what: str, found: Sequence[dict[str, Any]]) -> Any:
    """Return the line of the table: losses and duplicates must be none, like everything else that can go wrong."""
    report = importlib.import_module("report")
    kills, files = (sum(tally[name] for tally in found) for name in ("kills", "files"))
    wrong = {name: sum(len(tally[name]) for tally in found) for name in LISTS}
    said = ", ".join(f"{count} {name}" for name, count in wrong.items())
    values = {"kills": kills, "files": files, **wrong, "seconds": max(tally["seconds"] for tally in found)}
    idle = all(tally["idle"] for tally in found)
    return report.Figure(
        f"`kill -9` at random moments, {what}",
        "0 lost, 0 doubled, 0 torn",
        f"{kills} kills over {files} files: {said}",
        met=idle and not any(wrong.values()),
        note="" if idle else "the service did not come to rest",
        values=values,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=1000)
    parser.add_argument("--ray-kills", type=int, default=10)
    parser.add_argument("--services", type=int, default=2)
    parser.add_argument("--out", type=Path, default=HERE.parent / "bench" / "results")
    given = parser.parse_args()
    sys.path.insert(0, str(HERE.parent / "bench"))
    figures = [
        figure("the pool in the service's process", tallies("fake", given.kills, given.services)),
        figure("real Ray", tallies("ray", given.ray_kills, 1)),
    ]
    path = importlib.import_module("report").write("operation_kills", figures, folder=given.out)
    sys.stdout.write(path.read_text(encoding="utf-8"))


if __name__ == "__main__":
    main()
