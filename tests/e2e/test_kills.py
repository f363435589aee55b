"""`kill -9` at random moments: nothing lost, nothing doubled, nothing torn, and every invariant at the end."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

SCRIPT = Path(__file__).with_name("kill_rounds.py")
EMPTY: dict[str, list[str]] = {name: [] for name in ("lost", "doubled", "torn", "outlived", "breaches")}


def tallies(pool: str, rounds: int, services: int) -> list[dict[str, Any]]:
    """Let several services, each with a home and a seed of its own, share the kills, side by side."""
    shares = [rounds // services + (number < rounds % services) for number in range(services)]
    begun = [
        subprocess.Popen(
            [sys.executable, SCRIPT, "--pool", pool, "--rounds", str(share), "--seed", str(seed)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for seed, share in enumerate(shares, start=1)
    ]
    ended = [(process, *process.communicate()) for process in begun]
    for process, _, stderr in ended:
        assert process.returncode == 0, stderr[-2000:]
    return [json.loads(stdout) for _, stdout, _ in ended]


@pytest.mark.fault("killed at random moments")
@pytest.mark.parametrize(
    ("pool", "rounds", "services"),
    [
        pytest.param("fake", 50, 2, id="50-kills"),
        pytest.param(
            "ray",
            10,
            1,
            id="10-kills-with-real-ray",
            marks=[
                pytest.mark.real_ray,
                pytest.mark.timeout(600),
                pytest.mark.fault("killed in the middle of the work, with Ray"),
            ],
        ),
        pytest.param("fake", 1000, 2, id="1000-kills", marks=[pytest.mark.long, pytest.mark.timeout(7200)]),
    ],
)
def test_nothing_is_lost_doubled_or_torn(pool: str, rounds: int, services: int) -> None:
    for tally in tallies(pool, rounds, services):
        assert tally["kills"] == rounds // services
        assert tally["documents"] > tally["kills"] / 5, "the rounds were too short to show anything"
        assert tally["idle"], "the service stands still with work left"
        assert {name: tally[name] for name in EMPTY} == EMPTY
