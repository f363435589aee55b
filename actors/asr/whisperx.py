"""Speech recognition by WhisperX: a model of its own for Norwegian, words aligned to the sound language by language."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from actors.asr.aligners import ALIGNERS, PUNKT, aligner_assets, aligner_mib, aligner_name
from actors.asr.checkpoints import folder_of, repository, whisper_asset, whisper_mib
from actors.asr.faster_whisper import CARD_CHUNK_MIB, CARD_WORK_MIB, load_whisper
from actors.asr.interpolation import PlacedWord, timed
from actors.asr.language import NORWEGIAN
from actors.asr.passages import Passage, Sentence, parted, untimed_sentence
from actors.asr.resident import ResidentModels
from actors.asr.whisper import Clip, WhisperBackend, language_probabilities
from actors.asr.whisperx_options import WhisperXOptions
from actors.asr.whisperx_parts import (
    LoadedAligner,
    LoadedWhisper,
    load_aligner,
    load_libraries,
    release,
    use_sentence_tables,
)
from actors.backend import BackendOptions, Resources
from actors.errors import BackendUnavailable
from actors.models.asset import ModelAsset
from actors.models.cards import CARD_HOST_MIB
from actors.models.memory import in_batches, is_out_of_memory
from actors.models.store import located, revision_of

PROCESS_MIB = 1200
"""The process with WhisperX, torch and models of no size: 1,191 MiB, measured."""
UNSPACED = frozenset({"ja", "zh"})
"""Here WhisperX aligns single characters (`LANGUAGES_WITHOUT_SPACES`)."""
_PACKAGES = ("whisperx", "torch", "transformers", "nltk")


class WhisperX(WhisperBackend[WhisperXOptions]):
    """Words with times and scores from forced alignment; where a language has no aligner, segment times alone."""

    name = "asr.whisperx"
    revision = 1
    resources = Resources(num_cpus=0.5, ram_mib=PROCESS_MIB)
    options_type: ClassVar[type[BackendOptions]] = WhisperXOptions
    batch_size = 8

    _resident: ResidentModels[Any] | None = None
    _language_model: Any = None

    @classmethod
    def available(cls) -> str | None:
        """See `Backend.available`."""
        missing = [package for package in _PACKAGES if find_spec(package) is None]
        if missing:
            return f"not installed: {', '.join(missing)} (pip install -c constraints.txt 'reelwatch[models]')"
        return None

    @classmethod
    def assets(cls, options: WhisperXOptions) -> tuple[ModelAsset, ...]:
        """See `Backend.assets`: three recognisers, and the aligners of `align_languages` with the sentence tables."""
        found = [asset for asset in map(whisper_asset, options.checkpoints) if asset is not None]
        return tuple(dict.fromkeys([*found, *aligner_assets(options.align_languages, options.align_models)]))

    @classmethod
    def pullable(cls) -> Mapping[str, ModelAsset]:
        """See `Backend.pullable`: the aligners of every language too, for whoever lacks one is told to pull it."""
        return {**super().pullable(), **{asset.name: asset for asset in aligner_assets(tuple(ALIGNERS), {})}}

    @classmethod
    def resources_for(cls, options: WhisperXOptions) -> Resources:
        """Return the weights that are loaded at once, and faster-whisper's figures for the work beside them."""
        vram_mib = options.loaded_mib + CARD_WORK_MIB + CARD_CHUNK_MIB * (options.batch_size - 1)
        if options.device == "cuda":
            return Resources(num_cpus=0.5, ram_mib=CARD_HOST_MIB, vram_mib=vram_mib)
        return Resources(num_cpus=0.5, ram_mib=PROCESS_MIB + vram_mib)

    @classmethod
    def checkpoints(cls, options: WhisperXOptions) -> tuple[str, ...]:
        """See `WhisperBackend.checkpoints`."""
        return options.checkpoints

    @classmethod
    def model_revision(cls, options: WhisperXOptions) -> str:
        """Name the recognisers; all aligners that are here are one digest, for one pulled later alters results."""
        models = [revision_of(repository(model), options.models_dir) for model in options.checkpoints]
        languages = sorted({*ALIGNERS, *options.align_models})
        names = [name for language in languages if (name := aligner_name(language, options.align_models))]
        aligners = "\n".join(revision_of(name, options.models_dir) for name in (*names, PUNKT.name))
        digest = hashlib.sha256(aligners.encode()).hexdigest()[:12]
        return f"{models[0]}; Norwegian: {models[1]}; language: {models[2]}; aligners: {digest}"

    def load(self) -> None:
        """See `Backend.load`. Loads what tells the language; recognisers and aligners follow when they are needed."""
        if (reason := self.available()) is not None:
            raise BackendUnavailable("missing_library", reason)
        torch = load_libraries(threads=self.options.threads)
        for model in (self.options.model, self.options.norwegian_model):
            folder_of(repository(model), self.options.models_dir)
        if (tables := located(PUNKT.name, self.options.models_dir)) is not None:
            use_sentence_tables(tables)
        self._language_model = load_whisper(self.options.language_model, self.options)
        self._resident = ResidentModels(budget_mib=self.options.budget_mib, release=lambda: release(torch))

    def close(self) -> None:
        """See `Backend.close`."""
        self._language_model = None
        if self._resident is not None:
            self._resident.clear()
            self._resident = None

    def _language_probabilities(self, sounds: Sequence[NDArray[np.float32]]) -> list[Mapping[str, float]]:
        return in_batches(
            sounds,
            lambda batch: language_probabilities(self._language_model, batch),
            size=self.options.batch_size,
            release=self._models.release,
        )

    def _passages(self, clips: Sequence[Clip], language: str) -> list[list[Passage]]:
        recogniser = self._recogniser(language)
        sounds = [chunk.of(clip.audio) for clip in clips for chunk in clip.chunks]
        told = iter(
            in_batches(
                sounds,
                lambda batch: recogniser.tell(batch, language=language),
                size=self.options.batch_size,
                release=self._models.release,
            )
        )
        return [
            [Passage(chunk, said.text, said.log_prob, said.no_speech) for chunk in clip.chunks if (said := next(told))]
            for clip in clips
        ]

    def _sentences(self, clip: Clip, passages: Sequence[Passage], language: str) -> tuple[list[Sentence], str | None]:
        aligner = self._aligner(language)
        if isinstance(aligner, str):
            return [untimed_sentence(passage) for passage in passages], f"words have no times: {aligner}"
        found = [self._sentences_of(clip, passage, aligner, language) for passage in passages]
        failed = sum(sentences is None for sentences in found)
        flat = [
            sentence
            for passage, sentences in zip(passages, found, strict=True)
            for sentence in (sentences or [untimed_sentence(passage)])
        ]
        return flat, f"{failed} of {len(found)} passages could not be aligned" if failed else None

    def _sentences_of(
        self, clip: Clip, passage: Passage, aligner: LoadedAligner, language: str
    ) -> list[Sentence] | None:
        """Align one passage, and once more with torch's cache given back where memory runs out; see `in_batches`."""
        try:
            return self._aligned(clip, passage, aligner, language)
        except (RuntimeError, MemoryError) as exc:
            if not is_out_of_memory(exc):
                raise
        # Not in the handler: the exception holds the frames, and these the tensors that are to be given back.
        self._models.release()
        (found,) = in_batches(
            [passage],
            lambda batch: [self._aligned(clip, each, aligner, language) for each in batch],
            size=1,
            release=self._models.release,
        )
        return found

    def _aligned(self, clip: Clip, passage: Passage, aligner: LoadedAligner, language: str) -> list[Sentence] | None:
        """Align one passage, which WhisperX does one after the other in any case; None where it finds no path."""
        import whisperx  # noqa: PLC0415 - heavy

        segment = {"start": passage.chunk.start_s, "end": passage.chunk.end_s, "text": passage.text}
        result = whisperx.align(
            [segment], aligner.model, aligner.metadata, clip.audio, self.options.device, interpolate_method="ignore"
        )
        space = "" if language in UNSPACED else " "
        groups = [[_placed(word, aligner, space) for word in each["words"]] for each in result["segments"]]
        words = tuple(word for group in groups for word in group)
        if not words:
            return None
        final = timed(words, start_s=passage.chunk.start_s, end_s=passage.chunk.end_s)
        ends = [sum(map(len, groups[: at + 1])) for at in range(len(groups))]
        return parted(replace(passage, words=words), final, ends)

    def _recogniser(self, language: str) -> LoadedWhisper:
        model = self.options.norwegian_model if language in NORWEGIAN else self.options.model
        folder = folder_of(repository(model), self.options.models_dir)
        mib = whisper_mib(folder, compute_type=self.options.computes_in)
        loaded: LoadedWhisper = self._models.get(str(folder), mib=mib, load=lambda: LoadedWhisper(folder, self.options))
        return loaded

    def _aligner(self, language: str) -> LoadedAligner | str:
        """Return a language's aligner, or why there is none."""
        name = aligner_name(language, self.options.align_models)
        if name is None:
            return f"no alignment model is known for {language}"
        folder = located(name, self.options.models_dir)
        for needed, found in ((name, folder), (PUNKT.name, located(PUNKT.name, self.options.models_dir))):
            if found is None:
                return f"{needed} is not pulled (`reelwatch models pull {needed}`)"
        where = Path(folder or "")
        try:
            loaded: LoadedAligner = self._models.get(
                f"{language}: {where}",
                mib=aligner_mib(where),
                load=lambda: load_aligner(language, where, device=self.options.device),
            )
        except BackendUnavailable as exc:
            return exc.message
        return loaded

    @property
    def _models(self) -> ResidentModels[Any]:
        if self._resident is None:
            raise RuntimeError("WhisperX.run was called before load")
        return self._resident


def _placed(word: Mapping[str, Any], aligner: LoadedAligner, space: str) -> PlacedWord:
    """Read a word of `whisperx.align`. Its numbers are NumPy's, and may be missing."""
    text = f"{space}{word['word']}"
    if not aligner.knows(word["word"]) or "start" not in word or "end" not in word:
        return PlacedWord(text)
    return PlacedWord(text, float(word["start"]), float(word["end"]), float(word["score"]) if "score" in word else None)
