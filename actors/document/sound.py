"""What is heard besides words."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import model_validator

from actors.document.base import NonNegative, Part, Share, described, ordered


class AudioSpan(Part):
    """A stretch of one kind of sound."""

    start_s: NonNegative = described("Start", "Presentation time.", unit="s")
    end_s: NonNegative = described("End", "Presentation time.", unit="s")
    kind: Literal["speech", "music", "speech_over_music", "ambience", "silence"] = described(
        "Kind", "What it sounds like."
    )

    @model_validator(mode="after")
    def _times_are_ordered(self) -> Self:
        ordered(self.start_s, self.end_s)
        return self


class AudioEvent(Part):
    """One sound event."""

    label: str = described("Label", "What it is.")
    start_s: NonNegative = described("Start", "Presentation time.", unit="s")
    end_s: NonNegative = described("End", "Presentation time.", unit="s")
    confidence: Share | None = described(
        "Confidence", "As the detector gave it; null when it gives none.", unit="fraction"
    )

    @model_validator(mode="after")
    def _times_are_ordered(self) -> Self:
        ordered(self.start_s, self.end_s)
        return self


class Audio(Part):
    """Measures of the sound track; null means not measured, and `processing` says why."""

    loudness_lufs: float | None = described(
        "Loudness", "Integrated loudness (EBU R128); null without sound or below the gate.", unit="LUFS"
    )
    speech_ratio: Share | None = described("Speech ratio", "Share of the duration with speech.", unit="fraction")
    music_ratio: Share | None = described("Music ratio", "Share of the duration with music.", unit="fraction")
    tempo_bpm: NonNegative | None = described(
        "Tempo", "Beats a minute; null where there is no steady beat.", unit="1/min"
    )
    spans: tuple[AudioSpan, ...] | None = described("Spans", "What kind of sound is heard when.")
    events: tuple[AudioEvent, ...] | None = described("Events", "Sound events; null when no detector looked for them.")
