"""What CI runs, in one command: `python tests/check.py [pytest arguments]`. Stops at the first thing that is wrong."""

from __future__ import annotations

import os
import subprocess
import sys

STEPS = (
    ("ruff", "check", "."),
    ("ruff", "format", "--check", "."),
    ("mypy",),
    ("pytest", "--cov", "--cov-report=term", "--durations=15"),
)
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
"""Two pools of threads on two cores spin at each other's barriers."""


def main() -> int:
    for step in STEPS:
        command = [sys.executable, "-m", *step, *(sys.argv[1:] if step[0] == "pytest" else [])]
        sys.stdout.write(f"+ {' '.join(command[1:])}\n")
        sys.stdout.flush()
        code = subprocess.run(command, check=False, env=ONE_THREAD | os.environ).returncode
        if code:
            return code
    return 0


if __name__ == "__main__":
    sys.exit(main())
