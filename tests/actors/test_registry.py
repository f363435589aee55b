"""Which backend a stage gets, in which order stages run, and what a result's key depends on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import pytest

from actors.backend import Backend, BackendOptions, Outcome, Resources, StageItem, StageStatus
from actors.registry import Loader, PlanError, installed, resolve


class Options(BackendOptions):
    beam: int = 5


class Trial(Backend[Options]):
    """A backend whose class attributes the tests set."""

    name = "trial"
    revision: ClassVar[int] = 1
    needs: ClassVar[tuple[str, ...]] = ("audio",)
    actor: ClassVar[str] = "trial"
    resources = Resources(num_cpus=0.2, ram_mib=10)
    options_type = Options
    missing: ClassVar[str | None] = None
    model: ClassVar[str] = "m1"

    @classmethod
    def available(cls) -> str | None:
        return cls.missing

    @classmethod
    def model_revision(cls, options: Options) -> str:  # noqa: ARG003 - the contract's argument
        return cls.model

    def load(self) -> None: ...

    def run(self, items: Sequence[StageItem]) -> list[Outcome]:
        return [Outcome(StageStatus.DONE) for _ in items]


def backend(**attributes: Any) -> Loader:
    kind = type("Made", (Trial,), attributes)
    return lambda: kind


def broken() -> type[Backend[Any]]:
    raise ImportError("No module named 'libfoo'")


KNOWN: dict[str, Loader] = {
    "decode.a": backend(needs=(), actor="media"),
    "fusion.a": backend(needs=("asr",), actor="fusion"),
    "asr.good": backend(needs=("audio", "vad"), actor="speech"),
    "asr.lacks": backend(missing="no torch; pip install reelwatch[models]"),
    "asr.broken": broken,
    "asr.circular": backend(needs=("captions",)),
    "asr.hears": backend(needs=("audio", "vad"), requires=frozenset({"vad"})),
    "captions.circular": backend(needs=("asr",)),
    "vad.a": backend(actor="speech", resources=Resources(num_cpus=0.5, ram_mib=20)),
}
BASE = {"decode": ["decode.a"], "vad": ["vad.a"], "asr": ["asr.good"], "fusion": ["fusion.a"]}


def plan(changes: dict[str, list[str]] | None = None, options: dict[str, Any] | None = None, **known: Loader) -> Any:
    return resolve(BASE | (changes or {}), options or {}, backends=KNOWN | known)


@pytest.mark.parametrize(
    ("names", "chosen", "status", "says"),
    [
        pytest.param(["asr.good"], "asr.good", StageStatus.DONE, "", id="first"),
        pytest.param(["asr.lacks", "asr.good"], "asr.good", StageStatus.DONE, "", id="first-available"),
        pytest.param(["asr.none", "asr.broken", "asr.good"], "asr.good", StageStatus.DONE, "", id="passes-over-broken"),
        pytest.param([], None, StageStatus.DISABLED, "profile", id="none-asked-for"),
        pytest.param(["asr.lacks"], None, StageStatus.UNAVAILABLE, "pip install reelwatch[models]", id="remedy"),
        pytest.param(["asr.broken"], None, StageStatus.UNAVAILABLE, "libfoo", id="broken-plug-in"),
        pytest.param(["asr.none"], None, StageStatus.UNAVAILABLE, "no backend of this name", id="unknown"),
    ],
)
def test_the_first_available_backend_wins(names: list[str], chosen: str | None, status: StageStatus, says: str) -> None:
    stage = plan({"asr": names}).by_name["asr"]
    assert (stage.backend, stage.status) == (chosen, status)
    assert says in (stage.reason or "")


def test_stages_come_after_what_they_need_and_fusion_last() -> None:
    assert [stage.name for stage in plan().stages] == ["decode", "vad", "asr", "fusion"]


def test_what_requires_a_stage_that_is_switched_off_leaves_its_place_to_another() -> None:
    stage = plan({"vad": [], "asr": ["asr.hears", "asr.good"]}).by_name["asr"]
    assert stage.backend == "asr.good"
    stage = plan({"vad": [], "asr": ["asr.hears", "asr.lacks"]}).by_name["asr"]
    assert (stage.status, "requires vad, which is switched off" in stage.reason) == (StageStatus.UNAVAILABLE, True)


@pytest.mark.parametrize(
    ("changes", "options", "says"),
    [
        pytest.param(
            {"vad": [], "asr": ["asr.none", "asr.hears"]},
            {},
            "stages.asr.backends: asr.hears cannot work without vad, which is switched off",
            id="contradiction",
        ),
        pytest.param({"decode": []}, {}, "decode is required", id="no-decoder"),
        pytest.param({"asr": ["asr.circular"], "captions": ["captions.circular"]}, {}, "circle", id="cycle"),
        pytest.param({"asr": ["asr.circular"]}, {}, "'captions', which no stage provides", id="missing-stage"),
        pytest.param({}, {"asr": {"beam": "wide"}}, "[stages.asr.options] beam = 'wide'", id="wrong-type"),
        pytest.param(
            {}, {"asr": {"baem": 3}}, "options of asr.good: beam, device, models_dir, threads", id="unknown-option"
        ),
    ],
)
def test_what_cannot_be_planned_is_refused_with_the_place(
    changes: dict[str, list[str]], options: dict[str, Any], says: str
) -> None:
    with pytest.raises(PlanError) as refused:
        plan(changes, options)
    assert says in str(refused.value)


def key(made: Any, stage: str = "asr", sha256: str = "ab", **upstream: str) -> str:
    return str(made.key(stage, sha256=sha256, upstream={"decode": "d", "vad": "v", **upstream}))


@pytest.mark.parametrize(
    ("other", "same"),
    [
        pytest.param(lambda: key(plan()), True, id="nothing"),
        pytest.param(lambda: key(plan(options={"asr": {"threads": 7}})), True, id="threads"),
        pytest.param(lambda: key(plan(options={"asr": {"beam": 1}})), False, id="an-option"),
        pytest.param(lambda: key(plan(), sha256="cd"), False, id="content"),
        pytest.param(lambda: key(plan(), vad="w"), False, id="upstream"),
        pytest.param(lambda: key(plan(), vad="unavailable"), False, id="upstream-unavailable"),
        pytest.param(
            lambda: key(plan(**{"asr.good": backend(needs=("audio", "vad"), revision=2)})), False, id="revision"
        ),
        pytest.param(lambda: key(plan(**{"asr.good": backend(needs=("audio", "vad"), model="m2")})), False, id="model"),
        pytest.param(lambda: key(plan(), captions="x"), True, id="a-stage-it-does-not-read"),
    ],
)
def test_a_key_changes_with_what_alters_the_result_and_nothing_else(other: Any, same: bool) -> None:  # noqa: FBT001 - a table's column
    assert (key(plan()) == other()) is same


def test_actors_hold_the_stages_that_name_them() -> None:
    specs = {spec.name: spec for spec in plan().actors()}
    assert [held.stage for held in specs["speech"].backends] == ["vad", "asr"]
    assert specs["speech"].resources == Resources(num_cpus=0.5, ram_mib=30)


def test_dependants_follow_the_graph() -> None:
    assert plan().dependants("vad") == ("vad", "asr", "fusion")
    assert plan().dependants("decode") == ("decode", "vad", "asr", "fusion")


def test_our_own_backends_are_registered_and_name_themselves() -> None:
    for name, load in installed().items():
        assert load().name == name
