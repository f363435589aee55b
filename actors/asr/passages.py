"""From what a model says about chunks of sound to the transcription: words with times, in sentences."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from actors.asr.chunks import Chunk
from actors.asr.interpolation import PlacedWord, untimed
from actors.asr.language import Guess
from actors.results import Segment, Transcription, Word

SENTENCE_END = re.compile(r"[.!?…。！？][\"'”’»)\]]*$")  # noqa: RUF001 - the full-width signs end sentences in CJK text
LONGEST_PAUSE_S = 1.0
"""A longer pause between two words ends a sentence, whatever the punctuation says."""


@dataclass(frozen=True, slots=True)
class Passage:
    """What a model says about one chunk.

    log_prob: mean natural log-probability of a token. no_speech: the probability of `<|nospeech|>`, None where the
    model has no such token. words: with the spaces before them, times on the clip's clock; empty where
    nobody timed them.
    """

    chunk: Chunk
    text: str
    log_prob: float
    no_speech: float | None = None
    words: tuple[PlacedWord, ...] = ()

    @property
    def confidence(self) -> float:
        """The geometric mean of its tokens' probabilities."""
        return round(min(1.0, math.exp(self.log_prob)), 4)


@dataclass(frozen=True, slots=True)
class Sentence:
    """Some words that belong together, and the confidence of the passage they come from."""

    text: str
    start_s: float
    end_s: float
    words: tuple[Word, ...]
    confidence: float


def transcription(sentences: Sequence[Sentence], spoken: Guess) -> Transcription:
    """Return the sentences in order as segments, each with its [first, end) in the words; quality `standard`."""
    words: list[Word] = []
    segments = []
    for sentence in sentences:
        first = len(words)
        words.extend(sentence.words)
        segments.append(
            Segment(
                start_s=sentence.start_s,
                end_s=sentence.end_s,
                text=sentence.text,
                confidence=sentence.confidence,
                words=(first, len(words)),
            )
        )
    return Transcription(
        language=spoken.language,
        language_confidence=spoken.confidence,
        quality="standard",
        words=tuple(words),
        segments=tuple(segments),
    )


def untimed_sentence(passage: Passage) -> Sentence:
    """Return a passage whose words nobody timed: the segment has the chunk's times, its words have none."""
    text = " ".join(passage.text.split())
    words = tuple(untimed(word) for word in text.split())
    return Sentence(text, *_bounds(passage.chunk), words, passage.confidence)


def sentences(passage: Passage, words: Sequence[Word]) -> list[Sentence]:
    """Part a passage where a sentence ends or somebody pauses.

    words: the words of `passage.words` with their final times, one for one. A sentence without a timed word has the
    chunk's times.
    """
    ends = [
        at + 1
        for at, (word, following) in enumerate(pairwise(words))
        if SENTENCE_END.search(word.word) or _pause_s(word, following) > LONGEST_PAUSE_S
    ]
    return parted(passage, words, [*ends, len(words)])


def parted(passage: Passage, words: Sequence[Word], ends: Sequence[int]) -> list[Sentence]:
    """Part a passage behind the words of these numbers, the last of which is that of its words."""
    return [_sentence(passage, words, first, end) for first, end in pairwise([0, *ends])]


def _sentence(passage: Passage, words: Sequence[Word], first: int, end: int) -> Sentence:
    text = "".join(word.word for word in passage.words[first:end]).strip()
    low_s, high_s = _bounds(passage.chunk)
    starts = [word.start_s for word in words[first:end] if word.start_s is not None]
    ends = [word.end_s for word in words[first:end] if word.end_s is not None]
    start_s, end_s = min(starts, default=low_s), max(ends, default=high_s)
    return Sentence(text, start_s, end_s, tuple(words[first:end]), passage.confidence)


def _pause_s(before: Word, after: Word) -> float:
    if before.end_s is None or after.start_s is None:
        return 0.0
    return after.start_s - before.end_s


def _bounds(chunk: Chunk) -> tuple[float, float]:
    return round(chunk.start_s, 3), round(chunk.end_s, 3)
