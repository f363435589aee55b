"""What CI runs, in one command; stops at the first thing that is wrong.

`python tests/check.py [--coverage | pytest arguments]`
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterable

TOGETHER = ("-n", "2", "--dist", "loadscope", "--no-loadscope-reorder")
"""Two at a time, for most of its time a test waits; `tests/conftest.py` says what stays together and goes first."""
CHECKS = (("ruff", "check", "."), ("ruff", "format", "--check", "."), ("mypy",))
TESTS = (
    ("pytest", "--durations=15", *TOGETHER, "-m", "not long and not serial"),
    ("pytest", "--durations=5", "-m", "serial and not long"),
)
COVERED = (("--cov", "--cov-report="), ("--cov", "--cov-append", "--cov-report=term"))
"""Which lines no test reaches; when it is asked for, for tracing costs half as much again as what it traces."""
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
    if arguments == ["--coverage"]:
        return (*CHECKS, *((*step, *options) for step, options in zip(TESTS, COVERED, strict=True)))
    return (*CHECKS, *((("pytest", *arguments),) if arguments else TESTS))


if __name__ == "__main__":
    sys.exit(main())
