"""What a sound track is made of: speech, music, ambience and silence, by measures without a model of their own."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import version
from importlib.util import find_spec
from itertools import groupby
from typing import ClassVar, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from actors.audio.levels import SAMPLE_RATE_HZ
from actors.audio.tempo import tempo
from actors.audio.tonality import activations
from actors.backend import Backend, BackendOptions, Outcome, Resources, StageItem, StageStatus
from actors.results import AudioMeasuresResult, AudioSpan, SpeechSpans

Kind = Literal["speech", "music", "speech_over_music", "ambience", "silence"]


class AudioOptions(BackendOptions):
    """Bounds of the measures, tuned in `tests/bench/sound.py`."""

    music_activation: float = Field(default=3.2, gt=0.0)
    """From this continuous frequency activation on a second is music; speech reaches 3.0, a hum 3.4."""
    silence_db: float = Field(default=-60.0, lt=0.0)
    """Below this level, in dBFS, a second is silence."""
    speech_share: float = Field(default=0.5, gt=0.0, le=1.0)
    """Share of a second that must be speech for it to be called so."""


class AudioMeasures(Backend[AudioOptions]):
    """Spans on a grid of one second. Speech is the voice-activity detector's word; without it there are no spans."""

    name = "audio.measures"
    revision = 1
    needs = ("audio", "vad")
    actor = "shared"
    resources = Resources(num_cpus=0.05, ram_mib=200)
    options_type: ClassVar[type[BackendOptions]] = AudioOptions

    @classmethod
    def model_revision(cls, options: AudioOptions) -> str:  # noqa: ARG003 - nothing depends on them
        """Name librosa's version too, for with it there is a tempo."""
        return "measures 1" + (f" librosa {version('librosa')}" if find_spec("librosa") else "")

    def load(self) -> None:
        """Nothing to load."""

    def run(self, items: Sequence[StageItem]) -> list[Outcome]:
        """See `Backend.run`; `data` is `AudioMeasuresResult`."""
        return [self._measure(item) for item in items]

    def _measure(self, item: StageItem) -> Outcome:
        if item.audio is None:
            return Outcome(StageStatus.NO_AUDIO, reason="the file has no sound track")
        activity = item.results["vad"]
        if activity.status is not StageStatus.DONE and activity.status is not StageStatus.NO_SPEECH:
            reason = f"voice activity is missing: {activity.reason or activity.status}"
            return Outcome(StageStatus.UNAVAILABLE, reason=reason)
        speech = activity.data if isinstance(activity.data, SpeechSpans) else SpeechSpans(spans=(), speech_s=0.0)
        return Outcome(StageStatus.DONE, data=self._result(item.audio, speech))

    def _result(self, audio: NDArray[np.float32], speech: SpeechSpans) -> AudioMeasuresResult:
        duration_s = audio.size / SAMPLE_RATE_HZ
        kinds = self._kinds(audio, speech)
        music_s = float(sum(kind in {"music", "speech_over_music"} for kind in kinds))
        found = tempo(audio, music_s=music_s)
        return AudioMeasuresResult(
            speech_ratio=min(1.0, round(speech.speech_s / duration_s, 4)) if duration_s else None,
            music_ratio=round(music_s / len(kinds), 4) if kinds else None,
            tempo_bpm=found.bpm,
            tempo_reason=found.reason,
            spans=_spans(kinds, duration_s),
        )

    def _kinds(self, audio: NDArray[np.float32], speech: SpeechSpans) -> list[Kind]:
        """Return what each whole second is."""
        tonal = activations(audio) >= self.options.music_activation
        spoken = _spoken_share(speech, seconds=tonal.size) >= self.options.speech_share
        blocks = audio[: tonal.size * SAMPLE_RATE_HZ].reshape(tonal.size, -1)
        power = np.mean(np.square(blocks, dtype=np.float64), axis=1) if tonal.size else np.zeros(0)
        silent = power < 10 ** (self.options.silence_db / 10)
        return [_kind(*flags) for flags in zip(silent, spoken, tonal, strict=True)]


def _kind(silent: np.bool_, spoken: np.bool_, tonal: np.bool_) -> Kind:
    if spoken:
        return "speech_over_music" if tonal else "speech"
    if silent:
        return "silence"
    return "music" if tonal else "ambience"


def _spoken_share(speech: SpeechSpans, *, seconds: int) -> NDArray[np.float64]:
    share = np.zeros(seconds)
    for second in range(seconds):
        share[second] = sum(
            max(0.0, min(span.end_s, second + 1.0) - max(span.start_s, float(second))) for span in speech.spans
        )
    return share


def _spans(kinds: Sequence[Kind], duration_s: float) -> tuple[AudioSpan, ...]:
    """Join equal seconds; the last span reaches to the end of the sound."""
    spans, start = [], 0
    for kind, group in groupby(kinds):
        end = start + len(list(group))
        spans.append(AudioSpan(start_s=start, end_s=duration_s if end == len(kinds) else end, kind=kind))
        start = end
    return tuple(spans)
