"""Fixtures shared by all tests: where the corpus is, and a guard for tests that need it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

CORPUS = Path(os.environ.get("REELWATCH_CORPUS", Path(__file__).resolve().parents[2] / "shared" / "corpus"))


@pytest.fixture(scope="session")
def corpus() -> Path:
    """The media corpus beside the checkout; the test skips visibly where it is absent."""
    if not (CORPUS / "INDEX.md").exists():
        pytest.skip("the media corpus is not beside this checkout (set REELWATCH_CORPUS)")
    return CORPUS
