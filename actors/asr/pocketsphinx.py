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
from actors.asr.sphinx import SphinxRecogniser
from actors.asr.transcript import Reading, transcription
from actors.asr.utterances import Utterance, utterances
from actors.audio.levels import normalised
from actors.audio.timeline import music_seconds
from actors.backend import Backend, BackendOptions, Outcome, Resources, StageItem, StageStatus
from actors.errors import BackendUnavailable
from actors.results import Span, SpeechSpans

MUSIC_SHARE = 0.5
"""An utterance of which more than this is music is not read: talk under music that loud comes out as other words."""


class PocketSphinxOptions(BackendOptions):
    """pocketsphinx decodes on one thread, whatever `threads` says."""

    evidence_bound: float = Field(default=0.03, ge=-1.0, le=1.0)
    """Evidence (see `actors.asr.evidence`) below which nothing is published."""
    min_words: int = Field(default=3, ge=1)
    """Fewer words than this are no evidence of a language."""
    warps: tuple[float, ...] = Field(default=(1.0, 1.12), min_length=1)
    """Frequency warps that every utterance is read at, for longer and shorter vocal tracts; the likelier one counts."""
    target_db: float = Field(default=-20.0, ge=-40.0, le=-6.0)
    """Level the sound track is brought to before it is read, in dBFS."""


class PocketSphinx(Backend[PocketSphinxOptions]):
    """Words with times and posteriors, or `no_speech` with the evidence that was missing; English, quality `draft`."""

    name = "asr.pocketsphinx"
    revision = 1
    needs = ("audio", "vad")
    actor = "speech"
    resources = Resources(num_cpus=0.25, ram_mib=320)
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
        """Read every utterance at every warp, and publish the likelier readings where the clip's evidence allows."""
        level = normalised(audio, target_db=self.options.target_db)
        found = _without_music(utterances(level, spans), music_seconds(audio))
        if not found:
            return Outcome(StageStatus.NO_SPEECH, reason="the voice activity lies under music too loud to read")
        recogniser = self._loaded()
        at_warps = [[recogniser.decode(one.of(level), warp=warp) for warp in self.options.warps] for one in found]
        if (reason := self._objection(evidence([each for warped in at_warps for each in warped]))) is not None:
            return Outcome(StageStatus.NO_SPEECH, reason=reason)
        readings = [
            Reading(one, max(warped, key=lambda each: each.word_score))
            for one, warped in zip(found, at_warps, strict=True)
        ]
        return Outcome(StageStatus.DONE, data=transcription(readings, spans, language="en"))

    def _objection(self, weighed: Evidence) -> str | None:
        """Say why the words may not be published, or None when they may."""
        words = weighed.words // len(self.options.warps)
        if words < self.options.min_words:
            return f"too few words for evidence of English: {words} < {self.options.min_words}"
        if weighed.value < self.options.evidence_bound:
            return (
                f"evidence of English below bound: {weighed.value:.2f} < {self.options.evidence_bound:.2f} "
                f"(word posterior {weighed.posterior:.2f}, margin over phones {weighed.margin:.2f})"
            )
        return None

    def _loaded(self) -> SphinxRecogniser:
        if self._recogniser is None:
            raise RuntimeError("PocketSphinx.run was called before load")
        return self._recogniser


def _without_music(found: Sequence[Utterance], music: NDArray[np.bool_]) -> list[Utterance]:
    """Leave out the utterances of which more than `MUSIC_SHARE` of the whole seconds they touch are music."""
    return [
        one for one in found if music[int(one.start_s) : int(one.end_s) + 1].mean() <= MUSIC_SHARE or music.size == 0
    ]
