"""The document: one video, described; what is unknown is null, with a reason in `processing`."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, JsonValue, model_validator

from actors.document.base import NonNegative, Part, Share, described
from actors.document.picture import RepresentativeFrame, Shot, TextOverlay
from actors.document.processing import Processing
from actors.document.sound import Audio
from actors.document.source import MediaInfo, Source
from actors.document.transcript import Speaker, Transcript


class Document(Part):
    """What Reelwatch found in one video. Times are presentation times in seconds.

    null means unknown, and `processing` holds the reason; an empty list means looked for and not found. Readers ignore
    fields they do not know.
    """

    schema_version: Annotated[str, Field(pattern=r"^1\.[0-9]+$")] = described(
        "Schema version", "Version of this document's structure; additions raise the number after the dot."
    )
    video_id: Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")] = described(
        "Video id", "First 16 digits of `source.sha256`: the same bytes have the same id everywhere."
    )
    filename: str = described("File name", "Name of the video file; bytes that are not UTF-8 are written as \\xNN.")
    status: Literal["complete", "partial"] = described(
        "Status", "`partial`: a stage the profile asks for was unavailable, failed or timed out."
    )
    source: Source = described("Source", "The file and its publication.")
    media: MediaInfo = described("Media", "The streams.")
    duration_s: NonNegative = described("Duration", "Of what was decoded.", unit="s")
    language: str | None = described("Language", "Code of the spoken language; null when no words were believed.")
    language_confidence: Share | None = described(
        "Language confidence", "As the recogniser gave it; null when it gives none.", unit="fraction"
    )
    transcript: Transcript = described("Transcript", "What is said.")
    speakers: tuple[Speaker, ...] | None = described("Speakers", "Voices told apart; null without diarization.")
    shots: tuple[Shot, ...] = described("Shots", "In order of time; empty without video.")
    representative_frames: tuple[RepresentativeFrame, ...] | None = described(
        "Representative frames",
        "Two to five keyframes that stand for the video, in order of time; fewer when fewer are worth showing; null "
        "when nobody chose.",
        default=None,
    )
    text_overlays: tuple[TextOverlay, ...] | None = described(
        "Text overlays", "On-screen text over time; null when no text was looked for."
    )
    audio: Audio = described("Audio", "What is heard besides words.")
    signals: dict[str, JsonValue] = described("Signals", "Results of further analyzers, by name.")
    processing: Processing = described("Processing", "How the document came about.")

    @model_validator(mode="after")
    def _ids_agree(self) -> Self:
        if not self.source.sha256.startswith(self.video_id):
            raise ValueError(f"video_id {self.video_id} is not the start of source.sha256 {self.source.sha256}")
        if len({shot.shot_id for shot in self.shots}) != len(self.shots):
            raise ValueError("two shots have the same shot_id")
        return self

    @model_validator(mode="after")
    def _named_shots_exist(self) -> Self:
        earlier: set[str] = set()
        for shot in self.shots:
            if shot.duplicate_of is not None and shot.duplicate_of not in earlier:
                raise ValueError(f"{shot.shot_id} is no duplicate of {shot.duplicate_of}, which is no earlier shot")
            earlier.add(shot.shot_id)
        unknown = [frame.shot_id for frame in self.representative_frames or () if frame.shot_id not in earlier]
        if unknown:
            raise ValueError(f"representative_frames name {unknown[0]}, which is no shot")
        return self

    @model_validator(mode="after")
    def _word_ranges_tile(self) -> Self:
        words = self.transcript.words
        expected = 0
        for shot in self.shots:
            if (shot.word_range is None) != (words is None):
                raise ValueError(
                    f"shot {shot.shot_id}: word_range and transcript.words must both be null or both be set"
                )
            if shot.word_range is not None:
                first, end = shot.word_range
                if first != expected or end < first:
                    raise ValueError(f"shot {shot.shot_id}: word_range [{first}, {end}) does not follow {expected}")
                expected = end
        if self.shots and words is not None and expected != len(words):
            raise ValueError(f"the shots' word ranges hold {expected} of {len(words)} words")
        return self
