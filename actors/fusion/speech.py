"""What was said: words linked to shots, segments, speakers and the language."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from actors import results
from actors.document import DocumentWarning, Segment, Speaker, Transcript, Word, WordRange
from actors.fusion import figures
from actors.fusion.stages import Stages
from actors.fusion.text import clean_line, join_words
from actors.fusion.voices import seconds_of, with_voices
from actors.fusion.words import place


@dataclass(frozen=True, slots=True)
class Speech:
    """The document's words about words; `ranges` holds one [first, end) per shot, None when nobody listened."""

    transcript: Transcript
    ranges: tuple[WordRange, ...] | None
    language: str | None
    language_confidence: float | None
    speakers: tuple[Speaker, ...] | None
    unknown: tuple[DocumentWarning, ...] = ()


def speech_of(stages: Stages, *, starts_s: Sequence[float]) -> Speech:
    """Return what the speech stages found.

    starts_s: the shots' starts in seconds, ascending. Without an answer of the recogniser everything is None; when it
    heard or believed nothing (`no_audio`, `no_speech`, no words) the text is empty and the language None, for a
    language without words would be a guess. Where voices were told apart, words and segments carry them.
    """
    found = stages.result("asr", results.Transcription)
    if found is None:
        return _wordless(stages, starts_s)
    voices = stages.result("diarization", results.Diarization)
    found = found if voices is None else with_voices(found, voices.turns)
    words, ranges = place(_words(found), starts_s)
    segments = _segments(found)
    language = clean_line(found.language or "") or None if words or segments else None
    text = join_words(word.word for word in words) if words else join_words(segment.text for segment in segments)
    return Speech(
        transcript=Transcript(text=text, words=words, segments=segments, quality=found.quality if text else None),
        ranges=ranges,
        language=language,
        language_confidence=figures.share(found.language_confidence) if language else None,
        speakers=_speakers(stages, words, segments),
        unknown=() if language else (_unknown_language(stages, heard=bool(text)),),
    )


def _wordless(stages: Stages, starts_s: Sequence[float]) -> Speech:
    """Return an empty transcript when there was nothing to hear, an unknown one when nobody listened."""
    listened = stages.answered("asr")
    nothing = () if listened else None
    return Speech(
        transcript=Transcript(text="" if listened else None, words=nothing, segments=nothing, quality=None),
        ranges=((0, 0),) * len(starts_s) if listened else None,
        language=None,
        language_confidence=None,
        speakers=_speakers(stages, (), ()),
    )


def _words(found: results.Transcription) -> list[Word]:
    return [_word(word, text) for word in found.words if (text := clean_line(word.word))]


def _word(word: results.Word, text: str) -> Word:
    start_s, end_s = word.start_s, word.end_s
    if start_s is not None and end_s is not None:
        start_s, end_s = figures.interval(start_s, end_s)
    return Word(
        word=text,
        start_s=None if start_s is None else figures.seconds(start_s),
        end_s=None if end_s is None else figures.seconds(end_s),
        confidence=figures.share(word.confidence),
        speaker=word.speaker,
        timing=None if start_s is None and end_s is None else word.timing,
    )


def _segments(found: results.Transcription) -> tuple[Segment, ...]:
    return tuple(_segment(segment, text) for segment in found.segments if (text := clean_line(segment.text)))


def _segment(segment: results.Segment, text: str) -> Segment:
    start_s, end_s = figures.interval(segment.start_s, segment.end_s)
    confidence = figures.share(segment.confidence)
    return Segment(start_s=start_s, end_s=end_s, text=text, speaker=segment.speaker, confidence=confidence)


def _speakers(stages: Stages, words: Sequence[Word], segments: Sequence[Segment]) -> tuple[Speaker, ...] | None:
    """Add up each voice's turns, else its segments, or its words where segments carry no labels; first heard first."""
    voices = stages.result("diarization", results.Diarization)
    if voices is not None:
        return _added(seconds_of(voices.turns))
    labelled: Sequence[Word | Segment] = [segment for segment in segments if segment.speaker]
    seconds: defaultdict[str, float] = defaultdict(float)
    for part in labelled or words:
        if part.speaker:
            known = part.start_s is not None and part.end_s is not None
            seconds[part.speaker] += (part.end_s or 0.0) - (part.start_s or 0.0) if known else 0.0
    if not seconds and not stages.answered("diarization"):
        return None
    return _added(seconds)


def _added(seconds: Mapping[str, float]) -> tuple[Speaker, ...]:
    return tuple(Speaker(speaker=name, seconds=figures.seconds(total)) for name, total in seconds.items())


def _unknown_language(stages: Stages, *, heard: bool) -> DocumentWarning:
    why = "the recogniser names no language" if heard else "no words were recognised"
    return DocumentWarning(code="language_unknown", field="language", message=stages.reason("asr") or why)
