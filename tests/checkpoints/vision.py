"""Small captioning models and detectors, made by transformers itself and saved as it saves them.

They prove layout, shapes and control flow; what they say about pictures they were not overfitted on means nothing.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

SIDE = 32
CAPTIONS = ("a red square on grey", "two blue bars", "a green dot", "white paper")
"""What the overfitted captioner says about the four pictures of `pictures`."""
PROMPT = "this picture shows"


def pictures(*, height: int = 160, width: int = 90) -> list[NDArray[np.uint8]]:
    """Four plain drawings, RGB uint8, upright as a phone's: a square, bars, a dot, and nothing on white."""
    canvas = [np.full((height, width, 3), level, np.uint8) for level in (90, 30, 150, 250)]
    cv2.rectangle(canvas[0], (20, 40), (70, 90), (220, 20, 20), -1)
    cv2.rectangle(canvas[1], (10, 20), (25, 140), (20, 20, 230), -1)
    cv2.rectangle(canvas[1], (55, 20), (70, 140), (20, 20, 230), -1)
    cv2.circle(canvas[2], (45, 80), 25, (20, 200, 20), -1)
    return canvas


def jpeg(picture: NDArray[np.uint8]) -> bytes:
    """Encode a picture, RGB, as a keyframe is."""
    written, encoded = cv2.imencode(".jpg", cv2.cvtColor(picture, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, 95])
    assert written
    return encoded.tobytes()


def word_tokenizer(words: set[str], *, specials: list[str], kind: str = "PreTrainedTokenizerFast", **roles: str) -> Any:
    """Return a tokenizer of whole words that joins them by spaces again."""
    import transformers
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers

    vocabulary = {token: index for index, token in enumerate([*specials, *sorted(words)])}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.decoder = decoders.WordPiece(prefix="##")
    made = getattr(transformers, kind)(tokenizer_object=tokenizer, unk_token="<unk>", **roles)
    made.add_special_tokens({"additional_special_tokens": [s for s in specials if s not in {"<unk>", *roles.values()}]})
    return made


def _words(*texts: str) -> set[str]:
    return {word for text in texts for word in text.split()}


def image_processor() -> Any:
    from transformers import BlipImageProcessorFast

    return BlipImageProcessorFast(size={"height": SIDE, "width": SIDE})


def blip2(folder: Path, *, steps: int = 160) -> Path:
    """Save a BLIP-2 on OPT that answers `CAPTIONS` for `pictures`, with and without `PROMPT`."""
    import torch
    from transformers import Blip2Config, Blip2ForConditionalGeneration, Blip2Processor, OPTConfig

    torch.manual_seed(0)
    specials = ["<pad>", "</s>", "<unk>", "<image>"]
    tokenizer = word_tokenizer(
        _words(*CAPTIONS, PROMPT), specials=specials, pad_token="<pad>", eos_token="</s>", bos_token="</s>"
    )
    inner = {"hidden_size": 64, "intermediate_size": 128, "num_attention_heads": 2}
    text = OPTConfig(
        vocab_size=len(tokenizer), hidden_size=64, ffn_dim=128, num_hidden_layers=2, num_attention_heads=2,
        max_position_embeddings=64, word_embed_proj_dim=64, pad_token_id=0, bos_token_id=1, eos_token_id=1, dropout=0.0,
    )  # fmt: skip
    config = Blip2Config(
        vision_config=inner | {"num_hidden_layers": 1, "image_size": SIDE, "patch_size": 16},
        qformer_config=inner | {"num_hidden_layers": 2, "encoder_hidden_size": 64, "vocab_size": 32},
        text_config=text.to_dict(),
        num_query_tokens=4,
        image_token_index=3,
    )
    model = Blip2ForConditionalGeneration(config)
    processor = Blip2Processor(image_processor(), tokenizer, num_query_tokens=4)
    _overfit_blip2(model, processor, steps=steps)
    model.save_pretrained(folder)
    processor.save_pretrained(folder)
    return folder


def _overfit_blip2(model: Any, processor: Any, *, steps: int) -> None:
    """Teach the four captions; they begin after `</s>` and end with it, else nothing is generated."""
    import torch

    tokenizer = processor.tokenizer
    pixels = processor(images=pictures(), return_tensors="pt")["pixel_values"]
    batches = []
    for start in ([], tokenizer.encode(PROMPT, add_special_tokens=False)):
        head = [3] * 4 + (start or [1])
        rows = [[*head, *tokenizer.encode(text, add_special_tokens=False), 1] for text in CAPTIONS]
        longest = max(map(len, rows))
        ids = torch.tensor([row + [0] * (longest - len(row)) for row in rows])
        labels = ids.masked_fill(ids == 0, -100)
        labels[:, : len(head)] = -100
        batches.append({"input_ids": ids, "attention_mask": (ids != 0).long(), "labels": labels})
    model.train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    for step in range(steps):
        loss = model(pixel_values=pixels, **batches[step % 2]).loss
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    model.eval()


def blip(folder: Path) -> Path:
    """Save a BLIP with random weights."""
    import torch
    from transformers import BertTokenizerFast, BlipConfig, BlipForConditionalGeneration, BlipProcessor

    torch.manual_seed(0)
    folder.mkdir(parents=True, exist_ok=True)
    tokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "[DEC]", *sorted(_words(*CAPTIONS, PROMPT))]
    (folder / "vocab.txt").write_text("\n".join(tokens) + "\n")
    tokenizer = BertTokenizerFast(vocab_file=str(folder / "vocab.txt"))
    inner = {"hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 1, "num_attention_heads": 2}
    text = inner | {
        "encoder_hidden_size": 32, "vocab_size": len(tokens), "max_position_embeddings": 64,
        "bos_token_id": 5, "eos_token_id": 3, "sep_token_id": 3, "pad_token_id": 0,
    }  # fmt: skip
    config = BlipConfig(text_config=text, vision_config=inner | {"image_size": SIDE, "patch_size": 16})
    BlipForConditionalGeneration(config).save_pretrained(folder)
    BlipProcessor(image_processor(), tokenizer).save_pretrained(folder)
    return folder


CHAT = (
    "{% for message in messages %}<|im_start|>{% for part in message['content'] %}{% if part['type'] == 'image' %}"
    "<|vision_start|><|image_pad|><|vision_end|>{% else %}{{ part['text'] }}{% endif %}{% endfor %}<|im_end|>"
    "{% endfor %}{% if add_generation_prompt %}<|im_start|>{% endif %}"
)


def qwen2_vl(folder: Path) -> Path:
    """Save a Qwen2-VL with random weights and a chat template."""
    import torch
    from transformers import (
        Qwen2VLConfig,
        Qwen2VLForConditionalGeneration,
        Qwen2VLImageProcessorFast,
        Qwen2VLProcessor,
        Qwen2VLVideoProcessor,
    )

    torch.manual_seed(0)
    specials = ["<|endoftext|>", "<unk>", "<|im_start|>", "<|im_end|>", "<|vision_start|>", "<|vision_end|>",
                "<|image_pad|>", "<|video_pad|>"]  # fmt: skip
    words = _words(*CAPTIONS, "Describe this picture in one sentence .")
    tokenizer = word_tokenizer(
        words, specials=specials, kind="Qwen2TokenizerFast", pad_token="<|endoftext|>", eos_token="<|im_end|>"
    )
    text = {
        "vocab_size": len(tokenizer), "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 1,
        "num_attention_heads": 2, "num_key_value_heads": 1, "max_position_embeddings": 512,
        "rope_scaling": {"type": "mrope", "mrope_section": [2, 3, 3]}, "bos_token_id": 2, "eos_token_id": 3,
        "pad_token_id": 0,
    }  # fmt: skip
    config = Qwen2VLConfig(
        text_config=text,
        vision_config={"depth": 1, "embed_dim": 32, "hidden_size": 32, "num_heads": 2, "patch_size": 14},
        image_token_id=6, video_token_id=7, vision_start_token_id=4, vision_end_token_id=5,
    )  # fmt: skip
    Qwen2VLForConditionalGeneration(config).save_pretrained(folder)
    images = Qwen2VLImageProcessorFast(min_pixels=28 * 28, max_pixels=112 * 112)
    Qwen2VLProcessor(images, tokenizer, Qwen2VLVideoProcessor(), chat_template=CHAT).save_pretrained(folder)
    return folder


def bert_tokenizer(folder: Path, words: set[str]) -> Any:
    """Return a BERT tokenizer whose words are whole, with letters to spell unknown ones."""
    from transformers import BertTokenizerFast

    folder.mkdir(parents=True, exist_ok=True)
    letters = "abcdefghijklmnopqrstuvwxyz"
    pieces = [*letters, *(f"##{letter}" for letter in letters)]
    tokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", ".", "?", *sorted(words - set(letters)), *pieces]
    (folder / "vocab.txt").write_text("\n".join(tokens) + "\n")
    return BertTokenizerFast(vocab_file=str(folder / "vocab.txt"))


def clip_tokenizer(folder: Path, *, length: int) -> Any:
    """Return a CLIP tokenizer that spells every word by its letters."""
    import json

    from transformers import CLIPTokenizerFast

    folder.mkdir(parents=True, exist_ok=True)
    letters = [chr(code) for code in range(33, 127)]
    tokens = [*letters, *(f"{letter}</w>" for letter in letters), "<|startoftext|>", "<|endoftext|>"]
    (folder / "vocab.json").write_text(json.dumps({token: index for index, token in enumerate(tokens)}))
    (folder / "merges.txt").write_text("#version: 0.2\n")
    files = {"vocab_file": str(folder / "vocab.json"), "merges_file": str(folder / "merges.txt")}
    return CLIPTokenizerFast(**files, model_max_length=length, pad_token="<|endoftext|>")


def _swin() -> dict[str, Any]:
    return {
        "model_type": "swin", "embed_dim": 16, "depths": [1, 1, 1, 1], "num_heads": [1, 1, 2, 2], "window_size": 4,
        "image_size": 64, "out_features": ["stage2", "stage3", "stage4"], "out_indices": [2, 3, 4],
    }  # fmt: skip


def grounding_dino(folder: Path) -> Path:
    """Save a GroundingDINO with random weights that reads 24 tokens at once."""
    import torch
    from transformers import (
        GroundingDinoConfig,
        GroundingDinoForObjectDetection,
        GroundingDinoImageProcessor,
        GroundingDinoProcessor,
        SwinConfig,
    )

    torch.manual_seed(0)
    tokenizer = bert_tokenizer(folder, {"person", "dog", "coffee", "cup", "car", "red", "shoe"})
    text = {"model_type": "bert", "vocab_size": len(tokenizer), "hidden_size": 32, "num_hidden_layers": 1,
            "num_attention_heads": 2, "intermediate_size": 32}  # fmt: skip
    config = GroundingDinoConfig(
        backbone_config=SwinConfig(**{k: v for k, v in _swin().items() if k != "model_type"}),
        text_config=text, use_pretrained_backbone=False, d_model=32, num_queries=12, encoder_layers=1, decoder_layers=1,
        encoder_attention_heads=2, decoder_attention_heads=2, encoder_ffn_dim=32, decoder_ffn_dim=32,
        num_feature_levels=3, max_text_len=24,
    )  # fmt: skip
    GroundingDinoForObjectDetection(config).save_pretrained(folder)
    GroundingDinoProcessor(GroundingDinoImageProcessor(), tokenizer).save_pretrained(folder)
    return folder


def owlv2(folder: Path) -> Path:
    """Save an OWLv2 with random weights."""
    import torch
    from transformers import Owlv2Config, Owlv2ForObjectDetection, Owlv2ImageProcessorFast, Owlv2Processor

    torch.manual_seed(0)
    tokenizer = clip_tokenizer(folder, length=16)
    inner = {"hidden_size": 32, "intermediate_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2}
    ends = {"bos_token_id": tokenizer.bos_token_id, "eos_token_id": tokenizer.eos_token_id}
    config = Owlv2Config(
        text_config=inner | ends | {"vocab_size": len(tokenizer), "max_position_embeddings": 16},
        vision_config=inner | {"image_size": 64, "patch_size": 16},
        projection_dim=32,
    )
    Owlv2ForObjectDetection(config).save_pretrained(folder)
    Owlv2Processor(Owlv2ImageProcessorFast(size={"height": 64, "width": 64}), tokenizer).save_pretrained(folder)
    return folder


def omdet_turbo(folder: Path) -> Path:
    """Save an OmDet-Turbo with random weights, its backbone from transformers."""
    import torch
    from transformers import (
        DetrImageProcessorFast,
        OmDetTurboConfig,
        OmDetTurboForObjectDetection,
        OmDetTurboProcessor,
    )

    torch.manual_seed(0)
    tokenizer = clip_tokenizer(folder, length=77)
    ends = {"bos_token_id": tokenizer.bos_token_id, "eos_token_id": tokenizer.eos_token_id}
    text = {"model_type": "clip_text_model", "vocab_size": len(tokenizer), "hidden_size": 32, "intermediate_size": 32,
            "num_hidden_layers": 1, "num_attention_heads": 2, "projection_dim": 32}  # fmt: skip
    config = OmDetTurboConfig(
        backbone_config=_swin(), use_timm_backbone=False, backbone=None, image_size=64, text_config=text | ends,
        text_projection_in_dim=32, text_projection_out_dim=32, class_embed_dim=32, task_encoder_hidden_dim=32,
        num_queries=12, vision_features_channels=[64, 64, 64], encoder_hidden_dim=64, encoder_in_channels=[32, 64, 128],
        encoder_attention_heads=2, encoder_dim_feedforward=32, decoder_hidden_dim=64, decoder_num_heads=2,
        decoder_num_layers=1, decoder_dim_feedforward=32, apply_layernorm_after_vision_backbone=False,
    )  # fmt: skip
    OmDetTurboForObjectDetection(config).save_pretrained(folder)
    # Padding would make the picture mask that this model cannot read.
    images = DetrImageProcessorFast(size={"height": 64, "width": 64}, do_pad=False)
    OmDetTurboProcessor(images, tokenizer).save_pretrained(folder)
    return folder


def clip(folder: Path) -> Path:
    """Save a CLIP with random weights."""
    import torch
    from transformers import CLIPConfig, CLIPImageProcessorFast, CLIPModel, CLIPProcessor

    torch.manual_seed(0)
    tokenizer = clip_tokenizer(folder, length=77)
    inner = {"hidden_size": 32, "intermediate_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2}
    ends = {"bos_token_id": tokenizer.bos_token_id, "eos_token_id": tokenizer.eos_token_id}
    config = CLIPConfig(
        text_config=inner | ends | {"vocab_size": len(tokenizer), "max_position_embeddings": 77},
        vision_config=inner | {"image_size": SIDE, "patch_size": 16},
        projection_dim=16,
    )
    CLIPModel(config).save_pretrained(folder)
    size = {"height": SIDE, "width": SIDE}
    CLIPProcessor(CLIPImageProcessorFast(size=size, crop_size=size), tokenizer).save_pretrained(folder)
    return folder
