"""Which models stay loaded within a budget."""

from __future__ import annotations

import pytest

from actors.asr.resident import ResidentModels

SIZES = {"en": 4, "no": 4, "aligner": 2, "huge": 20}


@pytest.mark.parametrize(
    ("asked", "held", "loads", "releases"),
    [
        (["en"], ["en"], 1, 0),
        (["en", "en"], ["en"], 1, 0),
        (["en", "no", "aligner"], ["en", "no", "aligner"], 3, 0),
        (["en", "aligner", "no", "en"], ["aligner", "no", "en"], 3, 0),
    ],
    ids=["one", "again", "all fit", "the last used is the last to go"],
)
def test_what_fits_stays(asked: list[str], held: list[str], loads: int, releases: int) -> None:
    assert run(asked, budget=10) == (held, loads, releases)


@pytest.mark.parametrize(
    ("asked", "held", "loads", "releases"),
    [
        (["en", "no"], ["no"], 2, 1),
        (["en", "aligner", "no"], ["aligner", "no"], 3, 1),
        (["aligner", "en", "aligner", "no"], ["aligner", "no"], 3, 1),
        (["en", "no", "en"], ["en"], 3, 2),
        (["en", "aligner", "huge"], ["huge"], 3, 1),
        (["huge", "aligner"], ["aligner"], 2, 1),
    ],
    ids=["one leaves", "the oldest leaves", "not the one just used", "back and forth", "too large", "after too large"],
)
def test_the_least_recently_used_leaves(asked: list[str], held: list[str], loads: int, releases: int) -> None:
    assert run(asked, budget=6) == (held, loads, releases)


def run(asked: list[str], *, budget: int) -> tuple[list[str], int, int]:
    released: list[int] = []
    models: ResidentModels[str] = ResidentModels(budget_mib=budget, release=lambda: released.append(models.used_mib))
    loaded: list[str] = []

    def load(name: str) -> str:
        assert models.used_mib + SIZES[name] <= budget or not models.names, "room is made before loading"
        loaded.append(name)
        return name.upper()

    for name in asked:
        assert models.get(name, mib=SIZES[name], load=lambda name=name: load(name)) == name.upper()
    assert models.used_mib == sum(SIZES[name] for name in models.names)
    return list(models.names), len(loaded), len(released)


def test_clearing_lets_go_of_all() -> None:
    released = []
    models: ResidentModels[int] = ResidentModels(budget_mib=1, release=lambda: released.append(1))
    models.get("a", mib=1, load=lambda: 1)
    models.clear()
    assert (models.names, models.used_mib, released) == ((), 0, [1])


def test_a_model_that_fails_to_load_is_not_held() -> None:
    models: ResidentModels[int] = ResidentModels(budget_mib=1)
    with pytest.raises(ZeroDivisionError):
        models.get("a", mib=1, load=lambda: 1 // 0)
    assert models.names == ()
