"""The bench of the models on a card: what it says of its figures, and that it says so where it did not run."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import pytest

sys.path[:0] = [str(Path(__file__).resolve().parent)]

import bare_model
import full_size
import gpu
import gpu_videos

from actors.captions.blip2 import OPT, Blip2
from actors.registry import installed
from service.cards import Card, fixed

MEASURED: dict[str, Any] = {
    "batch_size": 8,
    "ran_batch_size": 8,
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


def test_batches_that_had_to_be_halved_are_said_and_do_not_fit() -> None:
    figure = gpu.memory_figure("captions.blip2", MEASURED | {"ran_batch_size": 2})
    assert figure.verdict == "**missed**"
    assert "8 (halved to 2)" in figure.measured
    assert "8 (halved to 2): 40.0" in gpu.batches_figure("captions.blip2", [MEASURED | {"ran_batch_size": 2}]).measured


@pytest.mark.parametrize(
    ("peaks_mib", "chosen"),
    [((7000, 8000, 9000), 8), ((None, None, None), 32), ((8600, 8700, 9000), 1)],
    ids=["the fastest that fits", "without a card the fastest", "nothing fits: the smallest"],
)
def test_the_service_is_given_a_batch_within_its_share(peaks_mib: tuple[int | None, ...], chosen: int) -> None:
    sizes = (1, 8, 32)
    runs = [
        MEASURED | {"batch_size": size, "ran_batch_size": size, "keyframes_per_s": size, "peak_reserved_mib": peak}
        for size, peak in zip(sizes, peaks_mib, strict=True)
    ]
    assert gpu.fastest(runs)["batch_size"] == chosen


@pytest.fixture
def small_blip2(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Options for a small BLIP-2; what the bench patches in the libraries is put back afterwards."""
    torch = pytest.importorskip("torch", reason="the extra `models` is not installed")
    transformers = pytest.importorskip("transformers", reason="the extra `models` is not installed")
    monkeypatch.setattr(torch.nn.Module, "__call__", torch.nn.Module.__call__)
    monkeypatch.setattr(transformers.GenerationMixin, "generate", transformers.GenerationMixin.generate)
    monkeypatch.setenv("PYTORCH_CUDA_ALLOC_CONF", "")
    return {"model": str(full_size.vision.blip2(tmp_path / "model", steps=1)), "max_new_tokens": 4}


def test_memory_is_measured_without_a_bound_and_against_the_table(
    small_blip2: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    held: list[str] = []
    monkeypatch.setattr(bare_model.cards, "hold", lambda actor, _mib: held.append(actor))
    look = Blip2._look

    def fitting(backend: Any, pictures: Any) -> Any:
        if len(pictures) > 2:
            raise RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB")
        return look(backend, pictures)

    monkeypatch.setattr(Blip2, "_look", fitting)
    run = bare_model.measure("captions.blip2", OPT, small_blip2)
    assert held == []
    assert run["declared_mib"] == Blip2.known[OPT].vram_mib
    assert (run["batch_size"], run["ran_batch_size"]) == (8, 2)


@pytest.mark.parametrize("subject", full_size.SUBJECTS, ids=lambda subject: subject.backend)
def test_every_subject_imitates_a_model_of_the_table(subject: full_size.Subject) -> None:
    kind = installed()[subject.backend]()
    declared = bare_model.declared_mib(kind, subject.model, kind.options_type())
    assert declared == kind.known[subject.model].vram_mib


def test_the_page_names_the_card(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gpu, "read_cards", fixed(Card("RTX 3090", 24576)))
    page = gpu.write_page([gpu.batches_figure("captions.blip2", [MEASURED])], folder=tmp_path).read_text()
    assert "| 8: 40.0 |" in page
    assert "Taken on RTX 3090, 24576 MiB." in page


def test_a_made_up_video_is_what_decoding_would_hand_over() -> None:
    media, payloads = gpu_videos.decoded()
    assert len(payloads.keyframes or ()) == len(media.shots) == gpu_videos.SHOTS
