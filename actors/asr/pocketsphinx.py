"""English speech by pocketsphinx and the en-us model that its wheel carries; a draft, and said to be one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from actors.asr.utterances import Utterance, utterances
from actors.audio.levels import SAMPLE_RATE_HZ, normalised
from actors.backend import Backend, BackendOptions, Outcome, Resources, StageItem, StageStatus
from actors.errors import BackendUnavailable
from actors.results import Segment, SpeechSpans, Transcription, Word

if TYPE_CHECKING:
    from pocketsphinx import Decoder

FRAMES_PER_S = 100
"""Pocketsphinx's frame rate: 10 ms frames."""
_FILLER = re.compile(r"^(<.*>|\[.*\]|\+\+.*\+\+)$")
_VARIANT = re.compile(r"\(\d+\)$")
"""`read(2)`: the second pronunciation of a word in the dictionary."""


class PocketSphinxOptions(BackendOptions):
    """Levels in dBFS, times in seconds."""

    evidence_bound: float = Field(default=0.37, ge=0.0, le=1.0)
    """Least mean posterior of a clip's words for any of them to be published; see `tests/bench/speech.py`."""
    target_db: float = Field(default=-20.0, ge=-40.0, le=-6.0)
    """Level the sound track is brought to before it is listened to."""
    longest_utterance_s: float = Field(default=20.0, gt=0.0)
    join_within_s: float = Field(default=1.0, ge=0.0)
    """Spans of speech closer than this are heard as one utterance: words need their neighbours to be recognised."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What one utterance came to: its words, and where it lies."""

    utterance: Utterance
    words: tuple[Word, ...]


class PocketSphinx(Backend[PocketSphinxOptions]):
    """Words with times and posteriors, published only where the evidence says that English was spoken.

    The recogniser makes English words of anything it is given. The mean posterior of a clip's words
    (pocketsphinx's `Segment.prob`, from its word lattice) separates English from other languages and from music; below
    `evidence_bound` the outcome is `no_speech` with the figure.
    """

    name = "asr.pocketsphinx"
    revision = 1
    needs = ("audio", "vad")
    actor = "speech"
    resources = Resources(num_cpus=0.25, ram_mib=256)
    options_type: ClassVar[type[BackendOptions]] = PocketSphinxOptions

    _decoder: Decoder | None = None

    @classmethod
    def available(cls) -> str | None:
        """See `Backend.available`."""
        return None if find_spec("pocketsphinx") else "pocketsphinx is not installed (pip install pocketsphinx==5.1.1)"

    @classmethod
    def model_revision(cls, options: PocketSphinxOptions) -> str:  # noqa: ARG003 - there is one model
        """See `Backend.model_revision`."""
        try:
            return f"pocketsphinx en-us {version('pocketsphinx')}"
        except PackageNotFoundError:
            return "pocketsphinx en-us missing"

    def load(self) -> None:
        """See `Backend.load`."""
        try:
            from pocketsphinx import Decoder  # noqa: PLC0415 - heavy libraries are loaded in the actor's process only
        except ImportError as exc:
            raise BackendUnavailable("missing_library", f"pocketsphinx cannot be loaded: {exc}") from exc
        self._decoder = Decoder(samprate=SAMPLE_RATE_HZ, loglevel="FATAL")

    def run(self, items: Sequence[StageItem]) -> list[Outcome]:
        """See `Backend.run`; `data` is `Transcription`."""
        return [self._transcribe(item) for item in items]

    def close(self) -> None:
        """See `Backend.close`."""
        self._decoder = None

    def _transcribe(self, item: StageItem) -> Outcome:
        if item.audio is None:
            return Outcome(StageStatus.NO_AUDIO, reason="the file has no sound track")
        activity = item.results["vad"]
        if not isinstance(activity.data, SpeechSpans):
            return _without_spans(activity)
        heard = [found for found in self._hear(item.audio, activity.data) if found.words]
        posteriors = [word.confidence or 0.0 for found in heard for word in found.words]
        if not posteriors:
            return Outcome(StageStatus.NO_SPEECH, reason="no words were recognised where voice activity was found")
        evidence, bound = float(np.mean(posteriors)), self.options.evidence_bound
        if evidence < bound:
            reason = f"not taken for English: mean word posterior {evidence:.2f} is below {bound:.2f}"
            return Outcome(StageStatus.NO_SPEECH, reason=reason)
        return Outcome(StageStatus.DONE, data=_transcription(heard))

    def _hear(self, audio: NDArray[np.float32], activity: SpeechSpans) -> Iterator[Heard]:
        options = self.options
        level = normalised(audio, target_db=options.target_db)
        spans = [(span.start_s, span.end_s) for span in activity.spans]
        rules = {"join_within_s": options.join_within_s, "longest_s": options.longest_utterance_s}
        for utterance in utterances(spans, duration_s=audio.size / SAMPLE_RATE_HZ, **rules):
            first, end = (round(edge * SAMPLE_RATE_HZ) for edge in (utterance.heard_from_s, utterance.heard_to_s))
            yield Heard(utterance, tuple(self._words(level[first:end], offset_s=utterance.heard_from_s)))

    def _words(self, samples: NDArray[np.float32], *, offset_s: float) -> Iterator[Word]:
        """Recognise one utterance; its spectrum is normalised over the whole of it, whatever came before."""
        if self._decoder is None:
            raise RuntimeError("PocketSphinx.run was called before load")
        if samples.size == 0:
            return
        decoder = self._decoder
        decoder.reinit_feat()
        decoder.start_utt()
        decoder.process_raw((samples * 32767).astype("<i2").tobytes(), full_utt=True)
        decoder.end_utt()
        for segment in decoder.seg() or ():
            if not _FILLER.match(segment.word):
                yield _word(segment, offset_s)


def _word(segment: Any, offset_s: float) -> Word:
    return Word(
        word=_VARIANT.sub("", segment.word),
        start_s=round(offset_s + segment.start_frame / FRAMES_PER_S, 3),
        end_s=round(offset_s + (segment.end_frame + 1) / FRAMES_PER_S, 3),
        confidence=min(1.0, max(0.0, float(segment.prob))),
    )


def _transcription(heard: Sequence[Heard]) -> Transcription:
    words: list[Word] = []
    segments = []
    for found in heard:
        first = len(words)
        words.extend(found.words)
        segments.append(
            Segment(
                start_s=min(found.utterance.start_s, found.words[0].start_s or 0.0),
                end_s=max(found.utterance.end_s, found.words[-1].end_s or 0.0),
                text=" ".join(word.word for word in found.words),
                confidence=float(np.mean([word.confidence or 0.0 for word in found.words])),
                words=(first, len(words)),
            )
        )
    return Transcription(language="en", quality="draft", words=tuple(words), segments=tuple(segments))


def _without_spans(activity: Outcome) -> Outcome:
    """Pass on why there is nothing to listen to; without a gate the recogniser must not be believed."""
    if activity.status.durable:
        return Outcome(activity.status, reason=activity.reason)
    return Outcome(StageStatus.UNAVAILABLE, reason=f"voice activity is missing: {activity.reason or activity.status}")
