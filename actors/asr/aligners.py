"""Which model places the words of which language in time, and the tables of the sentence splitter it works with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from actors.asr.checkpoints import UNSTATED
from actors.models.asset import ModelAsset
from actors.models.pretrained import weights_mib
from actors.models.store import is_folder, located

FILES = (
    "config.json",
    "preprocessor_config.json",
    "tokenizer_config.json",
    "special_tokens_map.json",
    "added_tokens.json",
    "vocab.json",
    "pytorch_model.bin",
    "model.safetensors",
)
"""Without the n-gram models that some repositories add: alignment needs none."""
PUNKT = ModelAsset("nltk/punkt_tab", "Apache-2.0", 1, source="nltk")
"""`whisperx.align` splits sentences with it, and downloads it at run time where it is missing."""
_BASE_MIB, _LARGE_MIB = 361, 1204
_XLSR = "jonatasgrosman/wav2vec2-large-xlsr-53-"


@dataclass(frozen=True, slots=True)
class Aligner:
    """A wav2vec2 model with a CTC head over the letters of one language; the size is that of float32 weights."""

    repository: str
    licence: str = UNSTATED
    size_mib: int = _LARGE_MIB


ALIGNERS: Mapping[str, Aligner] = {
    # Not WhisperX' own defaults for these: torchaudio downloads them by itself, and those for fr, de, es and it
    # (VoxPopuli) may not be used commercially (m-bain/whisperX#962).
    "en": Aligner("facebook/wav2vec2-base-960h", "Apache-2.0", _BASE_MIB),
    "fr": Aligner(f"{_XLSR}french", "Apache-2.0"),
    "de": Aligner(f"{_XLSR}german", "Apache-2.0"),
    "es": Aligner(f"{_XLSR}spanish", "Apache-2.0"),
    "it": Aligner(f"{_XLSR}italian", "Apache-2.0"),
    # A third of WhisperX' default for Norwegian, which has a billion parameters.
    "no": Aligner("NbAiLab/nb-wav2vec2-300m-bokmaal", "Apache-2.0"),
    "nn": Aligner("NbAiLab/nb-wav2vec2-300m-nynorsk", "Apache-2.0"),
    # The rest is `DEFAULT_ALIGN_MODELS_HF` of whisperx 3.8.6.
    "ar": Aligner(f"{_XLSR}arabic", "Apache-2.0"),
    "el": Aligner(f"{_XLSR}greek", "Apache-2.0"),
    "fa": Aligner(f"{_XLSR}persian", "Apache-2.0"),
    "fi": Aligner(f"{_XLSR}finnish", "Apache-2.0"),
    "hu": Aligner(f"{_XLSR}hungarian", "Apache-2.0"),
    "ja": Aligner(f"{_XLSR}japanese", "Apache-2.0"),
    "nl": Aligner(f"{_XLSR}dutch", "Apache-2.0"),
    "pl": Aligner(f"{_XLSR}polish", "Apache-2.0"),
    "pt": Aligner(f"{_XLSR}portuguese", "Apache-2.0"),
    "ru": Aligner(f"{_XLSR}russian", "Apache-2.0"),
    "zh": Aligner(f"{_XLSR}chinese-zh-cn", "Apache-2.0"),
    "sv": Aligner("KBLab/wav2vec2-large-voxrex-swedish", "CC0-1.0"),
    "ca": Aligner("softcatala/wav2vec2-large-xlsr-catala"),
    "cs": Aligner("comodoro/wav2vec2-xls-r-300m-cs-250"),
    "da": Aligner("saattrupdan/wav2vec2-xls-r-300m-ftspeech"),
    "eu": Aligner("stefan-it/wav2vec2-large-xlsr-53-basque"),
    "gl": Aligner("ifrz/wav2vec2-large-xlsr-galician"),
    "he": Aligner("imvladikon/wav2vec2-xls-r-300m-hebrew"),
    "hi": Aligner("theainerd/Wav2Vec2-large-xlsr-hindi"),
    "hr": Aligner("classla/wav2vec2-xls-r-parlaspeech-hr"),
    "id": Aligner("cahya/wav2vec2-large-xlsr-indonesian"),
    "ka": Aligner("xsway/wav2vec2-large-xlsr-georgian"),
    "ko": Aligner("kresnik/wav2vec2-large-xlsr-korean"),
    "lv": Aligner("jimregan/wav2vec2-large-xlsr-latvian-cv"),
    "ml": Aligner("gvs/wav2vec2-large-xlsr-malayalam"),
    "ro": Aligner("gigant/romanian-wav2vec2"),
    "sk": Aligner("comodoro/wav2vec2-xls-r-300m-sk-cv8"),
    "sl": Aligner("anton-l/wav2vec2-large-xlsr-53-slovenian"),
    "te": Aligner("anuragshas/wav2vec2-large-xlsr-53-telugu"),
    "tl": Aligner("Khalsuu/filipino-wav2vec2-l-xls-r-300m-official"),
    "tr": Aligner("mpoyraz/wav2vec2-xls-r-300m-cv7-turkish"),
    "uk": Aligner("Yehor/wav2vec2-xls-r-300m-uk-with-small-lm"),
    "ur": Aligner("kingabzpro/wav2vec2-large-xls-r-300m-Urdu"),
    "vi": Aligner("nguyenvulebinh/wav2vec2-base-vi-vlsp2020", size_mib=_BASE_MIB),
}
"""By Whisper's language code. Licences and sizes were noted without access to the hub: look at the card before
relying on one. Where the licence is not known a pull asks first."""


def aligner_name(language: str, chosen: Mapping[str, str]) -> str | None:
    """Return the hub id or folder of a language's aligner: the user's choice, else ours, else None."""
    known = ALIGNERS.get(language)
    return chosen.get(language, known.repository if known is not None else None)


def aligner_assets(languages: Sequence[str], chosen: Mapping[str, str]) -> tuple[ModelAsset, ...]:
    """Return what has to be pulled to align these languages; nothing for folders of the user's."""
    found = [PUNKT] if languages else []
    for language in languages:
        name = aligner_name(language, chosen)
        if name is None or is_folder(name):
            continue
        known = _known(name)
        commercial = True if known.licence != UNSTATED else None
        found.append(ModelAsset(name, known.licence, known.size_mib, files=FILES, commercial=commercial))
    return tuple(found)


def aligner_mib(folder: Path) -> int:
    """Return what an aligner takes when loaded, in MiB: its weights are float32 on disk and stay so."""
    return max(1, weights_mib(folder))


def largest_aligner_mib(languages: Sequence[str], chosen: Mapping[str, str], models_dir: str) -> int:
    """Return the size of the largest aligner that may be loaded: of those that are here, and of these languages'."""
    sizes = [0]
    for language in {*ALIGNERS, *chosen}:
        name = aligner_name(language, chosen) or ""
        folder = located(name, models_dir)
        if folder is not None:
            sizes.append(aligner_mib(folder))
        elif language in languages:
            sizes.append(_known(name).size_mib)
    return max(sizes)


def _known(name: str) -> Aligner:
    return next((aligner for aligner in ALIGNERS.values() if aligner.repository == name), Aligner(name))
