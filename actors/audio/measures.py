"""What the sound track is made of: speech, music, silence and tempo, by measures without a model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import ClassVar

from actors.audio.levels import SAMPLE_RATE_HZ
from actors.audio.tempo import tempo
from actors.audio.timeline import share, timeline
from actors.backend import Backend, BackendOptions, Outcome, Resources, StageItem, StageStatus
from actors.results import AudioMeasuresResult, AudioSpan, Span, SpeechSpans

NOT_HEARD = (
    "music_ratio is unknown: hardly any music was heard, but drums alone, a soft instrument or music under speech is "
    "not heard"
)

_ROUNDING = 0.01
"""Of spans on a grid of 0.1 s, in shares of a short clip."""


class AudioMeasures(Backend[BackendOptions]):
    """Ratios, labelled spans and tempo.

    Spans are `speech`, `music`, `speech_over_music` (loud music only) and `silence`. `ambience` is never claimed: no
    measure here told it from the rest with precision 0.9 on the corpus; such stretches stay unlabelled. A music ratio
    is the share in which music was heard, at least; None where most of the sound may hold some. Events need a detector
    and there is none.
    """

    name = "audio.measures"
    revision = 2
    needs = ("audio", "vad")
    actor = "shared"
    resources = Resources(num_cpus=0.05, ram_mib=160)
    options_type: ClassVar[type[BackendOptions]] = BackendOptions

    @classmethod
    def model_revision(cls, options: BackendOptions) -> str:  # noqa: ARG003 - the measures have no settings
        """See `Backend.model_revision`; a tempo is part of the result when librosa is there."""
        try:
            return f"measures (librosa {version('librosa')})"
        except PackageNotFoundError:
            return "measures"

    def load(self) -> None:
        """See `Backend.load`; there is nothing to load."""

    def run(self, items: Sequence[StageItem]) -> list[Outcome]:
        """See `Backend.run`; `data` is `AudioMeasuresResult`."""
        return [self._measure(item) for item in items]

    def _measure(self, item: StageItem) -> Outcome:
        if item.audio is None or item.audio.size == 0:
            return Outcome(StageStatus.NO_AUDIO, reason="the file has no sound track")
        voices = _voices(item.results)
        spans = timeline(item.audio, voices or ())
        seconds = item.audio.size / SAMPLE_RATE_HZ
        music_ratio = _music_ratio(spans, seconds)
        counted = tempo(item.audio)
        result = AudioMeasuresResult(
            speech_ratio=None if voices is None else share(spans, "speech", seconds),
            music_ratio=music_ratio,
            tempo_bpm=counted.bpm,
            tempo_reason=counted.reason,
            spans=spans,
        )
        return Outcome(StageStatus.DONE, data=result, reason=NOT_HEARD if music_ratio is None else None)


def _voices(results: Mapping[str, Outcome]) -> tuple[Span, ...] | None:
    """Return the voice-activity spans; none where the detector heard no speech; None where it could not say."""
    vad = results.get("vad")
    if vad is not None and isinstance(vad.data, SpeechSpans):
        return vad.data.spans
    return () if vad is not None and vad.status is StageStatus.NO_SPEECH else None


def _music_ratio(spans: Sequence[AudioSpan], seconds: float) -> float | None:
    """Return the share in which music was heard; None where more than twice that is sound of no kind that is told.

    Drums are such a sound: half a minute of them with one second of held tones is no clip with 3 % music.
    """
    ratio = share(spans, "music", seconds)
    unlabelled = 1.0 - sum(span.end_s - span.start_s for span in spans) / seconds
    return ratio if 2 * ratio >= unlabelled - _ROUNDING else None
