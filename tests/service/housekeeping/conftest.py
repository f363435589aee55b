"""What the tests of housekeeping start from."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from service.ledger.ledger import open_ledger

sys.path[:0] = [str(Path(__file__).resolve().parent)]

from places import Site  # noqa: E402 - it lies beside this file


@pytest.fixture(scope="session")
def empty_ledger(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated ledger without rows, to be copied: migrating takes longer than most tests."""
    path = tmp_path_factory.mktemp("template") / "l.sqlite3"
    open_ledger(path).close()
    return path


@pytest.fixture
def site(tmp_path: Path, empty_ledger: Path) -> Iterator[Site]:
    shutil.copy(empty_ledger, tmp_path / "l.sqlite3")
    made = Site(tmp_path)
    yield made
    made.ledger.close()
