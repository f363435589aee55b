"""A wav2vec2 aligner of no size with random weights: the alphabet is real, the times it finds are not."""

from __future__ import annotations

import json
from pathlib import Path

ALPHABET = "abcdefghijklmnopqrstuvwxyzæøå'"
"""No digits and no signs: what has none of these letters cannot be aligned."""


def make_aligner(folder: Path) -> Path:
    """Write a model and its processor as `transformers` keeps them, and return the folder."""
    import torch
    from transformers import (
        Wav2Vec2Config,
        Wav2Vec2CTCTokenizer,
        Wav2Vec2FeatureExtractor,
        Wav2Vec2ForCTC,
        Wav2Vec2Processor,
    )

    folder.mkdir(parents=True)
    letters = ["<pad>", "<s>", "</s>", "<unk>", "|", *ALPHABET]
    vocabulary = folder / "vocab.json"
    vocabulary.write_text(json.dumps({letter: at for at, letter in enumerate(letters)}))
    listen = Wav2Vec2FeatureExtractor(sampling_rate=16_000, do_normalize=True)
    Wav2Vec2Processor(listen, Wav2Vec2CTCTokenizer(str(vocabulary))).save_pretrained(folder)
    torch.manual_seed(5)
    config = Wav2Vec2Config(
        vocab_size=len(letters),
        hidden_size=32,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=32,
        conv_dim=(32,) * 7,
        num_conv_pos_embeddings=16,
        num_conv_pos_embedding_groups=2,
        pad_token_id=0,
    )
    Wav2Vec2ForCTC(config).save_pretrained(folder)
    return folder
