"""From readings of utterances to the transcription: clip times, one segment per voice-activity span."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from actors.asr.sphinx import Decoded, DecodedWord
from actors.asr.utterances import Utterance
from actors.results import Segment, Span, Transcription, Word


@dataclass(frozen=True, slots=True)
class Reading:
    """The reading of one utterance that explains it best."""

    utterance: Utterance
    decoded: Decoded


def transcription(readings: Sequence[Reading], spans: Sequence[Span], *, language: str) -> Transcription:
    """Return words in order with the posterior as confidence, and a segment for each span that holds some.

    A word belongs to the span that its midpoint lies in, or to the nearest. Language confidence is None: the evidence
    is no probability. Quality is `draft`.
    """
    words = [_placed(word, reading.utterance) for reading in readings for word in reading.decoded.words]
    owners = [_nearest(word, spans) for word in words]
    segments = []
    for index in sorted(set(owners)):
        first, end = owners.index(index), len(owners) - owners[::-1].index(index)
        segments.append(_segment(words[first:end], first))
    return Transcription(language=language, quality="draft", words=tuple(words), segments=tuple(segments))


def _placed(word: DecodedWord, utterance: Utterance) -> Word:
    return Word(
        word=word.word,
        start_s=round(utterance.start_s + word.start_s, 3),
        end_s=round(min(utterance.start_s + word.end_s, utterance.end_s), 3),
        confidence=round(word.posterior, 4),
    )


def _nearest(word: Word, spans: Sequence[Span]) -> int:
    middle = _middle(word)
    return min(range(len(spans)), key=lambda i: max(spans[i].start_s - middle, middle - spans[i].end_s, 0.0))


def _middle(word: Word) -> float:
    if word.start_s is None or word.end_s is None:
        raise ValueError(f"the recogniser gave no time for {word.word!r}")
    return (word.start_s + word.end_s) / 2


def _segment(words: Sequence[Word], first: int) -> Segment:
    """Make a segment of some neighbouring words; its confidence is the mean of theirs."""
    confidences = [word.confidence for word in words if word.confidence is not None]
    return Segment(
        start_s=words[0].start_s or 0.0,
        end_s=words[-1].end_s or 0.0,
        text=" ".join(word.word for word in words),
        confidence=round(sum(confidences) / len(confidences), 4),
        words=(first, first + len(words)),
    )
