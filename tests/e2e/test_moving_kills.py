"""`kill -9` at random moments of a service that moves described videos: each lies in one place, as it was."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = Path(__file__).with_name("moving_rounds.py")


@pytest.mark.parametrize(
    "rounds", [pytest.param(8, id="8-kills"), pytest.param(300, id="300-kills", marks=pytest.mark.long)]
)
@pytest.mark.timeout(1800)
def test_nothing_is_lost_doubled_or_changed_on_its_way(rounds: int) -> None:
    ended = subprocess.run(
        [sys.executable, SCRIPT, "--rounds", str(rounds), "--seed", "7"],
        capture_output=True,
        text=True,
        check=False,
        timeout=1500,
    )
    assert ended.returncode == 0, ended.stderr[-2000:]
    tally = json.loads(ended.stdout)
    assert (tally["kills"], tally["empty"]) == (rounds, True), tally
    assert (tally["lost"], tally["too_many"], tally["undescribed"]) == ([], [], []), tally
    assert tally["files"] >= rounds
    assert tally["documents"] >= rounds // 2
