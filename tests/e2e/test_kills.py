"""`kill -9` at random moments: nothing lost, nothing doubled, nothing torn."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).with_name("kill_rounds.py")


@pytest.mark.fault("killed at random moments")
@pytest.mark.parametrize(
    ("pool", "rounds"),
    [
        pytest.param("fake", 50, id="50-kills"),
        pytest.param("ray", 10, id="10-kills-with-real-ray", marks=[pytest.mark.real_ray, pytest.mark.timeout(600)]),
        pytest.param("fake", 1000, id="1000-kills", marks=[pytest.mark.long, pytest.mark.timeout(7200)]),
    ],
)
def test_nothing_is_lost_doubled_or_torn(pool: str, rounds: int) -> None:
    command = [sys.executable, SCRIPT, "--pool", pool, "--rounds", str(rounds), "--seed", "1"]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr[-2000:]
    tally = json.loads(ended.stdout)
    assert tally["kills"] == rounds
    assert tally["documents"] > rounds / 5, "the rounds were too short to show anything"
    assert tally["idle"], "the service stands still with work left"
    assert (tally["lost"], tally["doubled"], tally["torn"]) == ([], [], [])
