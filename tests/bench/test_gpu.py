"""The bench of the models on a card: what it says of its figures, and that it says so where it did not run."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

sys.path[:0] = [str(Path(__file__).resolve().parent)]

import gpu
import gpu_videos

from service.cards import Card, fixed

MEASURED: dict[str, Any] = {
    "batch_size": 8,
    "keyframes_per_s": 40.0,
    "model_s_per_video": 0.5,
    "weights_mib": {"float16 on cuda:0": 7200},
    "peak_reserved_mib": 8000,
    "process_mib": 8400,
    "declared_mib": 8500,
}


def test_without_a_card_it_says_that_it_did_not_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gpu, "read_cards", fixed())
    assert gpu.main(["--out", str(tmp_path)]) == 0
    figure = json.loads((tmp_path / "gpu.json").read_text())["figures"][0]
    assert (figure["measured"], figure["met"]) == ("did not run", None)
    assert "did not run" in (tmp_path / "gpu.md").read_text()


@pytest.mark.parametrize(
    ("taken_s", "verdict"),
    [pytest.param(11.0, "met", id="0.91"), pytest.param(12.0, "**missed**", id="0.83")],
)
def test_the_models_seconds_add_up_on_one_card(taken_s: float, verdict: str) -> None:
    figure = gpu.efficiency_figure({"captions": MEASURED, "objects": MEASURED}, taken_s=taken_s, videos=10)
    assert figure.verdict == verdict
    assert "of 30.0 media-seconds per second" in figure.measured


@pytest.mark.parametrize(
    ("peak_mib", "verdict"), [(8000, "met"), (9000, "**missed**"), (None, "-")], ids=["within", "beyond", "no card"]
)
def test_memory_is_held_against_what_is_declared(peak_mib: int | None, verdict: str) -> None:
    assert gpu.memory_figure("captions.blip2", MEASURED | {"peak_reserved_mib": peak_mib}).verdict == verdict


def test_the_page_names_the_card(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gpu, "read_cards", fixed(Card("RTX 3090", 24576)))
    page = gpu.write_page([gpu.batches_figure("captions.blip2", [MEASURED])], folder=tmp_path).read_text()
    assert "| 8: 40.0 |" in page
    assert "Taken on RTX 3090, 24576 MiB." in page


def test_a_made_up_video_is_what_decoding_would_hand_over() -> None:
    media, payloads = gpu_videos.decoded()
    assert len(payloads.keyframes or ()) == len(media.shots) == gpu_videos.SHOTS
