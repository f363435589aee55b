"""`kill -9` at random moments: nothing lost, nothing doubled, nothing torn, and every invariant at the end."""

from __future__ import annotations

import pytest
from kill_figures import LISTS, tallies

EMPTY: dict[str, list[str]] = {name: [] for name in LISTS}


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
