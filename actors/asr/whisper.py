"""What both Whisper backends share: who is heard, in which language, and what of it is believed."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, field_validator

from actors.asr.checkpoints import known_whispers, lacking_folder
from actors.asr.chunks import Chunk, chunks, windows
from actors.asr.gates import COMPRESSION, LOG_PROB, NO_SPEECH, SURE_LOG_PROB, Gates
from actors.asr.language import CODES, Guess, guess, spoken_code
from actors.asr.passages import Passage, Sentence, transcription
from actors.audio.levels import normalised
from actors.backend import Backend, BackendOptions, Outcome, StageItem, StageStatus
from actors.models.asset import ModelAsset
from actors.results import SpeechSpans

ComputeType = Literal[
    "auto",
    "default",
    "int8",
    "int8_float32",
    "int8_float16",
    "int8_bfloat16",
    "float16",
    "bfloat16",
    "float32",
]


class WhisperOptions(BackendOptions):
    """Settings of both Whisper backends. The bounds are explained in `actors.asr.gates`."""

    neutral: ClassVar[frozenset[str]] = BackendOptions.neutral | {"batch_size"}

    batch_size: int = Field(default=4, ge=1, le=64)
    """Chunks of up to 30 s, of one or several videos, in one pass of the model."""
    compute_type: ComputeType = "auto"
    """CTranslate2's number format: by default int8 on a processor, int8_float16 on a card."""
    beam_size: int = Field(default=5, ge=1, le=20)
    language: str = ""
    """A language code (`no`, `en`) that is taken as given; empty: it is detected."""
    language_windows: int = Field(default=4, ge=1, le=16)
    """From how many chunks, spread over the speech, the language is told."""
    language_bound: float = Field(default=0.3, ge=0.0, le=1.0)
    """Mean probability of the best language below which nothing is published. Chosen, not measured."""
    log_prob_bound: float = LOG_PROB
    no_speech_bound: float = Field(default=NO_SPEECH, ge=0.0, le=1.0)
    sure_log_prob: float = SURE_LOG_PROB
    compression_bound: float = Field(default=COMPRESSION, gt=1.0)
    target_db: float = Field(default=-20.0, ge=-40.0, le=-6.0)
    """Level the sound track is brought to before it is listened to, in dBFS."""

    @field_validator("language")
    @classmethod
    def _language_is_known(cls, language: str) -> str:
        # faster-whisper refuses others too, but only with the first clip (`tokenizer.Tokenizer.language_code`).
        if language and spoken_code(language) not in CODES:
            raise ValueError(f"{language!r} is no language code that Whisper knows: {', '.join(sorted(CODES))}, or nb")
        return language

    @property
    def computes_in(self) -> str:
        """The number format for the device: CTranslate2 refuses float16 on a processor; int8 halves the weights."""
        if self.compute_type != "auto":
            return self.compute_type
        return "int8_float16" if self.device == "cuda" else "int8"

    @property
    def gates(self) -> Gates:
        """The bounds a passage has to keep."""
        return Gates(self.log_prob_bound, self.no_speech_bound, self.sure_log_prob, self.compression_bound)


WhisperOptionsT = TypeVar("WhisperOptionsT", bound=WhisperOptions)


@dataclass(frozen=True, slots=True)
class Clip:
    """A video in which somebody speaks. audio: float32 mono at 16 kHz, normalised; chunks: at least one, in order."""

    video_id: str
    audio: NDArray[np.float32]
    chunks: tuple[Chunk, ...]


class WhisperBackend(Backend[WhisperOptionsT], Generic[WhisperOptionsT]):
    """Voice activity in, a transcription or `no_speech` out; subclasses bring the model.

    Several videos are worked on together: their windows for the language, then their chunks, language by language.
    """

    needs: ClassVar[tuple[str, ...]] = ("audio", "vad")
    requires: ClassVar[frozenset[str]] = frozenset({"vad"})
    actor: ClassVar[str] = "asr"

    @property
    def device(self) -> str:
        """See `Backend.device`."""
        return self.options.device

    @classmethod
    def pullable(cls) -> Mapping[str, ModelAsset]:
        """See `Backend.pullable`."""
        return known_whispers()

    @classmethod
    @abstractmethod
    def checkpoints(cls, options: WhisperOptionsT) -> tuple[str, ...]:
        """Return the Whisper models that these options name: hub ids, short names or folders."""

    @classmethod
    def lacking(cls, options: WhisperOptionsT) -> str | None:
        """See `Backend.lacking`."""
        return next((wrong for model in cls.checkpoints(options) if (wrong := lacking_folder(model))), None)

    def run(self, items: Sequence[StageItem]) -> list[Outcome]:
        """See `Backend.run`; `data` is `Transcription`."""
        heard = [self._clip(item) for item in items]
        outcomes = iter(self._transcribed([each for each in heard if isinstance(each, Clip)]))
        return [next(outcomes) if isinstance(each, Clip) else each for each in heard]

    @abstractmethod
    def _language_probabilities(self, sounds: Sequence[NDArray[np.float32]]) -> list[Mapping[str, float]]:
        """Return for each sound of at most 30 s the probability of each language; empty where the model knows one."""

    @abstractmethod
    def _passages(self, clips: Sequence[Clip], language: str) -> list[list[Passage]]:
        """Return for each clip a passage per chunk; all clips are in this language, by Whisper's code."""

    @abstractmethod
    def _sentences(self, clip: Clip, passages: Sequence[Passage], language: str) -> tuple[list[Sentence], str | None]:
        """Return the passages as sentences with their words' times, and the reason why words have none."""

    def _clip(self, item: StageItem) -> Clip | Outcome:
        vad = item.results.get("vad")
        if item.audio is None:
            return Outcome(StageStatus.NO_AUDIO, reason="the file has no sound track")
        if vad is not None and isinstance(vad.data, SpeechSpans):
            audio = normalised(item.audio, target_db=self.options.target_db)
            found = chunks(vad.data.spans, audio)
            if found:
                return Clip(item.video_id, audio, found)
            return Outcome(StageStatus.NO_SPEECH, reason="no voice activity lies within the sound track")
        if vad is not None and vad.status.durable:
            return Outcome(vad.status, reason=vad.reason)
        said = "was not run" if vad is None else f"said {vad.status} ({vad.reason})"
        return Outcome(StageStatus.UNAVAILABLE, reason=f"voice activity is not known: the vad stage {said}")

    def _transcribed(self, clips: Sequence[Clip]) -> list[Outcome]:
        guesses = self._guesses(clips)
        found: dict[int, Outcome] = {}
        by_language: dict[str, list[int]] = {}
        for at, spoken in enumerate(guesses):
            if spoken.confidence is not None and spoken.confidence < self.options.language_bound:
                found[at] = _unsure(spoken, self.options.language_bound)
            else:
                by_language.setdefault(spoken.language, []).append(at)
        for language, places in by_language.items():
            said = self._passages([clips[at] for at in places], spoken_code(language))
            for at, passages in zip(places, said, strict=True):
                found[at] = self._outcome(clips[at], passages, guesses[at])
        return [found[at] for at in range(len(clips))]

    def _guesses(self, clips: Sequence[Clip]) -> list[Guess]:
        """Tell the languages, all windows of all clips together."""
        if self.options.language:
            return [Guess(self.options.language, None)] * len(clips)
        shown = [windows(clip.chunks, most=self.options.language_windows) for clip in clips]
        sounds = [chunk.of(clip.audio) for clip, chosen in zip(clips, shown, strict=True) for chunk in chosen]
        told = iter(self._language_probabilities(sounds))
        per_clip = [[next(told) for _ in chosen] for chosen in shown]
        return [guess(each) if any(each) else Guess("en", None) for each in per_clip]

    def _outcome(self, clip: Clip, passages: Sequence[Passage], spoken: Guess) -> Outcome:
        gates = self.options.gates
        objections = [gates.objection(each.text, log_prob=each.log_prob, no_speech=each.no_speech) for each in passages]
        believed = [each for each, objection in zip(passages, objections, strict=True) if objection is None]
        dropped = _dropped(passages, objections)
        if not believed:
            return Outcome(StageStatus.NO_SPEECH, reason=f"nothing that was heard is believed: {dropped}")
        sentences, untimed = self._sentences(clip, believed, spoken_code(spoken.language))
        reason = "; ".join(part for part in (untimed, dropped and f"left out: {dropped}") if part) or None
        return Outcome(StageStatus.DONE, data=transcription(sentences, spoken), reason=reason)


def language_probabilities(model: Any, sounds: Sequence[NDArray[np.float32]]) -> list[Mapping[str, float]]:
    """Ask a `faster_whisper.WhisperModel` for the language of several sounds of at most 30 s in one pass."""
    from faster_whisper.audio import pad_or_trim  # noqa: PLC0415 - heavy

    if not model.model.is_multilingual:
        return [{} for _ in sounds]
    features = np.stack([pad_or_trim(model.feature_extractor(sound)[..., :-1]) for sound in sounds])
    told: Iterable[list[tuple[str, float]]] = model.model.detect_language(model.encode(features))
    return [{token[2:-2]: probability for token, probability in each} for each in told]


def _unsure(spoken: Guess, bound: float) -> Outcome:
    reason = f"the language is not certain: {spoken.language} with {spoken.confidence} < {bound}"
    return Outcome(StageStatus.NO_SPEECH, reason=reason)


def _dropped(passages: Sequence[Passage], objections: Sequence[str | None]) -> str:
    return ", ".join(
        f"{passage.chunk.start_s:.1f}-{passage.chunk.end_s:.1f} s ({objection})"
        for passage, objection in zip(passages, objections, strict=True)
        if objection is not None
    )
