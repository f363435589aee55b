"""A tiny Whisper that has learnt four spoken sentences in two languages by heart; made at test time, never shipped.

It proves that sound, language tokens, text and times go the right way through the real libraries, and nothing about how
well anything is recognised. The voices are flite's (English) and espeak-ng's (Norwegian), so no recording is needed.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import wave
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

Sound = NDArray[np.float32]
RATE_HZ = 16_000
WIDTH = 64
SHORT_STEPS, FULL_STEPS = 280, 40
"""Most of the training sees 4 s, at a tenth of the cost of the 30 s that Whisper's encoder is made for."""
SHORT_FRAMES, FULL_FRAMES = 400, 3000
LEARNING_RATE = 3e-3
HELD_TOKENS = 4
"""Start, language, task and `<|notimestamps|>` are never replaced in training."""
LANGUAGES = ("en", "no", "nn", "sv")
SPECIALS = (
    "<|startoftranscript|>",
    *(f"<|{language}|>" for language in LANGUAGES),
    "<|translate|>",
    "<|transcribe|>",
    "<|startoflm|>",
    "<|startofprev|>",
    "<|nospeech|>",
    "<|notimestamps|>",
)
END = "<|endoftext|>"
NOISE = "noise"


@dataclass(frozen=True)
class Spoken:
    """A sentence, its language and the sound of it (float32 mono, 16 kHz)."""

    text: str
    language: str
    sound: Sound

    @property
    def seconds(self) -> float:
        return self.sound.size / RATE_HZ


SENTENCES = (
    ("en", "The red boat waits by the old harbour."),
    ("en", "Seven birds sing in 12 green trees."),
    ("no", "Fjorden ligger stille i dag."),
    ("no", "Været blir bedre når våren kommer."),
)


def spoken_sentences(folder: Path) -> tuple[Spoken, ...]:
    """Let the voices read the sentences; the test skips where a voice is not installed."""
    for program in ("flite", "espeak-ng"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not installed (Debian: apt install flite espeak-ng)")
    return tuple(
        Spoken(text, language, _read_aloud(text, language, folder / f"{at}.wav"))
        for at, (language, text) in enumerate(SENTENCES)
    )


def _read_aloud(text: str, language: str, path: Path) -> Sound:
    voice = ["flite", "-voice", "slt", "-t", text, "-o", str(path)]
    if language == "no":
        voice = ["espeak-ng", "-v", "nb", "-s", "150", "-w", str(path), text]
    subprocess.run(voice, check=True)
    with wave.open(str(path)) as file:
        rate = file.getframerate()
        samples = np.frombuffer(file.readframes(file.getnframes()), np.int16).astype(np.float32) / 32768
    at = np.arange(0, samples.size - 1, rate / RATE_HZ)
    return np.interp(at, np.arange(samples.size), samples).astype(np.float32)


def make_whisper(folder: Path, sentences: tuple[Spoken, ...]) -> Path:
    """Train it and return the folder of its CTranslate2 form, with the tokenizer that faster-whisper wants."""
    from ctranslate2.converters import TransformersConverter

    source, converted = folder / "transformers", folder / "ctranslate2"
    tokenizer = _tokenizer([sentence.text for sentence in sentences], source)
    model = _model(tokenizer)
    _train(model, tokenizer, sentences)
    model.save_pretrained(source)
    (source / "preprocessor_config.json").write_text(json.dumps({"feature_size": 80}))
    converter = TransformersConverter(str(source), copy_files=["tokenizer.json", "preprocessor_config.json"])
    converter.convert(str(converted), quantization="float32")
    return converted


def _tokenizer(texts: list[str], folder: Path) -> Any:
    """Return Whisper's kind of tokenizer over these texts' bytes and most frequent pairs."""
    from tokenizers import AddedToken, ByteLevelBPETokenizer
    from transformers import WhisperTokenizerFast

    folder.mkdir()
    bytes_and_pairs = ByteLevelBPETokenizer()
    bytes_and_pairs.train_from_iterator(["", *(f" {text}" for text in texts)] * 2, vocab_size=330, min_frequency=2)
    bytes_and_pairs.save_model(str(folder))
    vocabulary = json.loads((folder / "vocab.json").read_text())
    # CTranslate2 takes a model for multilingual when its vocabulary holds the empty string (src/models/whisper.cc).
    vocabulary[""] = len(vocabulary)
    vocabulary[END] = len(vocabulary)
    (folder / "vocab.json").write_text(json.dumps(vocabulary))
    made = WhisperTokenizerFast(
        str(folder / "vocab.json"), str(folder / "merges.txt"), unk_token=END, bos_token=END, eos_token=END
    )
    made.add_special_tokens({"additional_special_tokens": [AddedToken(token, special=True) for token in SPECIALS]})
    made.add_tokens([AddedToken(f"<|{step * 0.02:.2f}|>", special=False) for step in range(1501)])
    made.save_pretrained(folder)
    return made


def _model(tokenizer: Any) -> Any:
    import torch
    from transformers import GenerationConfig, WhisperConfig, WhisperForConditionalGeneration

    torch.manual_seed(5)
    end, start = tokenizer.convert_tokens_to_ids([END, SPECIALS[0]])
    config = WhisperConfig(
        vocab_size=len(tokenizer), d_model=WIDTH, encoder_ffn_dim=WIDTH, decoder_ffn_dim=4 * WIDTH,
        encoder_layers=1, decoder_layers=1, encoder_attention_heads=1, decoder_attention_heads=2,
        pad_token_id=end, bos_token_id=end, eos_token_id=end, decoder_start_token_id=start,
        suppress_tokens=None, begin_suppress_tokens=None, dropout=0.0,
    )  # fmt: skip
    model = WhisperForConditionalGeneration(config)
    # A configuration derived from the model's is thrown away on loading, and lang_to_id with it: a fresh one is kept.
    model.generation_config = GenerationConfig(
        lang_to_id={f"<|{name}|>": tokenizer.convert_tokens_to_ids(f"<|{name}|>") for name in LANGUAGES},
        task_to_id={name: tokenizer.convert_tokens_to_ids(f"<|{name}|>") for name in ("transcribe", "translate")},
        is_multilingual=True,
        alignment_heads=[[0, 0], [0, 1]],
        suppress_tokens=[],
        begin_suppress_tokens=[end],
        no_timestamps_token_id=tokenizer.convert_tokens_to_ids("<|notimestamps|>"),
        decoder_start_token_id=start, eos_token_id=end, pad_token_id=end, bos_token_id=end,
    )  # fmt: skip
    return model


def _train(model: Any, tokenizer: Any, sentences: tuple[Spoken, ...]) -> None:
    import torch

    torch.set_num_threads(1)
    rng = np.random.default_rng(5)
    optimiser = torch.optim.AdamW(model.parameters(), lr=LEARNING_RATE, weight_decay=0.01)
    rate = torch.optim.lr_scheduler.OneCycleLR(optimiser, LEARNING_RATE, total_steps=SHORT_STEPS + FULL_STEPS)
    positions = model.model.encoder.embed_positions.weight.detach().clone()
    for frames, steps in ((SHORT_FRAMES, SHORT_STEPS), (FULL_FRAMES, FULL_STEPS)):
        encoder = model.model.encoder
        encoder.config.max_source_positions = frames // 2
        encoder.embed_positions = torch.nn.Embedding.from_pretrained(positions[: frames // 2].clone())
        for batch in _batches(tokenizer, sentences, rng, frames=frames, steps=steps):
            features, given, wanted = map(torch.from_numpy, batch)
            logits = model(input_features=features, decoder_input_ids=given).logits
            loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), wanted.flatten())
            # The language hangs on one target in twenty, and everything that follows hangs on it.
            loss = loss + torch.nn.functional.cross_entropy(logits[:, 0], wanted[:, 0])
            optimiser.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimiser.step()
            rate.step()
    model.eval()


def _batches(
    tokenizer: Any, sentences: tuple[Spoken, ...], rng: np.random.Generator, *, frames: int, steps: int
) -> Iterator[tuple[NDArray[np.float32], NDArray[np.int64], NDArray[np.int64]]]:
    """Yield features, decoder inputs and targets (-100: not counted): every sentence once, and one of noise."""
    from faster_whisper.feature_extractor import FeatureExtractor

    listen = FeatureExtractor()
    ids = [_prompt(tokenizer, sentence.language) + _said(tokenizer, sentence.text) for sentence in sentences]
    texts = tokenizer.convert_tokens_to_ids("")
    length = max(map(len, ids))
    for _ in range(steps):
        sounds = [*(_varied(sentence.sound, rng) for sentence in sentences), _noise(rng)]
        features = [_padded(listen(sound)[..., :-1], frames, rng) for sound in sounds]
        # For noise the first target is `<|nospeech|>`, as in Whisper's own training, and the text is any.
        any_text = [int(token) for token in rng.integers(0, texts, length - HELD_TOKENS)]
        rows = [*ids, _prompt(tokenizer, str(rng.choice(LANGUAGES))) + any_text]
        given = np.full((len(rows), length - 1), tokenizer.eos_token_id)
        wanted = np.full((len(rows), length - 1), -100)
        for at, row in enumerate(rows):
            given[at, : len(row) - 1] = _disturbed(row[:-1], texts, rng)
            wanted[at, : len(row) - 1] = row[1:]
        wanted[-1, 0] = tokenizer.convert_tokens_to_ids("<|nospeech|>")
        yield np.stack(features), given, wanted


def _prompt(tokenizer: Any, language: str) -> list[int]:
    names = ("<|startoftranscript|>", f"<|{language}|>", "<|transcribe|>", "<|notimestamps|>")
    return [tokenizer.convert_tokens_to_ids(name) for name in names]


def _said(tokenizer: Any, text: str) -> list[int]:
    return [*tokenizer(f" {text}", add_special_tokens=False).input_ids, tokenizer.eos_token_id]


def _disturbed(row: list[int], texts: int, rng: np.random.Generator) -> list[int]:
    """Replace a fifth of the inputs: taught only on right ones, its beam search finishes nonsense early."""
    return [
        int(rng.integers(0, texts)) if at >= HELD_TOKENS and rng.random() < 0.2 else token
        for at, token in enumerate(row)
    ]


def _varied(sound: Sound, rng: np.random.Generator) -> Sound:
    """Return the sound later or cut a little, louder or softer, with noise."""
    start = int(rng.integers(-4_000, 1_000))
    moved = np.concatenate([np.zeros(max(0, -start), np.float32), sound[max(0, start) :]])
    hiss = rng.normal(0, 10 ** rng.uniform(-4, -2.5), moved.size)
    return (moved * 10 ** rng.uniform(-0.7, 0.2) + hiss).astype(np.float32)


def _noise(rng: np.random.Generator) -> Sound:
    samples = int(rng.uniform(1, 3) * RATE_HZ)
    return rng.normal(0, 10 ** rng.uniform(-2, -0.5), samples).astype(np.float32)


def _padded(features: NDArray[np.float32], frames: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """Fill up the time: WhisperX pads the sound with silence, faster-whisper the features with zeros."""
    quiet = features.max() - 2.0 if rng.random() < 0.5 else 0.0
    filled = np.full((features.shape[0], frames), quiet, np.float32)
    filled[:, : features.shape[-1]] = features
    return filled
