"""What was said, by whom."""

from __future__ import annotations

from typing import Literal, Self

from pydantic import model_validator

from actors.document.base import NonNegative, Part, Share, described, ordered


class Word(Part):
    """One spoken word; its times are null where the aligner could not place it."""

    word: str = described("Word", "The word as recognised, with its punctuation.")
    start_s: NonNegative | None = described("Start", "Presentation time; null where not placed.", unit="s")
    end_s: NonNegative | None = described("End", "Presentation time; null where not placed.", unit="s")
    confidence: Share | None = described(
        "Confidence", "As the recogniser gave it; null when it gives none.", unit="fraction"
    )
    speaker: str | None = described("Speaker", "Label of `speakers`; null without diarization.")
    timing: Literal["aligned", "interpolated"] | None = described(
        "Timing", "How the times came about: from the sound, or from the neighbours; null where there are none."
    )

    @model_validator(mode="after")
    def _times_are_ordered(self) -> Self:
        ordered(self.start_s, self.end_s)
        return self


class Segment(Part):
    """A stretch of speech, as the recogniser cut it, and again where the speaker changes."""

    start_s: NonNegative = described("Start", "Presentation time.", unit="s")
    end_s: NonNegative = described("End", "Presentation time.", unit="s")
    text: str = described("Text", "What is said in it.")
    speaker: str | None = described("Speaker", "Label of `speakers`; null without diarization.")
    confidence: Share | None = described(
        "Confidence", "As the recogniser gave it; null when it gives none.", unit="fraction"
    )

    @model_validator(mode="after")
    def _times_are_ordered(self) -> Self:
        ordered(self.start_s, self.end_s)
        return self


class Transcript(Part):
    """Everything said.

    All fields are null when speech recognition did not run (`processing.stages.asr` says why), or once retention has
    deleted the transcript (warning `retention`).
    """

    text: str | None = described("Text", "The words joined; empty when none was heard or none was believed.")
    words: tuple[Word, ...] | None = described(
        "Words", "In the order spoken, so that each shot's words are neighbours (`shots[].word_range`)."
    )
    segments: tuple[Segment, ...] | None = described("Segments", "The recogniser's own pieces, of one speaker each.")
    quality: Literal["draft", "standard"] | None = described(
        "Quality", "`draft`: good for search and timing, not to be quoted; null when nothing was recognised."
    )


class Speaker(Part):
    """One voice."""

    speaker: str = described("Speaker", "Label, as used in words and segments.")
    seconds: NonNegative = described("Seconds", "How long this voice speaks.", unit="s")
