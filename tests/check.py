"""What CI runs, in one command: `python tests/check.py [pytest arguments]`. Stops at the first thing that is wrong."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable

TOGETHER = ("-n", "2", "--dist", "loadscope", "--no-loadscope-reorder")
"""Two at a time, for most of its time a test waits; `tests/conftest.py` says what stays together and goes first."""
STEPS = (
    ("ruff", "check", "."),
    ("ruff", "format", "--check", "."),
    ("mypy",),
    ("pytest", "--cov", "--cov-report=", "--durations=15", *TOGETHER, "-m", "not long and not serial"),
    ("pytest", "--cov", "--cov-append", "--cov-report=term", "--durations=5", "-m", "serial and not long"),
)
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")
"""Two pools of threads on two cores spin at each other's barriers."""
UNWANTED = "PYTHONDONTWRITEBYTECODE"
"""Tests start hundreds of processes; where this is set, each compiles what it imports anew: 3 s more for Ray."""


def main() -> int:
    """Return the exit code of the first step that fails."""
    environ = {name: value for name, value in (ONE_THREAD | os.environ).items() if name != UNWANTED}
    for step in chosen(sys.argv[1:]):
        command = [sys.executable, "-m", *step]
        sys.stdout.write(f"+ {' '.join(command[1:])}\n")
        sys.stdout.flush()
        code = subprocess.run(command, check=False, env=environ).returncode
        if code:
            return code
    return 0


def chosen(arguments: list[str]) -> Iterable[tuple[str, ...]]:
    """Return the steps; tests that are named are run once, as they are asked for."""
    if not arguments:
        return STEPS
    return (*(step for step in STEPS if step[0] != "pytest"), ("pytest", *arguments))


if __name__ == "__main__":
    sys.exit(main())
