"""Which cards there are, from the driver's table."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from service import cards
from service.cards import Card, cards_of, fixed, parse, read_cards
from service.configuration import load

TOLD = """0, GPU-aaaa-1, NVIDIA GeForce RTX 3090, 24576, 512
1, GPU-bbbb-2, NVIDIA A10, 23028, [N/A]
2, GPU-cccc-3, Orin (nvgpu), [N/A], [N/A]
"""
RTX, A10 = Card("NVIDIA GeForce RTX 3090", 24576, 512), Card("NVIDIA A10", 23028, None)


@pytest.mark.parametrize(
    ("told", "visible", "expected"),
    [
        pytest.param(TOLD, None, (RTX, A10), id="all whose memory is known"),
        pytest.param(TOLD, "1", (A10,), id="by index"),
        pytest.param(TOLD, "1,0", (A10, RTX), id="in the order that is asked for"),
        pytest.param(TOLD, "GPU-aaaa", (RTX,), id="by the beginning of a UUID"),
        pytest.param(TOLD, "", (), id="hidden"),
        pytest.param(TOLD, "2", (), id="memory unknown"),
        pytest.param("No devices were found\n", None, (), id="none"),
    ],
)
def test_the_drivers_table(told: str, visible: str | None, expected: tuple[Card, ...]) -> None:
    environ = {} if visible is None else {"CUDA_VISIBLE_DEVICES": visible}
    assert parse(told, environ=environ) == expected


@pytest.mark.parametrize(
    ("script", "expected"),
    [("echo '0, GPU-1, Card, 1000, 5'", (Card("Card", 1000, 5),)), ("exit 9", ()), (None, ())],
    ids=["a card", "no driver", "no tool"],
)
def test_reading_asks_the_tool(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str | None, expected: tuple[Card, ...]
) -> None:
    tool = tmp_path / "nvidia-smi"
    if script is not None:
        tool.write_text(f"#!/bin/sh\n{script}\n")
        tool.chmod(0o755)
    monkeypatch.setattr(cards, "_QUERY", (str(tool), *cards._QUERY[1:]))
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    assert read_cards() == expected


@pytest.mark.parametrize(
    ("card_mib", "found", "expected"),
    [
        pytest.param(0, (RTX,), (RTX,), id="as read"),
        pytest.param(20000, (RTX,), (Card(RTX.name, 20000, 512),), id="as set"),
        pytest.param(20000, (), (Card("card", 20000),), id="set where none can be read"),
        pytest.param(0, (), (), id="none"),
    ],
)
def test_the_settings_have_the_last_word(
    tmp_path: Path, card_mib: int, found: tuple[Card, ...], expected: tuple[Card, ...]
) -> None:
    settings: dict[str, Any] = {"pool.card_mib": card_mib}
    configuration = load(settings, environ={"HOME": str(tmp_path)}).configuration
    assert cards_of(configuration, read=fixed(*found)) == expected
