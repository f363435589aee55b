"""Whisper models for CTranslate2, made from their transformers form."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path

from actors.errors import PullFailed
from actors.models.offline import go_offline

_COPIED = ("tokenizer.json", "preprocessor_config.json")
"""Without these beside the model, faster-whisper asks the hub for another model's."""
QUANTIZATION = "float16"
"""How weights are kept on disk; CTranslate2 turns them into what the device can do when it loads them."""


def to_ctranslate2(original: Path, target: Path) -> None:
    """Convert a Whisper checkpoint in the transformers form into a CTranslate2 folder.

    `target` exists and is written to. Raises `PullFailed` when the libraries for it are not installed, or when the
    checkpoint is no Whisper.
    """
    lacking = [name for name in ("torch", "transformers") if find_spec(name) is None]
    if lacking:
        raise PullFailed(
            "libraries",
            f"{original.name} has to be converted, which takes {' and '.join(lacking)}: "
            "pip install -c constraints.txt '.[models]'",
        )
    go_offline()
    from ctranslate2.converters import TransformersConverter  # noqa: PLC0415 - heavy

    _complete_tokenizer(original)
    copied = [name for name in _COPIED if (original / name).is_file()]
    try:
        converter = TransformersConverter(str(original), copy_files=copied, load_as_float16=True)
        converter.convert(str(target), quantization=QUANTIZATION, force=True)
    except (ValueError, OSError, RuntimeError) as exc:
        raise PullFailed("no_whisper", f"{original} cannot be converted to CTranslate2: {exc}") from exc


def _complete_tokenizer(original: Path) -> None:
    """Write `tokenizer.json` where a repository has only the older files."""
    if (original / "tokenizer.json").is_file() or not (original / "vocab.json").is_file():
        return
    from transformers import WhisperTokenizerFast  # noqa: PLC0415 - heavy

    WhisperTokenizerFast.from_pretrained(str(original)).save_pretrained(str(original))
