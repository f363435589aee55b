"""What is said, as paragraphs of words that can be clicked: segments, with the spaces of their text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from actors.document import Document, Segment, Transcript, Word

_NUMBERED = re.compile(r"SPEAKER_(\d{1,4})", re.IGNORECASE)
PALETTE = 6
"""How many colours speakers have; the seventh begins again, and is told apart by its name."""


@dataclass(frozen=True, slots=True)
class SpokenWord:
    """A word as shown. space: what stands before it. Times are seconds, None where it was not placed."""

    text: str
    space: str
    start_s: float | None
    end_s: float | None
    interpolated: bool


@dataclass(frozen=True, slots=True)
class Voice:
    """A speaker. label: as in the document; name: for people; colour: 1 to `PALETTE`."""

    label: str
    name: str
    colour: int
    seconds: float | None


@dataclass(frozen=True, slots=True)
class Paragraph:
    """A stretch of speech of one voice, None where voices were not told apart."""

    start_s: float | None
    end_s: float | None
    text: str
    words: tuple[SpokenWord, ...]
    voice: Voice | None


def voices(document: Document) -> dict[str, Voice]:
    """Return the speakers by label, in the order of the document; also those that only words or segments name."""
    seconds = {one.speaker: one.seconds for one in document.speakers or ()}
    named = [segment.speaker for segment in document.transcript.segments or ()]
    named += [word.speaker for word in document.transcript.words or ()]
    labels = list(dict.fromkeys([*seconds, *(label for label in named if label is not None)]))
    return {
        label: Voice(label, _name(label), place % PALETTE + 1, seconds.get(label)) for place, label in enumerate(labels)
    }


def paragraphs(document: Document) -> tuple[Paragraph, ...]:
    """Cut the words into paragraphs; a segment without words keeps its text."""
    transcript, known = document.transcript, voices(document)
    segments = transcript.segments or ()
    if not segments:
        return _unsegmented(transcript, known)
    grouped = _grouped(transcript.words or (), segments)
    return tuple(
        Paragraph(segment.start_s, segment.end_s, segment.text, spaced(words, segment.text), _voice(segment, known))
        for segment, words in zip(segments, grouped, strict=True)
        if words or segment.text
    )


def spaced(words: Iterable[Word], text: str) -> tuple[SpokenWord, ...]:
    """Return the words with what stands between them in the text; a blank where the text has other words."""
    shown: list[SpokenWord] = []
    place = 0
    for word in words:
        space, end = _before(word.word, text, place)
        place = place if end is None else end
        shown.append(SpokenWord(word.word, space, word.start_s, word.end_s, word.timing == "interpolated"))
    return tuple(shown)


def _before(word: str, text: str, place: int) -> tuple[str, int | None]:
    """Return the blanks before a word that is next in a text, and where it ends there."""
    begin = place
    while begin < len(text) and text[begin].isspace():
        begin += 1
    if word and text.startswith(word, begin):
        return text[place:begin], begin + len(word)
    return " ", None


def _grouped(words: Sequence[Word], segments: Sequence[Segment]) -> list[list[Word]]:
    """Give each word to the last segment begun by its midpoint; a word without times follows the one before."""
    grouped: list[list[Word]] = [[] for _ in segments]
    current = 0
    for word in words:
        if word.start_s is not None:
            middle = (word.start_s + (word.start_s if word.end_s is None else word.end_s)) / 2
            while current + 1 < len(segments) and segments[current + 1].start_s <= middle:
                current += 1
        grouped[current].append(word)
    return grouped


def _unsegmented(transcript: Transcript, known: dict[str, Voice]) -> tuple[Paragraph, ...]:
    words = transcript.words or ()
    if not words and not transcript.text:
        return ()
    times = [word.start_s for word in words if word.start_s is not None]
    ends = [word.end_s for word in words if word.end_s is not None]
    text = transcript.text or ""
    voice = known.get(words[0].speaker or "") if words else None
    return (Paragraph(min(times, default=None), max(ends, default=None), text, spaced(words, text), voice),)


def _voice(segment: Segment, known: dict[str, Voice]) -> Voice | None:
    return None if segment.speaker is None else known[segment.speaker]


def _name(label: str) -> str:
    found = _NUMBERED.fullmatch(label)
    return label if found is None else f"Speaker {int(found[1]) + 1}"
