"""Captions by a generating model: the sentences it finds most likely, each with the probability it gave it itself."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from actors.backend import StageItem
from actors.models.keyframe_model import KeyframeModel, KeyframeModelOptions
from actors.models.pretrained import Pretrained
from actors.results import Caption, Captions

BEAMS_PER_CAPTION = 2
"""Beams for each caption wanted: with as many beams as captions, the last ones are what the search gave up."""


class CaptionOptions(KeyframeModelOptions):
    """Settings of every captioner."""

    prompt: str = ""
    """What the model is given before it goes on writing; it is no part of the caption."""
    captions: int = Field(default=1, ge=1, le=3)
    """Different captions per keyframe at most, best first: one by greedy search, more by beams."""
    max_new_tokens: int = Field(default=40, ge=4, le=512)


class Captioner(KeyframeModel[CaptionOptions, tuple[Caption, ...]]):
    """Captions per keyframe; a caption that comes out empty is left out, never replaced."""

    actor: ClassVar[str] = "captions"
    kind: ClassVar[str] = "AutoModelForImageTextToText"

    def _result(self, item: StageItem, found: Sequence[tuple[Caption, ...]]) -> Captions:  # noqa: ARG002 - the pictures say it all
        return Captions(keyframes=tuple(found))

    def _look(self, pictures: Sequence[NDArray[np.uint8]]) -> list[tuple[Caption, ...]]:
        loaded, options = self._loaded(), self.options
        inputs = self._inputs(loaded, pictures).to(loaded.device, loaded.model.dtype)
        captions = options.captions
        with loaded.torch.inference_mode():
            generated = loaded.model.generate(
                **inputs,
                do_sample=False,
                num_beams=1 if captions == 1 else captions * BEAMS_PER_CAPTION,
                num_return_sequences=captions,
                # Without it transformers stops at 20 tokens, of which BLIP-2's picture takes 32.
                max_new_tokens=options.max_new_tokens,
                return_dict_in_generate=True,
                output_logits=True,
            )
        rows = read_out(loaded, generated, prompt=options.prompt)
        return [_distinct(rows[at : at + captions]) for at in range(0, len(rows), captions)]

    def _inputs(self, loaded: Pretrained, pictures: Sequence[NDArray[np.uint8]]) -> Any:
        """Return what the model is given for a batch of pictures, as tensors by name."""
        text = {"text": [self.options.prompt] * len(pictures), "padding": True} if self.options.prompt else {}
        return loaded.processor(images=list(pictures), return_tensors="pt", **text)


def read_out(loaded: Pretrained, generated: Any, *, prompt: str) -> list[Caption]:
    """Return the text and confidence of every generated row, in order; the text is empty where nothing was said.

    The confidence is exp of the mean log-probability of the row's own tokens, its end included, from the raw logits
    (before any processor of logits). What follows the end is padding, whose probabilities mean nothing.
    """
    torch, model, tokenizer = loaded.torch, loaded.model, loaded.processor.tokenizer
    log_probabilities = model.compute_transition_scores(
        generated.sequences, generated.logits, getattr(generated, "beam_indices", None), normalize_logits=True
    )
    # 4.57 returns prompt and image tokens before the answer, for encoder-decoders a start token: the steps tell.
    tokens = generated.sequences[:, -log_probabilities.shape[1] :]
    ends = torch.isin(tokens, torch.tensor(_end_tokens(model, tokenizer), device=tokens.device))
    own = ends.cumsum(dim=1) - ends.long() == 0
    means = log_probabilities.float().where(own, 0.0).sum(dim=1) / own.sum(dim=1)
    texts = tokenizer.batch_decode(
        [row[mask].tolist() for row, mask in zip(tokens, own, strict=True)], skip_special_tokens=True
    )
    return [_caption(text, mean, prompt=prompt) for text, mean in zip(texts, means.exp().cpu().tolist(), strict=True)]


def _caption(text: str, probability: float, *, prompt: str) -> Caption:
    """Return one row as a caption; a row of no number (half precision overflowed) has said nothing."""
    if not math.isfinite(probability):
        return Caption(text="", confidence=None)
    said = " ".join(text.split())
    echo = " ".join(prompt.split())
    # Some models say the prompt again; whole words of it, for "a" also begins "apple".
    if echo and (again := re.match(rf"{re.escape(echo)}(?:(?<!\w)|(?!\w))", said, re.IGNORECASE)):
        said = said[again.end() :].lstrip(" ,.:;")
    return Caption(text=said, confidence=round(min(1.0, probability), 4))


def _distinct(captions: Sequence[Caption]) -> tuple[Caption, ...]:
    """Drop empty captions and repetitions, without regard to case and a final stop; the likeliest comes first."""
    first: dict[str, Caption] = {}
    for caption in sorted(captions, key=lambda caption: -(caption.confidence or 0.0)):
        if caption.text:
            first.setdefault(caption.text.casefold().rstrip(" ."), caption)
    return tuple(first.values())


def _end_tokens(model: Any, tokenizer: Any) -> list[int]:
    """Return every token that ends a sentence of this model or pads what has ended.

    The inner language model decides when to stop: BLIP-2's OPT at a line break, BLIP at [SEP], which only the tokenizer
    names; chat models have several ends.
    """
    found: set[int] = set()
    for module in model.modules():
        ends = getattr(getattr(module, "generation_config", None), "eos_token_id", None)
        found.update(ends if isinstance(ends, list) else [ends] if ends is not None else [])
    named = tokenizer.special_tokens_map
    texts = [named[role] for role in ("eos_token", "sep_token", "pad_token") if role in named]
    return sorted(found.union(tokenizer.convert_tokens_to_ids(texts)))
