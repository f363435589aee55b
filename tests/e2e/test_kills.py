"""`kill -9` at random moments: nothing lost, nothing doubled, nothing torn, and every invariant at the end."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from kill_figures import LISTS, tallies
from postgresql_cluster import Cluster, cluster

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


@pytest.fixture
def durable(postgresql: Cluster) -> Iterator[Cluster]:
    """A server as one is installed: what it says is done is on the disk."""
    with cluster(postgresql.programs, fsync="on", full_page_writes="on") as running:
        yield running


@pytest.mark.fault("killed at random moments")
@pytest.mark.parametrize(
    ("rounds", "services"),
    [
        pytest.param(4, 1, id="4-kills"),
        pytest.param(200, 2, id="200-kills", marks=[pytest.mark.long, pytest.mark.timeout(3600)]),
    ],
)
def test_nothing_is_lost_on_a_server(durable: Cluster, rounds: int, services: int) -> None:
    for number in range(services):
        durable.do(f"CREATE SCHEMA service{number}")
    ledgers = [durable.url(schema=f"service{number}") for number in range(services)]
    for tally in tallies("fake", rounds, services, ledgers=ledgers):
        assert tally["kills"] == rounds // services
        assert tally["documents"] > tally["kills"] / 5, "the rounds were too short to show anything"
        assert tally["idle"], "the service stands still with work left"
        assert {name: tally[name] for name in EMPTY} == EMPTY
