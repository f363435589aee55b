"""Detectors: real libraries with small checkpoints of chance, and made outputs where the answer must be known."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

pytest.importorskip("transformers", reason="the extra `models` is not installed")

from items import audio_only, video
from vision import pictures

from actors.backend import StageStatus
from actors.errors import BackendUnavailable
from actors.objects import omdet_turbo
from actors.objects.detector import Detection, Detector, _merged
from actors.objects.grounding_dino import GroundingDino
from actors.objects.omdet_turbo import OmDetTurbo
from actors.objects.owlv2 import Owlv2

Checkpoint = Callable[[str], Path]
NOUNS = ("person", "dog", "coffee cup", "car", "red shoe", "zebra")
KINDS = [
    pytest.param(GroundingDino, "grounding_dino", id="grounding_dino"),
    pytest.param(Owlv2, "owlv2", id="owlv2"),
    pytest.param(OmDetTurbo, "omdet_turbo", id="omdet_turbo"),
]


def loaded(kind: type[Detector], folder: Path, **options: Any) -> Detector:
    given = {"model": str(folder), "vocabulary": NOUNS, "threshold": 0.0} | options
    if kind is GroundingDino:
        given.setdefault("side", 160)
    backend = kind(kind.options_type(**given))
    backend.load()
    return backend


def area_shared(first: Any, second: Any) -> float:
    width = min(first[0] + first[2], second[0] + second[2]) - max(first[0], second[0])
    height = min(first[1] + first[3], second[1] + second[3]) - max(first[1], second[1])
    inside = max(0.0, width) * max(0.0, height)
    return inside / (first[2] * first[3] + second[2] * second[3] - inside)


@pytest.mark.parametrize(("kind", "name"), KINDS)
def test_objects_of_two_videos(vision_checkpoint: Checkpoint, kind: type[Detector], name: str) -> None:
    first, *others = pictures()
    wide = pictures(height=60, width=120)[2]
    backend = loaded(kind, vision_checkpoint(name), batch_size=3)
    outcomes = backend.run([video(first), audio_only(), video(*others, wide)])
    assert [outcome.status for outcome in outcomes] == [StageStatus.DONE, StageStatus.NO_VIDEO, StageStatus.DONE]
    found = [objects for n in (0, 2) for objects in outcomes[n].data.keyframes]
    assert [len(outcomes[n].data.keyframes) for n in (0, 2)] == [1, 4]
    assert sum(map(len, found)) > 5
    for objects in found:
        confidences = [thing.confidence for thing in objects]
        assert confidences == sorted(confidences, reverse=True)
        assert {thing.label for thing in objects} <= set(NOUNS)
        for thing in objects:
            x, y, width, height = thing.box
            assert min(thing.box) >= 0
            assert max(x + width, y + height) <= 1.0001
            others_of_it = [other for other in objects if other is not thing and other.label == thing.label]
            assert all(area_shared(thing.box, other.box) <= 0.51 for other in others_of_it)


@pytest.mark.parametrize(("kind", "name"), KINDS)
def test_a_batch_finds_what_its_pictures_hold_alone(
    vision_checkpoint: Checkpoint, kind: type[Detector], name: str
) -> None:
    upright, wide = pictures()[0], pictures(height=60, width=120)[1]
    backend = loaded(kind, vision_checkpoint(name), overlap=1.0)
    together = backend.run([video(upright, wide)])[0].data.keyframes
    alone = [backend.run([video(picture)])[0].data.keyframes[0] for picture in (upright, wide)]
    for batched, single in zip(together, alone, strict=True):
        scores = [thing.confidence for thing in batched]
        assert scores == pytest.approx([thing.confidence for thing in single], abs=2e-3)


@pytest.mark.parametrize(("kind", "name"), KINDS)
def test_only_what_reaches_the_threshold_is_published(
    vision_checkpoint: Checkpoint, kind: type[Detector], name: str
) -> None:
    folder = vision_checkpoint(name)
    everything = loaded(kind, folder, overlap=1.0).run([video(*pictures())])[0].data.keyframes
    scores = sorted(thing.confidence for objects in everything for thing in objects)
    bound = (scores[len(scores) // 2] + scores[-1]) / 2
    some = loaded(kind, folder, overlap=1.0, threshold=bound).run([video(*pictures())])[0].data.keyframes
    assert sum(map(len, some)) == sum(score >= bound for score in scores) > 0


def test_long_vocabularies_take_several_prompts_that_the_model_can_read(vision_checkpoint: Checkpoint) -> None:
    nouns = (*NOUNS, *(f"{first}{second}" for first in "abcdef" for second in "xyz"))
    backend = loaded(GroundingDino, vision_checkpoint("grounding_dino"), vocabulary=nouns)
    assert [noun for prompt in backend._prompts for noun in prompt] == list(nouns)
    assert len(backend._prompts) > 2
    tokenizer, most = backend._pretrained.processor.tokenizer, backend._pretrained.model.config.max_text_len
    lengths = [len(tokenizer(" ".join(f"{noun}." for noun in prompt))["input_ids"]) for prompt in backend._prompts]
    assert max(lengths) <= most == 24
    labels = {thing.label for thing in backend.run([video(pictures()[0])])[0].data.keyframes[0]}
    assert labels & set(backend._prompts[-1]), "what only the last prompt asks for is found"


def test_omdets_sentence_is_never_cut_off(vision_checkpoint: Checkpoint) -> None:
    backend = loaded(
        OmDetTurbo, vision_checkpoint("omdet_turbo"), vocabulary=[*NOUNS, "refrigerator", "microphone", "dog collar"]
    )
    tokenizer = backend._pretrained.processor.tokenizer
    lengths = [len(tokenizer(f"Detect {', '.join(run)}.")["input_ids"]) for run in backend._runs]
    assert len(lengths) > 1
    assert max(lengths) <= 77


@pytest.mark.parametrize(
    ("kind", "name", "noun"),
    [(GroundingDino, "grounding_dino", "q" * 40), (OmDetTurbo, "omdet_turbo", "\N{SNOWMAN}" * 60)],
    ids=["grounding_dino", "omdet_turbo"],
)
def test_a_noun_no_prompt_can_hold(vision_checkpoint: Checkpoint, kind: type[Detector], name: str, noun: str) -> None:
    with pytest.raises(BackendUnavailable, match=r"takes \d+ tokens"):
        loaded(kind, vision_checkpoint(name), vocabulary=[noun])


class Answers:
    """Stands for a model whose output is known."""

    def __init__(self, config: Any, **output: Any) -> None:
        self.config, self._output = config, output

    def __call__(self, **_: Any) -> Any:
        return SimpleNamespace(**self._output)


def test_grounding_dinos_tokens_are_read_as_the_vocabularys_nouns(vision_checkpoint: Checkpoint) -> None:
    import torch

    backend = loaded(GroundingDino, vision_checkpoint("grounding_dino"), vocabulary=NOUNS[:3], threshold=0.3)
    # [CLS] person . dog . coffee cup . [SEP]
    logits = torch.full((1, 3, 24), -9.0)
    logits[0, 0, [5, 6]] = torch.tensor([0.8, 0.2]).logit()
    logits[0, 1, [1, 3]] = torch.tensor([0.4, 0.7]).logit()
    logits[0, 2, 6] = torch.tensor(0.5).logit()
    boxes = torch.tensor([[[0.5, 0.5, 0.2, 0.4], [0.25, 0.5, 0.5, 1.2], [0.5, 0.5, 0.1, 0.1]]])
    config = backend._pretrained.model.config
    backend._pretrained = replace(backend._pretrained, model=Answers(config, logits=logits, pred_boxes=boxes))
    found = backend.run([video(pictures()[0])])[0].data.keyframes[0]
    assert [(thing.label, thing.confidence) for thing in found] == [("dog", 0.7), ("coffee cup", 0.5)]
    assert found[1].box == (0.4, 0.3, 0.2, 0.4)
    assert found[0].box == (0.0, 0.0, 0.5, 1.0), "cut to the frame"


def test_owlv2s_boxes_are_of_a_padded_square(vision_checkpoint: Checkpoint) -> None:
    import torch

    backend = loaded(Owlv2, vision_checkpoint("owlv2"), threshold=0.3)
    logits = torch.full((1, 2, len(NOUNS)), -9.0)
    logits[0, 0, 4] = 2.0
    boxes = torch.tensor([[[0.25, 0.5, 0.25, 0.5], [0.5, 0.5, 1, 1]]])
    output = {"logits": logits, "pred_boxes": boxes}
    backend._pretrained = replace(backend._pretrained, model=Answers(backend._pretrained.model.config, **output))
    (thing,) = backend.run([video(pictures(height=160, width=80)[0])])[0].data.keyframes[0]
    # The square is 160 pixels wide: 20 to 60 of its pixels are 20 to 60 of the picture's 80.
    assert (thing.label, thing.box) == ("red shoe", (0.25, 0.25, 0.5, 0.5))


@pytest.mark.parametrize(
    ("seen", "kept"),
    [
        pytest.param([(0, 0.9, 0.0), (0, 0.8, 0.01)], [("person", 0.9)], id="one object twice"),
        pytest.param([(0, 0.7, 0.0), (0, 0.8, 0.01)], [("person", 0.8)], id="the surer one stays"),
        pytest.param([(0, 0.9, 0.0), (1, 0.8, 0.0)], [("person", 0.9), ("dog", 0.8)], id="two nouns in one place"),
        pytest.param([(0, 0.9, 0.0), (0, 0.8, 0.5)], [("person", 0.9), ("person", 0.8)], id="two places"),
        pytest.param([(0, 0.9, 1.5)], [], id="outside the frame"),
        pytest.param([], [], id="nothing"),
    ],
)
def test_boxes_of_one_noun_that_overlap_are_one(seen: list[Any], kept: list[Any]) -> None:
    import torch

    detections = [Detection(noun, score, (left, 0.1, left + 0.4, 0.5)) for noun, score, left in seen]
    pretrained: Any = SimpleNamespace(torch=torch)
    found = _merged(pretrained, detections, nouns=NOUNS, overlap=0.5)
    assert [(thing.label, thing.confidence) for thing in found] == kept


def test_scores_that_are_no_numbers_are_no_objects() -> None:
    import torch

    from actors.objects.detector import sightings

    scores = torch.tensor([float("nan"), 0.6])
    found = sightings(scores, torch.tensor([0, 1]), torch.tensor([[0.0, 0, 1, 1]] * 2), threshold=0.0)
    assert [(thing.noun, round(thing.score, 3)) for thing in found] == [(1, 0.6)]


@pytest.mark.parametrize(("kind", "name"), KINDS)
def test_other_detectors_are_refused(vision_checkpoint: Checkpoint, kind: type[Detector], name: str) -> None:
    other = "owlv2" if name == "omdet_turbo" else "omdet_turbo"
    with pytest.raises(BackendUnavailable, match="is needed here"):
        loaded(kind, vision_checkpoint(other))


@pytest.mark.parametrize(("wants", "reason"), [(True, "pip install timm"), (False, None)])
def test_omdet_says_that_its_published_weights_want_timm(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    wants: bool,  # noqa: FBT001 - a table's column
    reason: str | None,
) -> None:
    monkeypatch.setattr(omdet_turbo, "find_spec", lambda _name: None)
    (tmp_path / "model.safetensors").touch()
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "omdet-turbo", "use_timm_backbone": wants}))
    said = OmDetTurbo.lacking(OmDetTurbo.options_type(model=str(tmp_path)))
    assert said is None if reason is None else reason in said


def test_half_precision_is_autocast_over_float32_weights(vision_checkpoint: Checkpoint) -> None:
    backend = loaded(GroundingDino, vision_checkpoint("grounding_dino"))
    assert {str(weight.dtype) for weight in backend._pretrained.model.parameters()} == {"torch.float32"}
    assert backend._precision(None) == "float32"
    assert np.isfinite([t.confidence for t in backend.run([video(pictures()[1])])[0].data.keyframes[0]]).all()
