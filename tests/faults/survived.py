"""Lets every fault of the catalogue happen, and writes down how many were survived.

    python tests/faults/survived.py [pytest arguments]

What needs root or a program that is not here is skipped, and named. Set REELWATCH_TEST_SYSTEM=1 to let limits of the
whole system be changed, as `.ci/run` does.
"""

from __future__ import annotations

import importlib
import sys
from collections import defaultdict
from collections.abc import Generator, Mapping
from pathlib import Path
from typing import Any

import pytest
from catalogue import SECTIONS

TESTS = Path(__file__).resolve().parents[1]
PASSED, SKIPPED, FAILED = "passed", "skipped", "failed"


class Outcomes:
    """A plugin of pytest: for each fault, how its tests ended."""

    def __init__(self) -> None:
        self.by_fault: dict[str, dict[str, str]] = defaultdict(dict)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: Any) -> Generator[None, Any, Any]:
        """Keep the worst of set-up, call and tear-down."""
        del call
        report = yield
        for mark in item.iter_markers("fault"):
            for fault in mark.args:
                before = self.by_fault[fault].get(item.nodeid)
                worst = max((before or PASSED, report.outcome), key=(PASSED, SKIPPED, FAILED).index)
                self.by_fault[fault][item.nodeid] = worst
        return report


def verdict(tests: Mapping[str, str]) -> str:
    """Return how a fault was met: failed with one of its tests, skipped with all of them."""
    ended = set(tests.values())
    if FAILED in ended:
        return FAILED
    return PASSED if PASSED in ended else SKIPPED


def figures(outcomes: Outcomes) -> list[Any]:
    """Return a line for each section of the catalogue."""
    report = importlib.import_module("report")
    made = []
    for title, faults in SECTIONS.items():
        met = {fault: verdict(outcomes.by_fault.get(fault, {})) for fault in faults}
        listed = {kind: sorted(f for f, how in met.items() if how == kind) for kind in (PASSED, SKIPPED, FAILED)}
        tests = sum(len(outcomes.by_fault.get(fault, {})) for fault in faults)
        said = f"{len(listed[PASSED])} of {len(faults)} in {tests} tests; {len(listed[SKIPPED])} skipped here"
        note = "; ".join(f"{kind}: {', '.join(listed[kind])}" for kind in (FAILED, SKIPPED) if listed[kind])
        what = f"faults survived: {title[0].lower()}{title[1:]}"
        made.append(report.Figure(what, "all", said, met=not listed[FAILED], note=note, values=listed))
    return made


def main() -> int:
    sys.path.insert(0, str(TESTS / "bench"))
    outcomes = Outcomes()
    code = pytest.main(["-q", "-m", "fault and not long", *(sys.argv[1:] or [str(TESTS)])], plugins=[outcomes])
    path = importlib.import_module("report").write("operation_faults", figures(outcomes))
    sys.stdout.write(path.read_text(encoding="utf-8"))
    return int(code)


if __name__ == "__main__":
    sys.exit(main())
