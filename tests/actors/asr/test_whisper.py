"""What both Whisper backends refuse before anything is loaded: options that mean nothing, folders without a model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from faster_whisper.tokenizer import _LANGUAGE_CODES

from actors.asr.aligners import PUNKT
from actors.asr.faster_whisper import FasterWhisper
from actors.asr.language import CODES
from actors.asr.whisperx import WhisperX
from actors.models.store import ModelStore
from actors.registry import resolve

WHOLE = ("model.bin", "config.json", "vocabulary.json", "tokenizer.json")
BACKENDS = (FasterWhisper, WhisperX)


def folder(root: Path, *files: str) -> str:
    root.mkdir(exist_ok=True)
    for name in files:
        (root / name).write_text("{}")
    return str(root)


def test_languages_are_whispers() -> None:
    assert set(_LANGUAGE_CODES) == CODES


@pytest.mark.parametrize("backend", BACKENDS, ids=lambda backend: backend.name)
@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("language", "norwegian", "'norwegian' is no language code that Whisper knows: af, am, "),
        ("language", "NO", "'NO' is no language code"),
        ("compute_type", "float17", "'int8_float16'"),
        ("device", "gpu", "'cuda'"),
    ],
    ids=["a language's name", "in capitals", "no number format", "no device"],
)
def test_options_that_mean_nothing_are_refused(backend: Any, name: str, value: str, said: str) -> None:
    with pytest.raises(ValueError, match=name) as refused:
        backend.options_type(**{name: value})
    assert said in str(refused.value)


@pytest.mark.parametrize("language", ["", "no", "nb", "nn", "en", "yue"])
def test_codes_are_taken(language: str) -> None:
    assert FasterWhisper.options_type(language=language).language == language


@pytest.mark.parametrize("compute_type", ["default", "int8", "int8_float32", "int8_bfloat16", "bfloat16", "float32"])
def test_number_formats_are_taken(compute_type: str) -> None:
    assert FasterWhisper.options_type(compute_type=compute_type).computes_in == compute_type


@pytest.mark.parametrize(("device", "expected"), [("cpu", "int8"), ("cuda", "int8_float16")])
def test_the_number_format_is_the_devices(device: str, expected: str) -> None:
    assert FasterWhisper.options_type(device=device).computes_in == expected


@pytest.mark.parametrize(
    ("backend", "option"),
    [
        (FasterWhisper, "model"),
        (WhisperX, "model"),
        (WhisperX, "norwegian_model"),
        (WhisperX, "language_model"),
    ],
    ids=lambda value: value if isinstance(value, str) else value.name,
)
@pytest.mark.parametrize(
    ("files", "said"),
    [
        (None, "there is no folder"),
        ((), "model.bin, config.json, vocabulary.*, tokenizer.json is missing"),
        (WHOLE[1:], ": model.bin is missing"),
        (("model.bin", "config.json", "tokenizer.json"), ": vocabulary.* is missing"),
        (WHOLE, None),
    ],
    ids=["no folder", "empty", "no weights", "no vocabulary", "whole"],
)
def test_a_folder_without_a_model_is_lacking(
    tmp_path: Path, backend: Any, option: str, files: tuple[str, ...] | None, said: str | None
) -> None:
    where = str(tmp_path / "model") if files is None else folder(tmp_path / "model", *files)
    found = backend.lacking(backend.options_type(**{option: where}))
    assert found is None if said is None else (where in found and said in found), found


@pytest.mark.parametrize(
    ("missing", "taken"),
    [("norwegian_model", "asr.faster_whisper"), ("language_model", "asr.faster_whisper"), (None, "asr.whisperx")],
)
def test_the_next_of_the_list_is_taken_where_a_folder_is_missing(
    tmp_path: Path, missing: str | None, taken: str
) -> None:
    if WhisperX.available() is not None:
        pytest.skip("the models extra is not installed")
    store = ModelStore(tmp_path)
    store.part(PUNKT.name).mkdir(parents=True)
    store.seal(PUNKT, revision="1")
    whole = folder(tmp_path / "whole", *WHOLE)
    options = dict.fromkeys(("model", "norwegian_model", "language_model"), whole)
    options |= {"models_dir": str(tmp_path), "align_languages": []}
    if missing is not None:
        options[missing] = str(tmp_path / "nowhere")
    stages = {"decode": ["decode.pyav"], "vad": ["vad.silero"], "asr": ["asr.whisperx", "asr.faster_whisper"]}
    plan = resolve(stages, {"asr": options})
    assert next(stage.backend for stage in plan.stages if stage.name == "asr") == taken


def test_models_of_the_hub_are_for_the_registry_to_miss() -> None:
    assert WhisperX.lacking(WhisperX.options_type()) is None
    assert FasterWhisper.lacking(FasterWhisper.options_type()) is None
