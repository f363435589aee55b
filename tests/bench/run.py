"""All benches in one go: `python tests/bench/run.py [--peers] [--corpus FOLDER] [--out FOLDER] [--repetitions N]`.

Speed first, accuracy where the corpus is there. Writes `<topic>.json` with every figure, `speed.md` and `accuracy.md`
for README; `python tests/bench/readme.py` puts them in. An hour on two quiet cores with the peers, a third without.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

import report
from usage import bench_program, say

ROOT = Path(__file__).resolve().parents[2]
CORPUS = ROOT.parent / "shared" / "corpus"


def main() -> int:
    """Run each bench in a process of its own; return how many failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peers", action="store_true", help="compare with other programs; installs them apart")
    parser.add_argument("--corpus", type=Path, default=CORPUS)
    parser.add_argument("--repetitions", type=int, default=5)
    parser.add_argument("--out", type=Path, default=report.RESULTS)
    given = parser.parse_args()
    common = ["--out", given.out.absolute()]
    speed = [*common, "--repetitions", str(given.repetitions)]
    benches = {
        "driver_time.py": speed,
        "latency.py": speed,
        "speed.py": [*speed, *(["--peers"] if given.peers else [])],
    }
    benches["gpu.py"] = common
    if (given.corpus / "INDEX.md").exists():
        benches["accuracy.py"] = [*common, "--corpus", given.corpus]
    failed = 0
    for name, arguments in benches.items():
        say(f"{name}:")
        failed += subprocess.run([str(part) for part in bench_program(name, *arguments)], check=False).returncode != 0
    return failed


if __name__ == "__main__":
    sys.exit(main())
