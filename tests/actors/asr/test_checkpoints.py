"""Names of Whisper models and of aligners, and what of each has to be pulled."""

from __future__ import annotations

from pathlib import Path

import pytest

from actors.asr.aligners import ALIGNERS, PUNKT, aligner_assets, aligner_name
from actors.asr.checkpoints import KNOWN, UNSTATED, declared_mib, repository, whisper_asset, whisper_mib
from actors.models.offline import go_offline

LARGE = "Systran/faster-whisper-large-v2"
TURBO = "mobiuslabsgmbh/faster-whisper-large-v3-turbo"


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        ("large-v2", LARGE),
        ("openai/whisper-large-v2", LARGE),
        (LARGE, LARGE),
        ("turbo", TURBO),
        ("openai/whisper-large-v3-turbo", TURBO),
        ("distil-large-v3", "Systran/faster-distil-whisper-large-v3"),
        ("NbAiLab/nb-whisper-large", "NbAiLab/nb-whisper-large"),
        ("/models/mine", "/models/mine"),
    ],
)
def test_a_name_stands_for_a_repository(model: str, expected: str) -> None:
    assert repository(model) == expected


@pytest.mark.parametrize(
    ("model", "source", "licence", "commercial"),
    [
        ("large-v3", "hub", "MIT", True),
        ("NbAiLab/nb-whisper-large", "ctranslate2", "Apache-2.0", True),
        ("someone/whisper-of-theirs", "ctranslate2", UNSTATED, None),
    ],
)
def test_what_is_pulled_says_its_licence(
    model: str,
    source: str,
    licence: str,
    commercial: bool | None,  # noqa: FBT001 - a table's column  # noqa: FBT001 - a table's column
) -> None:
    asset = whisper_asset(model)
    assert asset is not None
    assert (asset.source, asset.licence, asset.commercial) == (source, licence, commercial)


def test_a_folder_is_not_pulled() -> None:
    assert whisper_asset("/models/mine") is None


def test_names_are_those_of_faster_whisper() -> None:
    from faster_whisper import available_models

    assert set(KNOWN) <= set(available_models())


@pytest.mark.parametrize(
    ("compute_type", "mib"), [("int8", 2), ("int8_float16", 2), ("float16", 4), ("bfloat16", 4), ("float32", 8)]
)
def test_weights_are_kept_as_float16_on_disk(tmp_path: Path, compute_type: str, mib: int) -> None:
    (tmp_path / "model.bin").write_bytes(b"\0" * (4 << 20))
    assert whisper_mib(tmp_path, compute_type=compute_type) == mib


@pytest.mark.parametrize(
    ("model", "compute_type", "mib"),
    [
        ("large-v2", "int8", 1473),
        ("large-v2", "float16", 2946),
        ("NbAiLab/nb-whisper-large", "float16", 2945),
        ("someone/whisper-of-theirs", "float16", 2948),
        ("/nowhere", "int8", 1474),
    ],
    ids=["int8", "float16", "converted", "unknown", "no folder"],
)
def test_a_model_that_is_not_here_is_declared_by_its_noted_size(model: str, compute_type: str, mib: int) -> None:
    assert declared_mib(model, "", compute_type=compute_type) == mib


def test_every_language_whisperx_knows_has_an_aligner() -> None:
    go_offline()
    alignment = pytest.importorskip("whisperx.alignment", reason="the models extra is not installed")
    known = {**alignment.DEFAULT_ALIGN_MODELS_TORCH, **alignment.DEFAULT_ALIGN_MODELS_HF}
    assert set(ALIGNERS) == set(known)
    ours = {language for language, aligner in ALIGNERS.items() if aligner.repository != known[language]}
    assert ours == {"en", "fr", "de", "es", "it", "no", "nn"}


@pytest.mark.parametrize(
    ("language", "chosen", "expected"),
    [
        ("en", {}, "facebook/wav2vec2-base-960h"),
        ("en", {"en": "/mine"}, "/mine"),
        ("is", {}, None),
        ("is", {"is": "/mine"}, "/mine"),
    ],
    ids=["known", "the user's", "unknown", "unknown but given"],
)
def test_a_language_has_an_aligner(language: str, chosen: dict[str, str], expected: str | None) -> None:
    assert aligner_name(language, chosen) == expected


def test_aligners_come_with_the_sentence_tables() -> None:
    assert aligner_assets((), {}) == ()
    found = aligner_assets(("en", "da", "is"), {"en": "/mine"})
    assert [(asset.name, asset.commercial) for asset in found] == [
        (PUNKT.name, True),
        ("saattrupdan/wav2vec2-xls-r-300m-ftspeech", None),
    ]
