"""All benches in one go: `python tests/bench/run.py [--only operation] [--peers] [--corpus FOLDER] [--out FOLDER] ...`.

Speed first, then operation, accuracy where the corpus is there. Writes `<topic>.json` with every figure, `speed.md`,
`operation.md` and `accuracy.md` for README; `python tests/bench/readme.py` puts them in. An hour and a half on two
quiet cores with the peers. `--only operation`: a quarter of an hour, but for `--long` (memory over 1,000 videos).
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

import report
from postgresql_cluster import installed
from usage import bench_program, say

ROOT = Path(__file__).resolve().parents[2]
CORPUS = ROOT.parent / "shared" / "corpus"


def parser() -> argparse.ArgumentParser:
    """Return what reads the arguments."""
    made = argparse.ArgumentParser(description=__doc__)
    made.add_argument("--only", choices=["operation", "speed", "web"], help="one table's figures alone")
    made.add_argument("--long", action="store_true", help="with memory over 1,000 videos, ten minutes more")
    made.add_argument("--peers", action="store_true", help="compare with other programs; installs them apart")
    made.add_argument("--corpus", type=Path, default=CORPUS)
    made.add_argument("--repetitions", type=int, default=5)
    made.add_argument("--out", type=Path, default=report.RESULTS)
    return made


def main() -> int:
    """Run each bench in a process of its own; return how many failed."""
    given = parser().parse_args()
    failed = 0
    for name, arguments in chosen(given).items():
        say(f"{name}:")
        failed += subprocess.run([str(part) for part in bench_program(name, *arguments)], check=False).returncode != 0
    return failed


def chosen(given: argparse.Namespace) -> dict[str, list[str | Path]]:
    """Return the benches that are asked for, each with its arguments."""
    common: list[str | Path] = ["--out", given.out.absolute()]
    times = [*common, "--repetitions", str(given.repetitions)]
    operation = {"writing.py": common, "starting.py": common, "idle.py": common, "beside.py": common}
    if given.long:
        operation["memory.py"] = common
    web: dict[str, list[str | Path]] = {"searching.py": common}
    if given.only == "web":
        return web
    if given.only == "operation":
        return {"latency.py": [*times, "--no-copy"], **operation}
    speed = {
        "driver_time.py": times,
        **({} if installed() is None else {"server_ledger.py": times}),
        "latency.py": times,
        "speed.py": [*times, *(["--peers"] if given.peers else [])],
    }
    if given.only == "speed":
        return speed
    accuracy = {"accuracy.py": [*common, "--corpus", given.corpus]} if (given.corpus / "INDEX.md").exists() else {}
    return {**speed, "gpu.py": common, **operation, **web, **accuracy}


if __name__ == "__main__":
    sys.exit(main())
