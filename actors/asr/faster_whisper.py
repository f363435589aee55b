"""Speech recognition by faster-whisper alone: Whisper on CTranslate2, without torch, on a processor or a card."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from actors.asr.checkpoints import declared_mib, folder_of, repository, whisper_asset
from actors.asr.chunks import Chunk
from actors.asr.interpolation import PlacedWord, timed
from actors.asr.passages import Passage, Sentence, sentences, untimed_sentence
from actors.asr.pooled import Pooled, pooled
from actors.asr.whisper import Clip, WhisperBackend, WhisperOptions, language_probabilities
from actors.asr.word_times import SingleAlignment
from actors.backend import BackendOptions, Resources
from actors.errors import BackendUnavailable
from actors.models.asset import ModelAsset
from actors.models.cards import CARD_HOST_MIB
from actors.models.memory import in_batches
from actors.models.offline import go_offline
from actors.models.store import revision_of

WORK_MIB, CHUNK_MIB = 1245, 304
"""Beside the weights on a processor: small as int8, whose weights are 232 MiB, takes 1,477 MB with one chunk in a pass,
3,608 MB with eight (README of 1.2.1). Of larger models it is not measured."""
CARD_WORK_MIB, CARD_CHUNK_MIB = 1600, 225
"""Beside the weights on a card: large-v2 takes 2,926 MB as int8 (weights: 1,473 MiB) and 4,525 MB as float16 (2,946)
with one chunk in a pass, 4,500 and 6,090 MB with eight (ibid.)."""


class FasterWhisperOptions(WhisperOptions):
    """Settings of `asr.faster_whisper`."""

    model: str = "Systran/faster-whisper-small"
    """A name as `small`, `large-v3`, `turbo` or `distil-large-v3`, a repository on the hub, or a folder in
    CTranslate2's form."""
    batch_size: int = Field(default=2, ge=1, le=64)
    """See `WhisperOptions`: each further chunk takes some 300 MiB, and a processor gains little by them."""


class FasterWhisper(WhisperBackend[FasterWhisperOptions]):
    """Words with times from the model's own attention; many languages, quality `standard`."""

    name = "asr.faster_whisper"
    revision = 1
    resources = Resources(num_cpus=0.5, ram_mib=WORK_MIB)
    options_type: ClassVar[type[BackendOptions]] = FasterWhisperOptions
    batch_size = 4

    _model: Any = None

    @classmethod
    def available(cls) -> str | None:
        """See `Backend.available`."""
        if find_spec("faster_whisper") is None or find_spec("ctranslate2") is None:
            return "faster-whisper is not installed (pip install -c constraints.txt faster-whisper==1.2.1)"
        return None

    @classmethod
    def assets(cls, options: FasterWhisperOptions) -> tuple[ModelAsset, ...]:
        """See `Backend.assets`."""
        asset = whisper_asset(options.model)
        return () if asset is None else (asset,)

    @classmethod
    def resources_for(cls, options: FasterWhisperOptions) -> Resources:
        """Return the weights in the number format of the options, and upstream's figures for the work beside them."""
        weights_mib = declared_mib(options.model, options.models_dir, compute_type=options.computes_in)
        if options.device == "cuda":
            vram_mib = weights_mib + CARD_WORK_MIB + CARD_CHUNK_MIB * (options.batch_size - 1)
            return Resources(num_cpus=0.5, ram_mib=CARD_HOST_MIB, vram_mib=vram_mib)
        return Resources(num_cpus=0.5, ram_mib=weights_mib + WORK_MIB + CHUNK_MIB * (options.batch_size - 1))

    @classmethod
    def checkpoints(cls, options: FasterWhisperOptions) -> tuple[str, ...]:
        """See `WhisperBackend.checkpoints`."""
        return (options.model,)

    @classmethod
    def model_revision(cls, options: FasterWhisperOptions) -> str:
        """See `Backend.model_revision`."""
        return revision_of(repository(options.model), options.models_dir)

    def load(self) -> None:
        """See `Backend.load`."""
        if (reason := self.available()) is not None:
            raise BackendUnavailable("missing_library", reason)
        go_offline()
        self._model = load_whisper(self.options.model, self.options)
        self._model.model = SingleAlignment(self._model.model)

    def close(self) -> None:
        """See `Backend.close`."""
        self._model = None

    def _language_probabilities(self, sounds: Sequence[NDArray[np.float32]]) -> list[Mapping[str, float]]:
        return in_batches(
            sounds, lambda batch: language_probabilities(self._model, batch), size=self.options.batch_size
        )

    def _passages(self, clips: Sequence[Clip], language: str) -> list[list[Passage]]:
        pieces = [(clip, chunk) for clip in clips for chunk in clip.chunks]
        found = iter(in_batches(pieces, lambda batch: self._said(batch, language), size=self.options.batch_size))
        return [[next(found) for _ in clip.chunks] for clip in clips]

    def _sentences(
        self,
        clip: Clip,  # noqa: ARG002 - words come with their times
        passages: Sequence[Passage],
        language: str,  # noqa: ARG002 - as above
    ) -> tuple[list[Sentence], str | None]:
        found: list[Sentence] = []
        for passage in passages:
            if passage.words:
                words = timed(passage.words, start_s=passage.chunk.start_s, end_s=passage.chunk.end_s)
                found.extend(sentences(passage, words))
            else:
                found.append(untimed_sentence(passage))
        return found, None

    def _said(self, pieces: Sequence[tuple[Clip, Chunk]], language: str) -> list[Passage]:
        """Transcribe chunks of one or several clips in one pass."""
        from faster_whisper import BatchedInferencePipeline  # noqa: PLC0415 - heavy

        pool = pooled([chunk.of(clip.audio) for clip, chunk in pieces])
        segments, _ = BatchedInferencePipeline(self._model).transcribe(
            pool.audio,
            language=language,
            clip_timestamps=pool.places,
            batch_size=len(pieces),
            beam_size=self.options.beam_size,
            word_timestamps=True,
        )
        told = list(segments)
        return [
            _passage([each for each in told if each.seek == round(pool.starts_s[at] * 100)], pool, at, chunk)
            for at, (_, chunk) in enumerate(pieces)
        ]


def load_whisper(model: str, options: WhisperOptions) -> Any:
    """Load a `faster_whisper.WhisperModel` from its folder; raises `BackendUnavailable` where that cannot be done."""
    import faster_whisper  # noqa: PLC0415 - heavy

    folder = folder_of(repository(model), options.models_dir)
    try:
        return faster_whisper.WhisperModel(
            str(folder),
            device=options.device,
            compute_type=options.computes_in,
            cpu_threads=options.threads,
            local_files_only=True,
        )
    except (RuntimeError, ValueError, OSError) as exc:
        raise BackendUnavailable("model_not_loaded", f"{folder} cannot be loaded by faster-whisper: {exc}") from exc


def _passage(segments: Sequence[Any], pool: Pooled, at: int, chunk: Chunk) -> Passage:
    """Put together what was said in one chunk, on the clip's clock."""
    shift_s = chunk.start_s - pool.starts_s[at]
    words = tuple(
        PlacedWord(word.word, word.start + shift_s, word.end + shift_s, float(word.probability))
        for segment in segments
        for word in segment.words or ()
        if word.word.strip()
    )
    return Passage(
        chunk=chunk,
        text="".join(segment.text for segment in segments),
        log_prob=min((segment.avg_logprob for segment in segments), default=-math.inf),
        no_speech=max((segment.no_speech_prob for segment in segments), default=None),
        words=words,
    )
