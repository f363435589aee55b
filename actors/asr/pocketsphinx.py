"""Draft English speech recognition by pocketsphinx and the model in its wheel; believed only on evidence."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from actors.asr.evidence import Evidence, evidence
from actors.asr.sphinx import Decoded, SphinxRecogniser
from actors.asr.transcript import Reading, transcription
from actors.asr.utterances import Utterance, utterances
from actors.audio.levels import normalised
from actors.audio.music import heard_music
from actors.backend import Backend, BackendOptions, Outcome, Resources, StageItem, StageStatus
from actors.errors import BackendUnavailable
from actors.results import Span, SpeechSpans

MUSIC_SHARE = 0.25
"""Of a clip's utterances, the share of time under music above which none is believed: talk under music that loud
comes out as other words with high posteriors, also where the music is softer for a while."""


class PocketSphinxOptions(BackendOptions):
    """pocketsphinx decodes on one thread, whatever `threads` says."""

    evidence_bound: float = Field(default=-0.01, ge=-1.0, le=1.0)
    """Evidence (see `actors.asr.evidence`) below which nothing is published."""
    min_words: int = Field(default=3, ge=1)
    """Fewer words than this are no evidence of a language."""
    warps: tuple[float, ...] = Field(default=(1.0, 1.12), min_length=1)
    """Frequency warps that every utterance is read at, for different vocal tracts; the more evident reading counts."""
    target_db: float = Field(default=-20.0, ge=-40.0, le=-6.0)
    """Level the sound track is brought to before it is read, in dBFS."""


class PocketSphinx(Backend[PocketSphinxOptions]):
    """Words with times and posteriors, or `no_speech` with the evidence that was missing; English, quality `draft`."""

    name = "asr.pocketsphinx"
    revision = 2
    needs = ("audio", "vad")
    requires = frozenset({"vad"})
    actor = "speech"
    resources = Resources(num_cpus=0.25, ram_mib=320)
    licence: ClassVar[str | None] = "BSD-2-Clause"
    options_type: ClassVar[type[BackendOptions]] = PocketSphinxOptions

    _recogniser: SphinxRecogniser | None = None

    @classmethod
    def available(cls) -> str | None:
        """See `Backend.available`."""
        if find_spec("pocketsphinx") is None:
            return "pocketsphinx is not installed (pip install pocketsphinx==5.1.1)"
        return None

    @classmethod
    def model_revision(cls, options: PocketSphinxOptions) -> str:  # noqa: ARG003 - there is one model in the wheel
        """See `Backend.model_revision`."""
        try:
            return f"pocketsphinx {version('pocketsphinx')} en-us"
        except PackageNotFoundError:
            return "pocketsphinx en-us"

    def load(self) -> None:
        """See `Backend.load`."""
        if (reason := self.available()) is not None:
            raise BackendUnavailable("missing_library", reason)
        try:
            self._recogniser = SphinxRecogniser()
        except (ImportError, RuntimeError) as exc:
            raise BackendUnavailable("model_not_loaded", f"pocketsphinx cannot load its English model: {exc}") from exc

    def run(self, items: Sequence[StageItem]) -> list[Outcome]:
        """See `Backend.run`; `data` is `Transcription`."""
        return [self._transcribe(item) for item in items]

    def close(self) -> None:
        """See `Backend.close`."""
        self._recogniser = None

    def _transcribe(self, item: StageItem) -> Outcome:
        vad = item.results.get("vad")
        if item.audio is None:
            return Outcome(StageStatus.NO_AUDIO, reason="the file has no sound track")
        if vad is not None and isinstance(vad.data, SpeechSpans):
            return self._read(item.audio, vad.data.spans)
        if vad is not None and vad.status.durable:
            return Outcome(vad.status, reason=vad.reason)
        said = "was not run" if vad is None else f"said {vad.status} ({vad.reason})"
        return Outcome(StageStatus.UNAVAILABLE, reason=f"voice activity is not known: the vad stage {said}")

    def _read(self, audio: NDArray[np.float32], spans: Sequence[Span]) -> Outcome:
        """Read every utterance at every warp, and publish the readings with most evidence where the clip has enough."""
        level = normalised(audio, target_db=self.options.target_db)
        found = utterances(level, spans)
        if (share := _music_share(found, heard_music(audio).certain)) > MUSIC_SHARE:
            return Outcome(StageStatus.NO_SPEECH, reason=f"{share:.0%} of the voice activity lies under music")
        readings = [self._readings(level, utterance) for utterance in found]
        if (reason := self._objection(evidence([each for warped in readings for each in warped]))) is not None:
            return Outcome(StageStatus.NO_SPEECH, reason=reason)
        best = [
            Reading(utterance, max(warped, key=lambda each: evidence([each]).value))
            for utterance, warped in zip(found, readings, strict=True)
        ]
        return Outcome(StageStatus.DONE, data=transcription(best, spans, language="en"))

    def _readings(self, level: NDArray[np.float32], utterance: Utterance) -> list[Decoded]:
        if self._recogniser is None:
            raise RuntimeError("PocketSphinx.run was called before load")
        return [self._recogniser.decode(utterance.of(level), warp=warp) for warp in self.options.warps]

    def _objection(self, weighed: Evidence) -> str | None:
        """Say why the words may not be published, or None when they may."""
        if weighed.words < self.options.min_words:
            return f"too few words for evidence of English: {weighed.words:.1f} < {self.options.min_words}"
        if weighed.value < self.options.evidence_bound:
            return (
                f"evidence of English below bound: {weighed.value:.2f} < {self.options.evidence_bound:.2f} "
                f"(posterior {weighed.posterior:.2f}, margin {weighed.margin:.2f}, words {weighed.words:.0f})"
            )
        return None


def _music_share(found: Sequence[Utterance], music: NDArray[np.bool_]) -> float:
    """Return which share of the whole seconds that the utterances touch is music; 0 for less than a second."""
    touched = np.zeros(music.size, dtype=np.bool_)
    for utterance in found:
        touched[int(utterance.start_s) : int(np.ceil(utterance.end_s))] = True
    return float(music[touched].mean()) if touched.any() else 0.0
