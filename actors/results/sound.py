"""What is heard: speech, voices and kinds of sound."""

from __future__ import annotations

from typing import Literal

from actors.results.base import Result, Unit


class Span(Result):
    """A stretch of time."""

    start_s: float
    end_s: float


class SpeechSpans(Result):
    """Where the voice-activity detector hears speech."""

    spans: tuple[Span, ...]
    speech_s: float


class Word(Result):
    """One spoken word. Times are None where the aligner could not place it; `timing` says how they came about."""

    word: str
    start_s: float | None
    end_s: float | None
    confidence: Unit | None
    speaker: str | None = None
    timing: Literal["aligned", "interpolated"] | None = "aligned"


class Segment(Result):
    """A stretch of speech with its text; `words` is the range [first, end) in the transcription's words."""

    start_s: float
    end_s: float
    text: str
    confidence: Unit | None = None
    speaker: str | None = None
    words: tuple[int, int] | None = None


class Transcription(Result):
    """What was said. `quality` is `draft` for recognisers that are not to be quoted."""

    language: str | None
    language_confidence: Unit | None = None
    quality: Literal["draft", "standard"]
    words: tuple[Word, ...] = ()
    segments: tuple[Segment, ...] = ()


class SpeakerTurn(Result):
    """A stretch of one voice; turns of one clip do not overlap."""

    start_s: float
    end_s: float
    speaker: str


class Diarization(Result):
    """Who speaks when, in order of time; voices are named in the order in which they are first heard."""

    turns: tuple[SpeakerTurn, ...]


class AudioSpan(Result):
    """A stretch of one kind of sound."""

    start_s: float
    end_s: float
    kind: Literal["speech", "music", "speech_over_music", "ambience", "silence"]


class AudioEvent(Result):
    """A sound event with the confidence its detector gave, or None."""

    label: str
    start_s: float
    end_s: float
    confidence: Unit | None = None


class AudioMeasuresResult(Result):
    """What the sound track is made of. Ratios are shares of the duration."""

    speech_ratio: Unit | None
    music_ratio: Unit | None
    tempo_bpm: float | None
    tempo_reason: str | None = None
    """Why there is no tempo."""
    spans: tuple[AudioSpan, ...] = ()
    events: tuple[AudioEvent, ...] | None = None
    """None when the backend has no detector for events; empty when it looked and found none."""
