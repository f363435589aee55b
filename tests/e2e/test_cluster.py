"""Two and three nodes, cards in parts, a node lost in the middle of a queue: see `cluster_cases.py`."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

CASES = Path(__file__).with_name("cluster_cases.py")
SETTINGS = ["-q", "-p", "no:cacheprovider", "-o", "addopts=--import-mode=importlib", "--no-header"]


@pytest.mark.real_ray
@pytest.mark.timeout(600)
def test_a_cluster_loses_nodes_and_no_video() -> None:
    """In a process of its own: Ray reads once per process whether a cluster asks for a token."""
    command = [sys.executable, "-m", "pytest", *SETTINGS, str(CASES)]
    ended = subprocess.run(command, capture_output=True, text=True, check=False, cwd=CASES.parents[2])
    assert ended.returncode == 0, ended.stdout[-6000:] + ended.stderr[-2000:]
    assert "3 passed" in ended.stdout
