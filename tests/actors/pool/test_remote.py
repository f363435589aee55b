"""Where replica sets fit, as a table."""

from __future__ import annotations

import pytest

from actors.backend import Resources
from actors.pool.base import ActorSpec, Place
from actors.pool.remote import bundle, fitting

HEAD = {"memory": 1e9}


@pytest.mark.parametrize(
    ("nodes", "on_card", "expected"),
    [
        pytest.param([HEAD], False, (), id="no processors"),
        pytest.param([HEAD, {"CPU": 1.0}], False, (), id="too small"),
        pytest.param([{"CPU": 8.0}, {"CPU": 4.0}, {"CPU": 1.0}], False, (Place(4.0),) * 2, id="one for each node"),
        pytest.param([{"CPU": 8.0}], True, (), id="no card"),
        pytest.param([{"CPU": 8.0, "GPU": 2.0}, {"CPU": 8.0}], True, (Place(2.0, 1),) * 2, id="one for each card"),
        pytest.param([{"CPU": 3.0, "GPU": 2.0}], True, (Place(2.0, 1),), id="a card without processors for it"),
    ],
)
def test_where_sets_fit(nodes: list[dict[str, float]], on_card: bool, expected: tuple[Place, ...]) -> None:  # noqa: FBT001 - a column of the table
    assert fitting(nodes, num_cpus=2.0, on_card=on_card) == expected


@pytest.mark.parametrize(
    ("place", "expected"),
    [(None, {}), (Place(1.5), {"CPU": 1.5}), (Place(2.0, 1), {"CPU": 2.0, "GPU": 1.0})],
    ids=["anywhere", "processors", "a card"],
)
def test_a_place_has_no_resources_of_zero(place: Place | None, expected: dict[str, float]) -> None:
    assert bundle(place) == expected


def test_an_actor_is_called_by_its_set_and_known_by_its_role() -> None:
    spec = ActorSpec("speech", (), Resources(0.1, 1))
    names = [spec.in_set(number, place=None).name for number in (0, 1)]
    assert names == ["speech", "speech@1"]
    assert spec.in_set(1, place=None).in_set(2, place=None).name == "speech@2"
    assert {spec.in_set(number, place=None).role for number in (0, 1)} == {"speech"}
