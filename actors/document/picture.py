"""What is seen: shots with their keyframes, and text over time."""

from __future__ import annotations

from typing import Annotated, Literal, Self

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
    keyframe: str | None = described(
        "Keyframe",
        "Path of its picture (JPEG), relative to this document's folder; null once retention has deleted it (warning "
        "`retention`).",
    )
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

    dropped: Literal["black", "blurred", "duplicate"] | None = described(
        "Dropped",
        "Why the keyframe is not worth showing: `black`, `blurred`, or a `duplicate` of an earlier one; null when it "
        "is, or when nobody judged it (`processing.stages.frames`).",
        default=None,
    )
    duplicate_of: str | None = described(
        "Duplicate of", "`shot_id` of the earlier keyframe that it repeats; null when it repeats none.", default=None
    )

    @model_validator(mode="after")
    def _times_are_ordered(self) -> Self:
        ordered(self.start_s, self.end_s)
        return self

    @model_validator(mode="after")
    def _duplicates_name_their_original(self) -> Self:
        if (self.dropped == "duplicate") != (self.duplicate_of is not None):
            raise ValueError(
                f"{self.shot_id}: `duplicate_of` belongs to what was dropped as a duplicate, and to no other"
            )
        return self


class RepresentativeFrame(Part):
    """A keyframe that stands for the whole clip."""

    shot_id: str = described("Shot id", "The shot whose keyframe it is.")
    time_s: NonNegative = described("Time", "Presentation time of the keyframe.", unit="s")
    keyframe: str | None = described("Keyframe", "Path of its picture (JPEG), as in the shot; null as there.")
    prompt: str | None = described(
        "Prompt", "The configured description it is nearest to; null when it was chosen without a model."
    )
    similarity: Annotated[float, Field(ge=-1.0, le=1.0)] | None = described(
        "Similarity", "Cosine of picture and prompt; null when it was chosen without a model.", unit="cosine"
    )


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
