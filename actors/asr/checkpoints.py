"""Whisper checkpoints by the names people use for them, and what of each has to be pulled."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from actors.errors import BackendUnavailable
from actors.models.asset import ModelAsset
from actors.models.store import is_folder, located

CTRANSLATE2_FILES = ("config.json", "preprocessor_config.json", "model.bin", "tokenizer.json", "vocabulary.*")
"""What faster-whisper reads of a repository in CTranslate2's form (`faster_whisper.utils.download_model`)."""
TRANSFORMERS_FILES = (
    "config.json",
    "generation_config.json",
    "preprocessor_config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab.json",
    "merges.txt",
    "normalizer.json",
    "model*.safetensors",
    "model.safetensors.index.json",
)
"""What a conversion reads: these repositories also hold the weights for other programs, several times the size."""
NEEDED = ("model.bin", "config.json", "vocabulary.*", "tokenizer.json")
"""Without tokenizer.json faster-whisper asks the hub for that of openai/whisper-tiny."""
_WEIGHTS = "model.bin"
_LARGE_MIB = 2948
"""For a model whose size nobody has noted and that is not here: as much as the largest Whisper."""

UNSTATED = "see the model card"
"""For repositories nobody has looked into: a pull asks before it takes weights whose licence it does not know."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A repository that is in CTranslate2's form already; the size in MiB is about, a pull tells it exactly."""

    repository: str
    size_mib: int
    licence: str = "MIT"


_SYSTRAN = "Systran/faster-whisper-"
KNOWN = {
    "tiny": Checkpoint(f"{_SYSTRAN}tiny", 75),
    "base": Checkpoint(f"{_SYSTRAN}base", 142),
    "small": Checkpoint(f"{_SYSTRAN}small", 464),
    "medium": Checkpoint(f"{_SYSTRAN}medium", 1460),
    "large-v2": Checkpoint(f"{_SYSTRAN}large-v2", 2946),
    "large-v3": Checkpoint(f"{_SYSTRAN}large-v3", 2948),
    "large-v3-turbo": Checkpoint("mobiuslabsgmbh/faster-whisper-large-v3-turbo", 1550),
    "distil-large-v3": Checkpoint("Systran/faster-distil-whisper-large-v3", 1445),
    "distil-large-v3.5": Checkpoint("distil-whisper/distil-large-v3.5-ct2", 1445),
}
"""The names are faster-whisper's (`faster_whisper.utils.available_models`)."""
_OTHER_NAMES = {
    "large": "large-v3",
    "turbo": "large-v3-turbo",
    **{f"openai/whisper-{size}": size for size in KNOWN if "distil" not in size},
    "distil-whisper/distil-large-v3": "distil-large-v3",
    "distil-whisper/distil-large-v3.5": "distil-large-v3.5",
}
_CONVERTED = {"NbAiLab/nb-whisper-large": ("Apache-2.0", 5890), "NbAiLab/nb-whisper-small": ("Apache-2.0", 925)}
"""Known repositories without that form: licence, and what the download weighs (float32), in MiB."""


def repository(model: str) -> str:
    """Return where a model comes from: a folder as it is, a known name's repository, any other as it is.

    `openai/whisper-…` becomes the same weights in CTranslate2's form, in float16: half the download, no conversion, and
    what WhisperX itself takes for these names.
    """
    known = KNOWN.get(_OTHER_NAMES.get(model, model))
    return model if known is None else known.repository


def whisper_asset(model: str) -> ModelAsset | None:
    """Return what has to be pulled for a model, or None for a folder of the user's."""
    if is_folder(model):
        return None
    name = repository(model)
    for known in KNOWN.values():
        if known.repository == name:
            return ModelAsset(name, known.licence, known.size_mib, files=CTRANSLATE2_FILES)
    if name in _CONVERTED:
        licence, size_mib = _CONVERTED[name]
        return ModelAsset(name, licence, size_mib, source="ctranslate2", files=TRANSFORMERS_FILES)
    return ModelAsset(name, UNSTATED, source="ctranslate2", commercial=None)


def known_whispers() -> dict[str, ModelAsset]:
    """Return every checkpoint of the tables, under each of its names."""
    repositories = [known.repository for known in KNOWN.values()]
    names = (*KNOWN, *_OTHER_NAMES, *repositories, *_CONVERTED)
    return {name: asset for name in names if (asset := whisper_asset(name)) is not None}


def whisper_mib(folder: Path, *, compute_type: str) -> int:
    """Estimate what a CTranslate2 model takes when loaded, by the size of its weights, which lie there as float16."""
    return _loaded_mib((folder / _WEIGHTS).stat().st_size / 2**20, compute_type)


def declared_mib(model: str, models_dir: str, *, compute_type: str) -> int:
    """Return `whisper_mib` of a model, and of one that is not here what it will be by the size noted for it."""
    folder = located(repository(model), models_dir)
    if folder is not None and (folder / _WEIGHTS).is_file():
        return whisper_mib(folder, compute_type=compute_type)
    asset = whisper_asset(model)
    if asset is None or asset.size_mib is None:
        return _loaded_mib(_LARGE_MIB, compute_type)
    # What has to be converted is downloaded as float32, twice what is kept of it.
    return _loaded_mib(asset.size_mib / 2 if asset.source == "ctranslate2" else asset.size_mib, compute_type)


def _loaded_mib(float16_mib: float, compute_type: str) -> int:
    share = 0.5 if compute_type.startswith("int8") else 1.0 if "16" in compute_type else 2.0
    return max(1, round(float16_mib * share))


def folder_of(model: str, models_dir: str) -> Path:
    """Return the model's folder; raises `BackendUnavailable` with the remedy where there is none, or not the right one.

    faster-whisper would take the name of a folder that is not there for a hub id, and fail with what it says of those.
    """
    folder = located(model, models_dir)
    if folder is None:
        raise BackendUnavailable("not_pulled", f"{model} is not pulled. Run `reelwatch models pull {model}`")
    if (wrong := _shortcoming(folder)) is not None:
        raise BackendUnavailable("wrong_folder", wrong)
    return folder


def lacking_folder(model: str) -> str | None:
    """Say what is wrong with a folder of the user's, with the remedy; None for models that are pulled."""
    return _shortcoming(Path(model).expanduser()) if is_folder(model) else None


def _shortcoming(folder: Path) -> str | None:
    if not folder.is_dir():
        return f"there is no folder {folder}: correct the option that names it"
    missing = [pattern for pattern in NEEDED if not any(folder.glob(pattern))]
    if not missing:
        return None
    return (
        f"{folder} is no Whisper model in CTranslate2's form: {', '.join(missing)} is missing. Convert it with"
        " `ct2-transformers-converter --copy_files tokenizer.json preprocessor_config.json`, or pull it anew"
    )
