"""Captions by models: real libraries, and a BLIP-2 that was taught four pictures."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

pytest.importorskip("transformers", reason="the extra `models` is not installed")

from items import audio_only, video, with_unreadable_keyframe
from vision import CAPTIONS, PROMPT, pictures

from actors.backend import Outcome, StageStatus
from actors.captions.blip import Blip, BlipOptions
from actors.captions.blip2 import FLAN_T5, OPT, Blip2, Blip2Options
from actors.captions.captioner import Captioner, _caption, _distinct, read_out
from actors.captions.image_text_to_text import ImageTextToText, ImageTextToTextOptions
from actors.errors import BackendUnavailable, BadInput, OutOfMemory
from actors.results import Caption

Checkpoint = Callable[[str], Path]


def loaded(kind: type[Captioner], folder: Path, **options: Any) -> Captioner:
    backend = kind(kind.options_type(**({"model": str(folder), "max_new_tokens": 12} | options)))
    backend.load()
    return backend


@pytest.fixture(scope="module")
def blip2(vision_checkpoint: Checkpoint) -> Callable[..., Captioner]:
    return lambda **options: loaded(Blip2, vision_checkpoint("blip2"), **options)


def said(outcomes: list[Outcome]) -> list[list[str]]:
    return [[caption.text for caption in found] for outcome in outcomes for found in outcome.data.keyframes]


@pytest.mark.parametrize("prompt", ["", PROMPT], ids=["without a prompt", "with a prompt, which is not echoed"])
def test_four_taught_pictures_of_two_videos(blip2: Callable[..., Captioner], prompt: str) -> None:
    first, *others = pictures()
    outcomes = blip2(prompt=prompt).run([video(first), audio_only(), video(*others)])
    assert [outcome.status for outcome in outcomes] == [StageStatus.DONE, StageStatus.NO_VIDEO, StageStatus.DONE]
    assert said([outcomes[0], outcomes[2]]) == [[text] for text in CAPTIONS]
    confidences = [found[0].confidence for o in (outcomes[0], outcomes[2]) for found in o.data.keyframes]
    assert min(confidences) > 0.9


def test_confidence_is_the_probability_the_model_gives_the_sentence(blip2: Callable[..., Captioner]) -> None:
    import torch

    backend = blip2()
    caption = backend.run([video(pictures()[0])])[0].data.keyframes[0][0]
    model, processor = backend._pretrained.model, backend._pretrained.processor
    pixels = processor(images=[video_picture(pictures()[0])], return_tensors="pt")["pixel_values"]
    answer = [*processor.tokenizer.encode(caption.text, add_special_tokens=False), 1]
    with torch.inference_mode():
        logits = model(pixel_values=pixels, input_ids=torch.tensor([[3, 3, 3, 3, 1, *answer]])).logits[0]
    forced = torch.log_softmax(logits[4:-1], dim=-1)[range(len(answer)), answer].mean().exp().item()
    assert caption.confidence == pytest.approx(forced, abs=2e-3)


def video_picture(picture: np.ndarray) -> np.ndarray:
    """A picture after its way through JPEG."""
    from actors.models.keyframe_model import Keyframe

    return Keyframe(video(picture).keyframes[0], 0).picture()


def test_several_captions_are_distinct_and_the_likeliest_comes_first(blip2: Callable[..., Captioner]) -> None:
    (outcome,) = blip2(captions=3).run([video(*pictures())])
    for found, taught in zip(outcome.data.keyframes, CAPTIONS, strict=True):
        assert 2 <= len(found) <= 3
        assert len({caption.text for caption in found}) == len(found)
        assert found[0].text == taught
        assert [c.confidence for c in found] == sorted((c.confidence for c in found), reverse=True)


def spied(backend: Captioner, monkeypatch: pytest.MonkeyPatch, *, fits: int = 99) -> list[int]:
    """Return the sizes of the batches that the model is given; larger ones than fit run out of memory."""
    sizes, real = [], backend._pretrained.model.generate

    def generate(**inputs: Any) -> Any:
        sizes.append(len(inputs["pixel_values"]))
        if sizes[-1] > fits:
            raise RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB")
        return real(**inputs)

    monkeypatch.setattr(backend._pretrained.model, "generate", generate)
    return sizes


@pytest.mark.parametrize(
    ("batch_size", "fits", "sizes"),
    [(8, 99, [4]), (3, 99, [3, 1]), (4, 2, [4, 2, 2]), (4, 1, [4, 2, 1, 1, 1, 1])],
    ids=["two videos in one batch", "a batch across videos", "halved once", "down to singles"],
)
def test_keyframes_of_several_videos_share_batches_that_fit(
    blip2: Callable[..., Captioner], monkeypatch: pytest.MonkeyPatch, batch_size: int, fits: int, sizes: list[int]
) -> None:
    backend = blip2(batch_size=batch_size)
    seen = spied(backend, monkeypatch, fits=fits)
    first, *others = pictures()
    assert said(backend.run([video(first), video(*others)])) == [[text] for text in CAPTIONS]
    assert seen == sizes


def test_a_single_picture_that_does_not_fit_is_out_of_memory(
    blip2: Callable[..., Captioner], monkeypatch: pytest.MonkeyPatch
) -> None:
    backend = blip2()
    spied(backend, monkeypatch, fits=0)
    with pytest.raises(OutOfMemory):
        backend.run([video(pictures()[0])])


def test_a_keyframe_that_is_no_picture_is_bad_input(blip2: Callable[..., Captioner]) -> None:
    with pytest.raises(BadInput, match="keyframe 2"):
        blip2().run([with_unreadable_keyframe()])


def _generated(rows: list[list[str]], probability: float, tokenizer: Any) -> Any:
    """What `generate` would return: every token of every row with the same probability, after a prompt of two."""
    import torch

    ids = torch.tensor([tokenizer.convert_tokens_to_ids(row) for row in rows])
    rest = (1 - probability) / (len(tokenizer) - 1)
    steps = []
    for step in range(ids.shape[1]):
        logits = torch.full((len(rows), len(tokenizer)), rest).log()
        logits[range(len(rows)), ids[:, step]] = float(np.log(probability))
        steps.append(logits)
    prompt = torch.full((len(rows), 2), tokenizer.convert_tokens_to_ids("paper"))
    return SimpleNamespace(sequences=torch.cat([prompt, ids], dim=1), logits=tuple(steps))


@pytest.mark.parametrize(
    ("row", "caption"),
    [
        (["red", "dot", "on", "grey"], ("red dot on grey", 0.5)),
        (["red", "dot", "</s>", "<pad>"], ("red dot", 0.5)),
        (["</s>", "<pad>", "<pad>", "<pad>"], ("", 0.5)),
        (["red", "</s>", "blue", "blue"], ("red", 0.5)),
        (["this", "picture", "shows", "red"], ("red", 0.5)),
    ],
    ids=["cut off", "padded", "empty", "nothing counts after the end", "echo"],
)
def test_rows_are_read_to_their_end(blip2: Callable[..., Captioner], row: list[str], caption: Any) -> None:
    pretrained = blip2()._pretrained
    generated = _generated([row], 0.5, pretrained.processor.tokenizer)
    # The padding's probability is another one, as the model's is.
    for step, word in enumerate(row):
        if word == "<pad>":
            generated.logits[step][:] = 0.0
    (found,) = read_out(pretrained, generated, prompt="this picture shows")
    assert (found.text, found.confidence) == (caption[0], pytest.approx(caption[1], abs=1e-3))


@pytest.mark.parametrize(
    ("text", "prompt", "caption"),
    [
        ("apple on a table", "a", "apple on a table"),
        ("A photo of a dog", "a photo of", "a dog"),
        ("a photo", "a photo", ""),
        ("a photo of a dog", "", "a photo of a dog"),
        ("it shows: dogs", "it shows:", "dogs"),
    ],
    ids=["inside a word", "whole words", "nothing else", "no prompt", "a prompt that ends in a sign"],
)
def test_only_whole_words_of_the_prompt_are_an_echo(text: str, prompt: str, caption: str) -> None:
    assert _caption(text, 0.5, prompt=prompt).text == caption


def test_a_row_of_no_number_says_nothing(blip2: Callable[..., Captioner]) -> None:
    pretrained = blip2()._pretrained
    generated = _generated([["red", "dot"]], 0.5, pretrained.processor.tokenizer)
    generated.logits[0][:] = float("nan")
    (found,) = read_out(pretrained, generated, prompt="")
    assert (found.text, found.confidence) == ("", None)


def test_empty_captions_and_repetitions_are_left_out() -> None:
    found = [("A dog.", 0.3), ("", 0.9), ("a dog", 0.5), ("a cat", 0.4)]
    kept = _distinct([Caption(text=text, confidence=confidence) for text, confidence in found])
    assert [(caption.text, caption.confidence) for caption in kept] == [("a dog", 0.5), ("a cat", 0.4)]
    assert _distinct([Caption(text="", confidence=0.9)]) == ()


@pytest.mark.parametrize("captions", [1, 3])
def test_blip_ends_at_the_token_its_tokenizer_names(vision_checkpoint: Checkpoint, captions: int) -> None:
    backend = loaded(Blip, vision_checkpoint("blip"), captions=captions, prompt=PROMPT)
    found = backend.run([video(*pictures())])[0].data.keyframes
    assert len(found) == 4
    for caption in (caption for captions_ in found for caption in captions_):
        assert 0 < caption.confidence < 1
        assert "[" not in caption.text


def test_chat_models_are_asked_by_their_template(vision_checkpoint: Checkpoint) -> None:
    backend = loaded(ImageTextToText, vision_checkpoint("qwen2_vl"))
    text = backend._text(backend._pretrained.processor)
    assert text == (
        "<|im_start|><|vision_start|><|image_pad|><|vision_end|>Describe this picture in one sentence."
        "<|im_end|><|im_start|>"
    )


def test_pictures_of_several_sizes_say_in_a_batch_what_they_say_alone(vision_checkpoint: Checkpoint) -> None:
    backend = loaded(ImageTextToText, vision_checkpoint("qwen2_vl"))
    upright, wide = pictures()[0], pictures(height=40, width=160)[1]
    inputs = backend._inputs(backend._pretrained, [upright, wide])
    assert len({row.sum().item() for row in inputs["attention_mask"]}) == 2, "their prompts differ in length"
    assert inputs["attention_mask"][:, -1].all(), "nothing stands between a prompt and what is generated"
    (together,) = backend.run([video(upright, wide)])
    alone = backend.run([video(upright)]) + backend.run([video(wide)])
    for batched, single in zip(together.data.keyframes, [o.data.keyframes[0] for o in alone], strict=True):
        assert [caption.text for caption in batched] == [caption.text for caption in single]
        assert batched[0].confidence == pytest.approx(single[0].confidence, abs=2e-3)


def test_models_without_a_template_go_on_writing_after_the_prompt(vision_checkpoint: Checkpoint) -> None:
    backend = loaded(ImageTextToText, vision_checkpoint("blip2"), prompt=PROMPT)
    assert said(backend.run([video(*pictures())])) == [[text] for text in CAPTIONS]


@pytest.mark.parametrize(
    ("kind", "device", "text", "precision"),
    [
        (Blip2, "cpu", "opt", "float32"),
        (Blip2, "cuda", "opt", "float16"),
        (Blip2, "cuda", "t5", "bfloat16"),
        (Blip, "cuda", "bert", "float16"),
        (ImageTextToText, "cuda", "qwen2", "bfloat16"),
        (ImageTextToText, "cpu", "qwen2", "float32"),
    ],
)
def test_precision(kind: type[Captioner], device: str, text: str, precision: str) -> None:
    config = SimpleNamespace(text_config=SimpleNamespace(model_type=text))
    assert kind(kind.options_type(device=device))._precision(config) == precision


def test_other_models_are_refused_instead_of_filled_with_chance(vision_checkpoint: Checkpoint) -> None:
    with pytest.raises(BackendUnavailable, match="type blip; blip-2 is needed"):
        loaded(Blip2, vision_checkpoint("blip"))


@pytest.mark.parametrize(
    ("kind", "options", "commercial"),
    [
        (Blip2, Blip2Options(), False),
        (Blip2, Blip2Options(model=FLAN_T5), True),
        (Blip2, Blip2Options(model="someone/blip2-tuned"), None),
        (Blip, BlipOptions(), True),
        (ImageTextToText, ImageTextToTextOptions(), True),
    ],
    ids=["OPT", "T5", "unknown", "BLIP", "Qwen2-VL"],
)
def test_assets_tell_the_licence(
    kind: Any,
    options: Any,
    commercial: bool | None,  # noqa: FBT001 - a table's column
) -> None:
    (asset,) = kind.assets(options)
    assert (asset.name, asset.commercial) == (options.model, commercial)
    assert "no commercial use" in asset.licence or asset.name != OPT
    assert asset.instead == (FLAN_T5 if asset.name == OPT else None)
    assert kind.assets(options.model_copy(update={"model": "/srv/model"})) == ()


def test_resources_follow_model_and_device(vision_checkpoint: Checkpoint) -> None:
    on_host, on_card = (Blip2.resources_for(Blip2Options(device=device)) for device in ("cpu", "cuda"))
    assert (on_host.vram_mib, on_card.vram_mib) == (0, 8500)
    assert on_host.ram_mib > 14300 > on_card.ram_mib
    folder = str(vision_checkpoint("blip2"))
    assert Blip2.resources_for(Blip2Options(model=folder)).ram_mib < 2000 < on_host.ram_mib
