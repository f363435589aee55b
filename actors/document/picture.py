"""What is seen: shots with their keyframes, and text over time."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, model_validator

from actors.document.base import Box, NonNegative, Part, Share, WordRange, described, ordered

_BOX = "[x, y, width, height] as shares of the displayed frame, from its upper left corner."
_CONFIDENCE = "As the model gave it; null when it gives none."


class Caption(Part):
    """A sentence about a keyframe."""

    text: str = described("Text", "The sentence.")
    confidence: Share | None = described("Confidence", _CONFIDENCE, unit="fraction")


class TextLine(Part):
    """One line of text in a keyframe."""

    text: str = described("Text", "The line as read.")
    confidence: Share = described("Confidence", "As the recogniser gave it.", unit="fraction")
    box: Box = described("Box", _BOX, unit="fraction")


class DetectedObject(Part):
    """One thing found in a keyframe."""

    label: str = described("Label", "What it is.")
    confidence: Share | None = described("Confidence", _CONFIDENCE, unit="fraction")
    box: Box = described("Box", _BOX, unit="fraction")


class Shot(Part):
    """One shot, [start_s, end_s). A list is null when its stage did not run, empty when it ran and found nothing."""

    shot_id: Annotated[str, Field(pattern=r"^s[0-9]{3,}$")] = described(
        "Shot id", "`s001`, `s002`, … in order of time."
    )
    start_s: NonNegative = described("Start", "Presentation time of its first frame.", unit="s")
    end_s: NonNegative = described("End", "Presentation time of the next shot's first frame, or the end.", unit="s")
    keyframe: str = described("Keyframe", "Path of its picture (JPEG), relative to this document's folder.")
    captions: tuple[Caption, ...] | None = described("Captions", "Sentences about the keyframe, best first.")
    ocr_text: str | None = described("On-screen text", "The lines of `ocr`, joined by line breaks.")
    ocr: tuple[TextLine, ...] | None = described("On-screen lines", "Text read in the keyframe, in reading order.")
    objects: tuple[DetectedObject, ...] | None = described("Objects", "Things found in the keyframe.")
    transcript_text: str | None = described("Transcript", "What is said during the shot.")
    word_range: WordRange | None = described(
        "Word range",
        "[first, end) in `transcript.words`. A word belongs to the shot that holds its midpoint (before the first "
        "shot: the first; after the last: the last); a word without times to its predecessor's shot. The ranges of all "
        "shots tile the words without gap or overlap.",
        unit="index",
    )

    @model_validator(mode="after")
    def _times_are_ordered(self) -> Self:
        ordered(self.start_s, self.end_s)
        return self


class TextOverlay(Part):
    """The same text over neighbouring frames."""

    text: str = described("Text", "The text as read.")
    start_s: NonNegative = described("Start", "First sighting.", unit="s")
    end_s: NonNegative = described("End", "Last sighting.", unit="s")
    box: Box = described("Box", _BOX, unit="fraction")
    confidence: Share = described("Confidence", "As the recogniser gave it.", unit="fraction")

    @model_validator(mode="after")
    def _times_are_ordered(self) -> Self:
        ordered(self.start_s, self.end_s)
        return self
