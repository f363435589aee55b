"""The real service with its web face, and a real browser that looks at it; both once for all tests of this folder."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent), str(HERE.parents[1] / "actors" / "media")]

from watched import Watched  # noqa: E402 - it lies beside this file
from world import World, made_world  # noqa: E402 - as above

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A service that watches an inbox with two videos: one that is described, with words, and one that is refused."""
    with made_world(tmp_path_factory.mktemp("web")) as made:
        yield made
        code, _ = made.service.terminate(within_s=120)
        assert code == 0, made.service.log()
        with pytest.raises(OSError, match="refused"):
            made.ask("/health/live")


@pytest.fixture
def watched(browser: Browser, world: World) -> Iterator[Watched]:
    """A page of a browser with a session of its own; what it complained of fails the test at its end."""
    with Watched.opened(browser, world.url) as page:
        yield page
        page.assert_no_complaint()
