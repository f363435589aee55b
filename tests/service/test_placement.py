"""How many sets of the models there are, where they go, and what each actor gets."""

from __future__ import annotations

from dataclasses import replace
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import pytest
import tomli

from actors.backend import Resources
from actors.errors import EnvironmentFault
from actors.plan import Plan
from actors.pool.base import Place
from actors.pool.fake_pool import FakePool
from actors.registry import Loader
from service import card_findings as card_findings_module
from service import models
from service.assembly import make_limits, make_plan
from service.card_findings import card_findings
from service.cards import Card, fixed
from service.configuration import Configuration, load
from service.errors import ConfigError
from service.placement import place_actors
from service.vram import Smaller

CARD = Card("RTX 3090", 24576)
OFF = {f"stages.{name}.backends": [] for name in ("vad", "asr", "objects", "audio")}


def configuration(home: Path, **flags: Any) -> Configuration:
    given = {"profile": "embedded", "state.dir": home / "state", "output.dir": home / "out", "pool.num_cpus": 4}
    pool = {f"pool.{name}": value for name, value in flags.items()}
    return load({**given, **OFF, **pool}, environ={"HOME": str(home)}).configuration


def plan_of(settings: Configuration, *, vram_mib: int) -> Plan:
    """Plan as configured, with one core for decoding and text reading on the card where it takes memory there."""
    taking = {"ocr": Resources(0.2, 100, vram_mib), "decode": Resources(1.0, 100), "fusion": Resources(0.0, 100)}
    stages = make_plan(settings).stages
    return Plan(tuple(replace(s, resources=taking.get(s.name, Resources(0.2, 100))) for s in stages))


class ClusterPool(FakePool):
    """A pool that says where sets fit, or why it does not know."""

    def __init__(self, places: tuple[Place, ...] | EnvironmentFault) -> None:
        super().__init__()
        self.found = places
        self.asked: dict[str, Any] = {}

    def places(self, *, num_cpus: float, on_card: bool) -> tuple[Place, ...]:
        self.asked = {"num_cpus": num_cpus, "on_card": on_card}
        if isinstance(self.found, EnvironmentFault):
            raise self.found
        return self.found


NODE, NODE_WITH_CARD = Place(2.0), Place(1.4, 1)


@pytest.mark.parametrize(
    ("flags", "cards", "vram_mib", "places"),
    [
        pytest.param({}, 0, 0, [None], id="no card"),
        pytest.param({}, 2, 0, [None], id="cards that nothing runs on"),
        pytest.param({}, 1, 8000, [None], id="one card"),
        pytest.param({}, 2, 8000, [NODE_WITH_CARD] * 2, id="one set for each card"),
        pytest.param({}, 8, 8000, [NODE_WITH_CARD] * 2, id="as many as there are cores for"),
        pytest.param({"replicas": 1}, 2, 8000, [None], id="as set"),
        pytest.param({"replicas": 2}, 0, 0, [Place(1.4)] * 2, id="as set without cards"),
        pytest.param({"kind": "local"}, 2, 8000, [None], id="one process"),
    ],
)
def test_where_the_sets_of_a_pool_of_our_own_go(
    tmp_path: Path, flags: dict[str, Any], cards: int, vram_mib: int, places: list[Place | None]
) -> None:
    settings = configuration(tmp_path, **flags)
    plan = plan_of(settings, vram_mib=vram_mib)
    specs = place_actors(settings, plan, FakePool(), cores=4, read=fixed(*[CARD] * cards))
    assert [spec.place for spec in specs if spec.role == "media"] == places
    assert {spec.card_share for spec in specs if spec.role == "ocr"} == {0.35 if vram_mib else 0.0}
    assert {spec.card_share for spec in specs if spec.role != "ocr"} == {0.0}
    assert len({spec.name for spec in specs}) == len(specs)


@pytest.mark.parametrize(
    ("flags", "found", "places"),
    [
        pytest.param({}, (NODE,) * 3, 3, id="one for each place"),
        pytest.param({"replicas": 2}, (NODE,) * 3, 2, id="as set"),
        pytest.param({"replicas": 4}, (NODE,), 4, id="more than there are nodes yet"),
    ],
)
def test_where_the_sets_of_a_cluster_go(
    tmp_path: Path, flags: dict[str, Any], found: tuple[Place, ...], places: int
) -> None:
    settings = configuration(tmp_path, address="auto", num_cpus=0, **flags)
    pool = ClusterPool(found)
    specs = place_actors(settings, plan_of(settings, vram_mib=0), pool, cores=1, read=fixed())
    assert [spec.place for spec in specs if spec.role == "media"] == [NODE] * places
    assert pool.asked["on_card"] is False
    assert pool.asked["num_cpus"] == pytest.approx(1.4)


@pytest.mark.parametrize(
    ("flags", "cards", "vram_mib", "pool", "told"),
    [
        pytest.param({}, 1, 24400, FakePool(), "do not fit on RTX 3090.*ocr = .*frees", id="too large"),
        pytest.param({}, 0, 8000, FakePool(), "ocr are to run on a card.*pool.card_mib", id="no card to be read"),
        pytest.param({"replicas": 3}, 2, 8000, FakePool(), "replicas = 3: .*and 2 cards", id="more sets than cards"),
        pytest.param({"replicas": 3}, 0, 0, FakePool(), "replicas = 3: each set takes 1.4", id="more than cores"),
        pytest.param({"kind": "local", "replicas": 2}, 0, 0, FakePool(), "replicas = 2", id="one process"),
        pytest.param({"address": "auto"}, 0, 0, ClusterPool(()), "no node has 1.4 cores for one set", id="no node"),
        pytest.param(
            {"address": "auto"},
            0,
            0,
            ClusterPool(EnvironmentFault("no_cluster", "nobody answers")),
            "pool.address: nobody answers.*ray start --head",
            id="no cluster",
        ),
    ],
)
def test_what_cannot_be_placed_is_refused(
    tmp_path: Path, flags: dict[str, Any], cards: int, vram_mib: int, pool: Any, told: str
) -> None:
    settings = configuration(tmp_path, **flags)
    plan = plan_of(settings, vram_mib=vram_mib)
    told = told.replace("ocr = ", "")
    smaller = lambda: (Smaller("ocr", "ocr.other", 100),)  # noqa: E731 - a column of its own would hide the others
    with pytest.raises(ConfigError, match=f"(?s){told}"):
        place_actors(settings, plan, pool, cores=4, smaller=smaller, read=fixed(*[CARD] * cards))


@pytest.mark.parametrize(("address", "budget_mib"), [("", 100), ("auto", 200)], ids=["one store", "one for each node"])
def test_sets_on_one_machine_share_its_object_store(tmp_path: Path, address: str, budget_mib: int) -> None:
    settings = configuration(tmp_path, object_store_mib=400, address=address)
    assert make_limits(settings, sets=2).payload_budget_bytes == budget_mib * 2**20


@pytest.mark.parametrize(
    ("cards", "vram_mib", "verdicts"),
    [
        pytest.param((CARD,), 8000, {"card 0": "good", "ocr": "good", "together": "good"}, id="fits"),
        pytest.param((CARD,), 24400, {"card 0": "good", "ocr": "good", "together": "bad"}, id="does not fit"),
        pytest.param((), 8000, {"card": "bad"}, id="no card to be read"),
    ],
)
def test_doctor_shows_who_gets_what(
    tmp_path: Path, cards: tuple[Card, ...], vram_mib: int, verdicts: dict[str, str]
) -> None:
    settings = configuration(tmp_path)
    found = list(card_findings(settings, plan_of(settings, vram_mib=vram_mib), read=fixed(*cards)))
    assert {finding.name: finding.verdict for finding in found} == verdicts
    assert all(finding.remedy for finding in found if finding.verdict == "bad")


def written() -> dict[str, Loader]:
    """Return the backends as pyproject.toml names them: an older installation may know fewer."""
    text = (Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8")
    points = tomli.loads(text)["project"]["entry-points"]["reelwatch.backends"]
    return {name: EntryPoint(name, value, "reelwatch.backends").load for name, value in points.items()}


def test_doctor_shows_what_the_gpu_profile_would_need_where_there_is_no_card(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (card_findings_module, models):
        monkeypatch.setattr(module, "installed", written)
    settings = configuration(tmp_path)
    first, *table = card_findings(settings, plan_of(settings, vram_mib=0), read=fixed())
    assert first.value == "nothing runs on a card. What the gpu profile would need:"
    assert {"captions", "diarization", "objects"} <= {finding.name for finding in table}
    assert (table[-1].name, table[-1].verdict) == ("together", "good"), "the profile fits the card it is made for"
    assert "24576 MiB" in table[-1].value
