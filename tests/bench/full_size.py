"""Models of full size with random weights, saved as transformers saves them: what they cost is real, what they say not.

The shapes are those of the models' pages: `Salesforce/blip2-opt-2.7b`, `IDEA-Research/grounding-dino-base`,
`openai/clip-vit-base-patch32`. Tokenizers are small ones of whole words, whose ids the models' vocabularies hold.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path[:0] = [str(Path(__file__).resolve().parents[2]), str(Path(__file__).resolve().parents[1] / "checkpoints")]

import vision

from actors.captions.blip2 import OPT
from actors.frames.clip import BASE as CLIP_BASE
from actors.objects.grounding_dino import BASE as GROUNDING_DINO_BASE


@dataclass(frozen=True, slots=True)
class Subject:
    """A backend to be measured, and what makes a checkpoint for it: of full size, and a small one to try the bench.

    model: the name on the hub of what the full one has the shape of. small_options: what keeps the small one small
    on a processor.
    """

    stage: str
    backend: str
    model: str
    full: Callable[[Path], Path]
    small: Callable[[Path], Path]
    small_options: Mapping[str, Any] = field(default_factory=dict)


def blip2(folder: Path) -> Path:
    """Save a BLIP-2 on OPT of 2.7 billion weights (ViT-g, Q-Former of 32 queries), in half precision."""
    import torch
    from transformers import (
        Blip2Config,
        Blip2ForConditionalGeneration,
        Blip2Processor,
        BlipImageProcessorFast,
        OPTConfig,
    )

    specials = ["<pad>", "</s>", "<unk>", "<image>"]
    words = {f"word{number}" for number in range(2000)}
    roles = {"pad_token": "<pad>", "eos_token": "</s>", "bos_token": "</s>"}
    tokenizer = vision.word_tokenizer(words, specials=specials, **roles)
    text = OPTConfig(
        vocab_size=50272, hidden_size=2560, ffn_dim=10240, num_hidden_layers=32, num_attention_heads=32,
        max_position_embeddings=2048, word_embed_proj_dim=2560, pad_token_id=0, bos_token_id=1, eos_token_id=1,
    )  # fmt: skip
    config = Blip2Config(text_config=text.to_dict(), num_query_tokens=32, image_token_index=3)
    model = _random(Blip2ForConditionalGeneration, config, dtype=torch.float16)
    model.save_pretrained(folder)
    processor = Blip2Processor(
        BlipImageProcessorFast(size={"height": 224, "width": 224}), tokenizer, num_query_tokens=32
    )
    processor.save_pretrained(folder)
    return folder


def grounding_dino(folder: Path) -> Path:
    """Save a GroundingDINO on Swin-B with 900 queries and 256 tokens, in single precision as it must stay."""
    import torch
    from transformers import (
        GroundingDinoConfig,
        GroundingDinoForObjectDetection,
        GroundingDinoImageProcessor,
        GroundingDinoProcessor,
        SwinConfig,
    )

    from actors.objects.grounding_dino import GroundingDinoOptions

    words = {word for noun in GroundingDinoOptions().vocabulary for word in noun.lower().split()}
    tokenizer = vision.bert_tokenizer(folder, words)
    backbone = SwinConfig(
        embed_dim=128, depths=[2, 2, 18, 2], num_heads=[4, 8, 16, 32], window_size=12, image_size=384,
        out_features=["stage2", "stage3", "stage4"],
    )  # fmt: skip
    config = GroundingDinoConfig(backbone_config=backbone, use_pretrained_backbone=False, disable_custom_kernels=True)
    model = _random(GroundingDinoForObjectDetection, config, dtype=torch.float32)
    model.save_pretrained(folder)
    GroundingDinoProcessor(GroundingDinoImageProcessor(), tokenizer).save_pretrained(folder)
    return folder


def clip(folder: Path) -> Path:
    """Save a CLIP ViT-B/32 (the sizes transformers takes by itself)."""
    import torch
    from transformers import CLIPConfig, CLIPImageProcessorFast, CLIPModel, CLIPProcessor

    tokenizer = vision.clip_tokenizer(folder, length=77)
    ends = {"bos_token_id": tokenizer.bos_token_id, "eos_token_id": tokenizer.eos_token_id}
    model = _random(CLIPModel, CLIPConfig(text_config=ends), dtype=torch.float32)
    model.save_pretrained(folder)
    CLIPProcessor(CLIPImageProcessorFast(), tokenizer).save_pretrained(folder)
    return folder


SUBJECTS = (
    Subject("captions", "captions.blip2", OPT, blip2, lambda folder: vision.blip2(folder, steps=1)),
    Subject(
        "objects",
        "objects.grounding_dino",
        GROUNDING_DINO_BASE,
        grounding_dino,
        vision.grounding_dino,
        {"side": 160, "vocabulary": ["dog", "car"]},
    ),
    Subject("frames", "frames.clip", CLIP_BASE, clip, vision.clip),
)


def _random(kind: Any, config: Any, *, dtype: Any) -> Any:
    """Make a model with random weights where that is fast: on the card, where there is one."""
    import torch

    torch.manual_seed(0)
    before = torch.get_default_dtype()
    torch.set_default_dtype(dtype)
    try:
        with torch.device("cuda" if torch.cuda.is_available() else "cpu"):
            return kind(config)
    finally:
        torch.set_default_dtype(before)
