"""Makes the helpers beside these tests importable, and those of the end-to-end tests."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from stagehand import Stagehand

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "e2e"), str(HERE.parent / "actors" / "media")]


@pytest.fixture(scope="session")
def stagehand() -> Iterator[Stagehand]:
    """The warm process from which all services of these tests are forked."""
    from stagehand import Stagehand

    made = Stagehand()
    yield made
    made.close()
