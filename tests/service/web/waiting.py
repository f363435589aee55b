"""Waiting for what happens in another thread or process."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

LIMIT_S = 60.0


def until(true: Callable[[], Any], what: str) -> Any:
    """Poll until something is so, and return it; the test fails after `LIMIT_S`."""
    end_s = time.monotonic() + LIMIT_S
    while time.monotonic() < end_s:
        if found := true():
            return found
        time.sleep(0.02)
    pytest.fail(f"not within {LIMIT_S:g} s: {what}")
