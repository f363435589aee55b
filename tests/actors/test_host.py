"""What an actor's process makes of whatever happens in it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import pytest

from actors import errors, host
from actors.backend import Backend, BackendOptions, Failure, Outcome, Resources, StageItem, StageStatus
from actors.host import ActorHost
from actors.pool.base import ActorSpec, BackendSpec


class CardOutOfMemoryError(RuntimeError):
    """Named as torch's is."""


CardOutOfMemoryError.__name__ = "OutOfMemoryError"


class Trial(Backend[BackendOptions]):
    name: ClassVar[str] = "ocr.trial"
    revision: ClassVar[int] = 1
    needs: ClassVar[tuple[str, ...]] = ("frames",)
    actor: ClassVar[str] = "ocr"
    resources: ClassVar[Resources] = Resources(num_cpus=0.1, ram_mib=1)
    trouble: ClassVar[BaseException | None] = None
    sizes: ClassVar[list[int]] = []

    @classmethod
    def model_revision(cls, options: BackendOptions) -> str:
        return f"trial on {options.device}"

    def load(self) -> None: ...

    def run(self, items: Sequence[StageItem]) -> list[Outcome]:
        self.sizes.append(len(items))
        if self.trouble is not None and (len(items) > 1 or items[0].video_id == "bad"):
            raise self.trouble
        return [Outcome(StageStatus.DONE) for _ in items]


def loaded(*, vram_mib: int = 0) -> ActorHost:
    spec = ActorSpec("ocr", (BackendSpec("ocr", "ocr.trial"),), Resources(0.1, 1, vram_mib))
    made = ActorHost(spec, {"ocr.trial": lambda: Trial})
    made.load()
    return made


@pytest.mark.parametrize(
    ("trouble", "failure", "reason"),
    [
        pytest.param(errors.BadInput("torn"), Failure.BAD_INPUT, "torn", id="bad-input"),
        pytest.param(errors.SourceChanged("moved"), Failure.SOURCE_CHANGED, "moved", id="changed"),
        pytest.param(errors.Transient("busy"), Failure.TRANSIENT, "busy", id="transient"),
        pytest.param(errors.EnvironmentFault("full"), Failure.ENVIRONMENT, "full", id="host"),
        pytest.param(
            errors.OutOfMemory("gpu_out_of_memory"), Failure.OUT_OF_MEMORY, "gpu_out_of_memory", id="a-single-item"
        ),
        pytest.param(CardOutOfMemoryError("CUDA"), Failure.OUT_OF_MEMORY, "out_of_memory", id="torch"),
        pytest.param(
            RuntimeError("CUDA failed with error out of memory"),
            Failure.OUT_OF_MEMORY,
            "out_of_memory",
            id="ctranslate2",
        ),
        pytest.param(MemoryError(), Failure.OUT_OF_MEMORY, "out_of_memory", id="host-memory"),
        pytest.param(RuntimeError("shape"), Failure.BUG, "RuntimeError: shape", id="bug"),
    ],
)
def test_an_exception_becomes_the_failure_that_decides_about_the_video(
    monkeypatch: pytest.MonkeyPatch, trouble: Exception, failure: Failure, reason: str
) -> None:
    monkeypatch.setattr(Trial, "trouble", trouble)
    outcome = loaded().call("ocr", [StageItem("bad")])[0]
    assert (outcome.status, outcome.failure, outcome.reason) == (StageStatus.FAILED, failure, reason)


def test_a_batch_that_fails_is_run_singly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Trial, "trouble", errors.BadInput("torn"))
    monkeypatch.setattr(Trial, "sizes", [])
    outcomes = loaded().call("ocr", [StageItem("good"), StageItem("bad")])
    assert [outcome.status for outcome in outcomes] == [StageStatus.DONE, StageStatus.FAILED]
    assert Trial.sizes == [2, 1, 1]


@pytest.mark.parametrize("vram_mib", [0, 512], ids=["no card", "on a card"])
def test_an_actors_part_of_the_card_is_bounded_before_its_models_load(
    monkeypatch: pytest.MonkeyPatch, vram_mib: int
) -> None:
    told: list[Any] = []
    monkeypatch.setattr(host.cards, "hold", lambda *part: told.append(part))
    monkeypatch.setattr(host.cards, "let_go", told.append)
    loading: Callable[[Any], None] = lambda _self: told.append("loaded")  # noqa: E731 - reads as a step of the list
    monkeypatch.setattr(Trial, "load", loading)
    loaded(vram_mib=vram_mib).close()
    assert told == [("ocr", vram_mib), "loaded", "ocr"]
