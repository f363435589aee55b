"""What a model that looks at keyframes takes, and what a folder lacks to be one."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from actors.captions.blip import BASE as BLIP_BASE
from actors.captions.blip import LARGE as BLIP_LARGE
from actors.captions.blip import Blip
from actors.captions.blip2 import FLAN_T5, OPT, Blip2
from actors.captions.image_text_to_text import QWEN2_VL, ImageTextToText
from actors.frames.clip import BASE as CLIP_BASE
from actors.frames.clip import LARGE as CLIP_LARGE
from actors.frames.clip import ClipFrames
from actors.models.cards import CARD_HOST_MIB
from actors.models.keyframe_model import KeyframeModel
from actors.models.weights import count_of
from actors.objects.grounding_dino import BASE as DINO_BASE
from actors.objects.grounding_dino import TINY as DINO_TINY
from actors.objects.grounding_dino import GroundingDino
from actors.objects.omdet_turbo import OmDetTurbo
from actors.objects.owlv2 import Owlv2
from actors.registry import resolve

Kind = type[KeyframeModel[Any, Any]]
MILLION = 1_000_000


def saved(folder: Path, *, model_type: str, weights: int, dtype: str = "F32") -> Path:
    """A folder as transformers saves it, whose weights are a hole of the right size in two shards."""
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps({"model_type": model_type, "use_timm_backbone": False}))
    for number, part in enumerate((weights // 4, weights - weights // 4)):
        size = part * {"F32": 4, "F16": 2}[dtype]
        tensors = {"__metadata__": {"format": "pt"}, "w": {"dtype": dtype, "shape": [part], "data_offsets": [0, size]}}
        header = json.dumps(tensors).encode()
        with (folder / f"model-{number}.safetensors").open("wb") as file:
            file.write(struct.pack("<Q", len(header)) + header)
            file.truncate(8 + len(header) + size)
    return folder


def vram_mib(kind: Kind, model: Path | str, **options: Any) -> int:
    return kind.resources_for(kind.options_type(model=str(model), device="cuda", **options)).vram_mib


@pytest.mark.parametrize("dtype", ["F32", "F16"])
@pytest.mark.parametrize(
    ("kind", "model_type", "millions", "like"),
    [
        (Blip, "blip", 247, BLIP_BASE),
        (Blip, "blip", 470, BLIP_LARGE),
        (Blip2, "blip-2", 3745, OPT),
        (Blip2, "blip-2", 3942, FLAN_T5),
        (ImageTextToText, "qwen2_vl", 2209, QWEN2_VL),
        (GroundingDino, "grounding-dino", 172, DINO_TINY),
        (GroundingDino, "grounding-dino", 233, DINO_BASE),
        (ClipFrames, "clip", 151, CLIP_BASE),
        (ClipFrames, "clip", 428, CLIP_LARGE),
    ],
    ids=lambda value: str(value) if isinstance(value, int | str) else value.name,
)
def test_a_folder_takes_what_the_model_of_its_architecture_and_size_does(
    tmp_path: Path, kind: Kind, model_type: str, millions: int, like: str, dtype: str
) -> None:
    folder = saved(tmp_path / "mine", model_type=model_type, weights=millions * MILLION, dtype=dtype)
    for device in ("cpu", "cuda"):
        options = kind.options_type(model=str(folder), device=device)
        assert kind.resources_for(options) == kind.resources_for(options.model_copy(update={"model": like}))


def test_a_larger_model_takes_more_by_its_weights_and_its_work(tmp_path: Path) -> None:
    folder = saved(tmp_path / "mine", model_type="blip-2", weights=7884 * MILLION)
    assert vram_mib(Blip2, folder) == 2 * Blip2.known[FLAN_T5].vram_mib


def test_a_smaller_model_takes_less_by_its_weights_alone(tmp_path: Path) -> None:
    folder = saved(tmp_path / "mine", model_type="clip", weights=51 * MILLION)
    assert vram_mib(ClipFrames, folder) == pytest.approx(
        vram_mib(ClipFrames, CLIP_BASE) - 100 * MILLION * 2 / 2**20, abs=1
    )


def test_weights_are_counted_by_the_configured_dtype_where_they_are_pickled(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"torch_dtype": "float16"}')
    with (tmp_path / "pytorch_model.bin").open("wb") as file:
        file.truncate(2 * MILLION)
    assert count_of(tmp_path) == MILLION


@pytest.mark.parametrize(
    ("model", "side", "least_mib", "most_mib"),
    [
        (DINO_TINY, 800, 3500, 3600),
        (DINO_BASE, 800, 4500, 4600),
        (DINO_BASE, 640, 3000, 3400),
        (DINO_BASE, 1333, 9000, 12000),
    ],
    ids=["tiny", "base", "base on fewer pixels", "base on more pixels"],
)
def test_grounding_dino_takes_more_for_more_pixels(model: str, side: int, least_mib: int, most_mib: int) -> None:
    assert least_mib <= vram_mib(GroundingDino, model, side=side) <= most_mib


@pytest.mark.parametrize("kind", [Blip, Blip2, ImageTextToText, GroundingDino, OmDetTurbo, Owlv2, ClipFrames])
def test_what_is_declared_exceeds_the_weights(kind: Kind) -> None:
    for name, known in kind.known.items():
        on_host, on_card = (kind.resources_for(kind.options_type(model=name, device=d)) for d in ("cpu", "cuda"))
        assert on_host.ram_mib > known.weights * 4 / 2**20 + 700
        assert on_card.vram_mib > known.weights * 2 / 2**20 + 500
        assert on_card.ram_mib == CARD_HOST_MIB >= 2500


def _as_another(folder: Path) -> None:
    (folder / "config.json").write_text('{"model_type": "bert"}')


def _without_weights(folder: Path) -> None:
    for path in folder.glob("*.safetensors"):
        path.unlink()


def _gone(folder: Path) -> None:
    folder.rename(folder.with_name("elsewhere"))


@pytest.mark.parametrize(
    ("damage", "lacks"),
    [
        pytest.param(lambda _folder: None, None, id="whole"),
        pytest.param(_gone, "is no folder", id="no folder"),
        pytest.param(lambda f: (f / "config.json").unlink(), "config.json is missing or no JSON", id="no config"),
        pytest.param(lambda f: (f / "config.json").write_text("{"), "config.json is missing or no JSON", id="no JSON"),
        pytest.param(_without_weights, "holds no weights", id="no weights"),
        pytest.param(_as_another, "holds a model of type bert; ", id="another model"),
    ],
)
@pytest.mark.parametrize(
    ("kind", "model_type"), [(Blip2, "blip-2"), (OmDetTurbo, "omdet-turbo"), (ClipFrames, "clip")], ids=str
)
def test_what_a_folder_lacks_is_said(
    tmp_path: Path, kind: Kind, model_type: str, damage: Callable[[Path], Any], lacks: str | None
) -> None:
    folder = saved(tmp_path / "mine", model_type=model_type, weights=8)
    damage(folder)
    said = kind.lacking(kind.options_type(model=str(folder)))
    assert said is None if lacks is None else lacks in (said or "")


def test_the_next_of_the_list_takes_the_place_of_a_model_that_is_not_there(tmp_path: Path) -> None:
    pytest.importorskip("transformers", reason="the extra `models` is not installed")
    options = {"model": str(tmp_path / "nowhere")}
    asked = {"decode": ["decode.pyav"], "objects": ["objects.grounding_dino", "objects.haar"]}
    (stage,) = (stage for stage in resolve(asked, {"objects": options}).stages if stage.name == "objects")
    assert stage.backend == "objects.haar"
