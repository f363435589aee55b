"""The bound on what torch may take of a card."""

from __future__ import annotations

import importlib.util
import os
import sys
from types import SimpleNamespace
from typing import Any

import pytest

from actors.models import cards

MIB = 2**20


class Torch:
    """What of torch is asked here, for a card of 1000 MiB; notes the environment at import and every bound."""

    def __init__(self, *, available: bool = True) -> None:
        self.bounds: list[tuple[float, int]] = []
        self.cuda = SimpleNamespace(
            is_available=lambda: available,
            get_device_properties=lambda _device: SimpleNamespace(total_memory=1000 * MIB),
            set_per_process_memory_fraction=lambda fraction, device: self.bounds.append((fraction, device)),
        )


@pytest.fixture(autouse=True)
def nobody_holds_a_card(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cards, "_held_mib", {})
    monkeypatch.delenv("PYTORCH_CUDA_ALLOC_CONF", raising=False)


def use(monkeypatch: pytest.MonkeyPatch, torch: Any) -> Any:
    monkeypatch.setitem(sys.modules, "torch", torch)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: name)
    return torch


@pytest.mark.parametrize(
    ("shares", "bound"),
    [
        ({"asr": 250}, 0.25),
        ({"asr": 250, "captions": 500}, 0.75),
        ({"captions": 4000}, 1.0),
    ],
    ids=["its share", "one process with two actors", "never more than there is"],
)
def test_the_bound_is_the_declared_share(monkeypatch: pytest.MonkeyPatch, shares: dict[str, int], bound: float) -> None:
    torch = use(monkeypatch, Torch())
    assert all(cards.hold(actor, vram_mib) for actor, vram_mib in shares.items())
    assert torch.bounds[-1] == (bound, 0)
    assert os.environ["PYTORCH_CUDA_ALLOC_CONF"] == "expandable_segments:True"


def test_an_actor_that_closes_gives_its_share_to_nobody_else(monkeypatch: pytest.MonkeyPatch) -> None:
    torch = use(monkeypatch, Torch())
    cards.hold("asr", 250)
    cards.let_go("asr")
    cards.hold("captions", 500)
    assert torch.bounds[-1] == (0.5, 0)


def test_what_the_user_set_for_the_allocator_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    use(monkeypatch, Torch())
    monkeypatch.setenv("PYTORCH_CUDA_ALLOC_CONF", "backend:cudaMallocAsync")
    cards.hold("asr", 250)
    assert os.environ["PYTORCH_CUDA_ALLOC_CONF"] == "backend:cudaMallocAsync"


def test_without_a_card_nothing_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    torch = use(monkeypatch, Torch(available=False))
    assert not cards.hold("asr", 250)
    assert not torch.bounds


def test_an_actor_on_the_processor_imports_no_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "torch", None)  # an import of it would raise
    assert not cards.hold("asr", 0)
    assert "PYTORCH_CUDA_ALLOC_CONF" not in os.environ


def test_without_torch_there_is_nothing_to_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    assert not cards.hold("asr", 250)


def test_torch_knows_the_calls_made_here() -> None:
    torch = pytest.importorskip("torch", reason="the models extra is not installed")
    assert callable(torch.cuda.set_per_process_memory_fraction)
    assert callable(torch.cuda.get_device_properties)
