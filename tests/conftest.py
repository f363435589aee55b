"""Fixtures shared by all tests: where the corpus is, a guard for tests that need it, and what runs beside what."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

TESTS = Path(__file__).resolve().parent
CORPUS = Path(os.environ.get("REELWATCH_CORPUS", TESTS.parents[1] / "shared" / "corpus"))


@pytest.fixture(scope="session")
def corpus() -> Path:
    """The media corpus beside the checkout; the test skips visibly where it is absent."""
    if not (CORPUS / "INDEX.md").exists():
        pytest.skip("the media corpus is not beside this checkout (set REELWATCH_CORPUS)")
    return CORPUS


def group_of(item: pytest.Item) -> str:
    """Return what a test shares a process with: what costs to make is made once.

    Only one Ray at a time, for each takes both cores while it starts; the models of a folder and the service of a
    module belong to one process.
    """
    if item.get_closest_marker("real_ray") is not None:
        return "ray"
    if "act" in getattr(getattr(item, "callspec", None), "params", {}):
        return "faults/acts"  # they wait together, see `tests/faults/scene.py`
    place = item.path.relative_to(TESTS)
    return str(place.parent if place.is_relative_to("actors") else place)


@pytest.hookimpl(tryfirst=True)  # xdist reads the marks in a hook of the same name
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Under xdist, keep groups together and begin with the long ones, so that no core idles at the end.

    What changes the host runs when nothing else does (`tests/check.py`), and only where that was asked for.
    """
    asked, root = os.environ.get("REELWATCH_TEST_SYSTEM") == "1", os.geteuid() == 0
    why = "needs root" if asked else "changes limits of the whole host: set REELWATCH_TEST_SYSTEM=1"
    for item in items:
        if item.get_closest_marker("system") is not None:
            item.add_marker(pytest.mark.serial)
            if not (asked and root):
                item.add_marker(pytest.mark.skip(reason=why))
    if "PYTEST_XDIST_WORKER" not in os.environ:
        return
    first = {"ray": 0, "e2e": 1, "actors": 2}
    groups = {item: group_of(item) for item in items}
    items.sort(key=lambda item: first.get(Path(groups[item]).parts[0], 3))
    for item in items:
        item.add_marker(pytest.mark.xdist_group(groups[item]))
