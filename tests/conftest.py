"""Fixtures shared by all tests: where the corpus is, a guard for tests that need it, and what runs beside what."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

TESTS = Path(__file__).resolve().parent
sys.path.insert(0, str(TESTS / "support"))

if TYPE_CHECKING:
    from playwright.sync_api import Browser
    from postgresql_cluster import Cluster

CHROMIUM = shutil.which("chromium")
FLAGS = ["--disable-dev-shm-usage", "--autoplay-policy=no-user-gesture-required", "--mute-audio"]
CORPUS = Path(os.environ.get("REELWATCH_CORPUS", TESTS.parents[1] / "shared" / "corpus"))


@pytest.fixture(scope="session")
def corpus() -> Path:
    """The media corpus beside the checkout; the test skips visibly where it is absent."""
    if not (CORPUS / "INDEX.md").exists():
        pytest.skip("the media corpus is not beside this checkout (set REELWATCH_CORPUS)")
    return CORPUS


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Cluster]:
    """A PostgreSQL server of this session's own; the test skips visibly where none is installed."""
    pytest.importorskip("psycopg", reason="the extra `postgresql` is not installed")
    from postgresql_cluster import cluster, installed  # it needs psycopg

    found = installed()
    if found is None:
        pytest.skip("PostgreSQL is not installed (Debian's package postgresql)")
    with cluster(found) as running:
        yield running


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Debian's Chromium; what depends on it skips visibly where it or its driver is absent.

    For one module: Playwright leaves an event loop running in this thread until it is stopped, and whoever calls
    `asyncio.run` in the meantime fails.
    """
    if CHROMIUM is None:
        pytest.skip("there is no chromium (Debian: tests/debian-packages.sh)")
    playwright = pytest.importorskip("playwright.sync_api", reason="playwright is not installed (the extra `test`)")
    # Its sandbox refuses to work for root; what it is shown here is our own.
    flags = [*FLAGS, "--no-sandbox"] if os.geteuid() == 0 else FLAGS
    with playwright.sync_playwright() as driver:
        started = driver.chromium.launch(executable_path=CHROMIUM, args=flags)
        yield started
        started.close()


@cache
def group_of(path: Path) -> str:
    """Return what a file of tests (below `TESTS`) shares a process with: what costs to make is made once.

    Only one Ray at a time, for each takes both cores while it starts; acts of faults wait together (`faults/scene.py`);
    the models of a folder, the service of a module and the browser belong to one process.
    """
    text = (TESTS / path).read_text(encoding="utf-8")
    for group, sign in (("ray", "real_ray"), ("faults/acts", "from scene import")):
        if sign in text:
            return group
    return str(path.parent if path.parts[0] == "actors" or path.is_relative_to("e2e/web") else path)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the long ones, so that no core idles at the end.

    What changes the host runs when nothing else does (`tests/check.py`), and only where that was asked for.
    """
    asked, root = os.environ.get("REELWATCH_TEST_SYSTEM") == "1", os.geteuid() == 0
    why = "needs root" if asked else "changes limits of the whole host: set REELWATCH_TEST_SYSTEM=1"
    for item in items:
        if item.get_closest_marker("system") is not None:
            item.add_marker(pytest.mark.serial)
            if not (asked and root):
                item.add_marker(pytest.mark.skip(reason=why))
    if "PYTEST_XDIST_WORKER" in os.environ:
        first = {"ray": 0, "e2e": 1, "faults": 1, "actors": 2}
        items.sort(key=lambda item: first.get(Path(group_of(item.path.relative_to(TESTS))).parts[0], 3))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Keep groups together under xdist; its own way, marks, is lost on pytest 9.2 (it writes `Item._nodeid`)."""
    from xdist.scheduler import LoadScopeScheduling

    class Groups(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return group_of(Path(nodeid.partition("::")[0]).relative_to(TESTS.name))

    return Groups(config, log)
