"""From words to subtitle cues that can be read: at most two lines of 42 characters for at most seven seconds.

The limits are those of the BBC's and Netflix's subtitle guidelines; cues end at pauses, at the end of sentences and
where the speaker changes.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, zip_longest

from actors.document import Document, Word
from actors.fusion.text import join_words

MAX_LINES = 2
MAX_LINE_CHARS = 42
MAX_CUE_S = 7.0
MIN_CUE_S = 1.0
"""A shorter cue stays on for so long when nothing follows at once."""
PAUSE_S = 0.7
_SENTENCE_ENDS = (".", "!", "?", "\u2026", "\u3002", "\uff01", "\uff1f")
_MS = 0.001
# An untimed word at the very start or end has a neighbour on one side only; most words take about so long.
_EDGE_WORD_S = 0.3


@dataclass(frozen=True, slots=True)
class Spoken:
    """A word with the time at which a subtitle shows it."""

    text: str
    start_s: float
    end_s: float
    speaker: str | None = None


@dataclass(frozen=True, slots=True)
class Cue:
    """One subtitle: its time, its lines of words, and who speaks."""

    start_s: float
    end_s: float
    lines: tuple[tuple[Spoken, ...], ...]
    speaker: str | None = None

    @property
    def text(self) -> tuple[str, ...]:
        """The lines as text."""
        return tuple(_text(line) for line in self.lines)


def cues_of(document: Document) -> tuple[Cue, ...]:
    """Return the document's cues in order of time, none overlapping; empty when nothing was said.

    A word without times is shown in the gap between its neighbours; without any word times the words share their
    segment's. A subtitle must have a time, so these are shown, not measured.
    """
    words = _spoken(document)
    cues = [_cue(group) for group in _groups(words)]
    return tuple(_apart(cues))


def plain(text: str) -> str:
    """Return a text on one line and without control characters: an empty line would end a cue."""
    return "".join(character for character in " ".join(text.split()) if unicodedata.category(character) != "Cc")


def _spoken(document: Document) -> list[Spoken]:
    words = document.transcript.words or ()
    if any(word.start_s is not None for word in words):
        found = _with_times(words, document.duration_s)
    else:
        segments = document.transcript.segments or ()
        found = [word for s in segments for word in _spread(s.text.split(), s.start_s, s.end_s, s.speaker)]
    shown = (replace(word, text=plain(word.text)) for word in found)
    return [part for word in shown if word.text for part in _broken(word)]


def _with_times(words: Sequence[Word], duration_s: float) -> list[Spoken]:
    """Give untimed words the gap between their timed neighbours, equally."""
    runs = [(timed, list(run)) for timed, run in groupby(words, key=lambda word: word.start_s is not None)]
    spoken: list[Spoken] = []
    for index, (timed, run) in enumerate(runs):
        if timed:
            spoken += [_timed(word) for word in run]
            continue
        room_s = _EDGE_WORD_S * len(run)
        after_s = runs[index + 1][1][0].start_s if index + 1 < len(runs) else None
        before_s = spoken[-1].end_s if spoken else max(0.0, (after_s or 0.0) - room_s)
        until_s = min(before_s + room_s, max(before_s, duration_s)) if after_s is None else max(before_s, after_s)
        spoken += _spread([word.word for word in run], before_s, until_s, run[0].speaker)
    return spoken


def _timed(word: Word) -> Spoken:
    start_s = word.start_s or 0.0
    return Spoken(word.word, start_s, start_s if word.end_s is None else word.end_s, word.speaker)


def _spread(texts: Sequence[str], start_s: float, end_s: float, speaker: str | None) -> list[Spoken]:
    step_s = (end_s - start_s) / max(1, len(texts))
    return [Spoken(text, start_s + n * step_s, start_s + (n + 1) * step_s, speaker) for n, text in enumerate(texts)]


def _broken(word: Spoken) -> Iterator[Spoken]:
    """Break what is longer than a line: long links, or scripts without spaces."""
    count = -(-len(word.text) // MAX_LINE_CHARS)
    pieces = [word.text[n * MAX_LINE_CHARS : (n + 1) * MAX_LINE_CHARS] for n in range(count)]
    return iter(_spread(pieces, word.start_s, word.end_s, word.speaker)) if count > 1 else iter([word])


def _groups(words: Sequence[Spoken]) -> Iterator[list[Spoken]]:
    group: list[Spoken] = []
    for word in words:
        if group and (_breaks(group, word) or not _lines([*group, word])):
            yield group
            group = []
        group.append(word)
    if group:
        yield group


def _breaks(group: Sequence[Spoken], word: Spoken) -> bool:
    """Whether a new cue begins with this word, room or not."""
    last, start_s = group[-1], group[0].start_s
    sentence_ended = last.text.endswith(_SENTENCE_ENDS) and last.end_s - start_s >= MIN_CUE_S
    too_long = word.end_s - start_s > MAX_CUE_S
    paused = word.start_s - last.end_s >= PAUSE_S
    return sentence_ended or too_long or paused or word.speaker != last.speaker


def _lines(words: Sequence[Spoken]) -> tuple[tuple[Spoken, ...], ...]:
    """Return one line, or the two most even ones; empty when the words do not fit."""
    if len(_text(words)) <= MAX_LINE_CHARS:
        return (tuple(words),)
    splits = [(words[:n], words[n:]) for n in range(1, len(words))]
    fitting = [s for s in splits if max(len(_text(line)) for line in s) <= MAX_LINE_CHARS]
    if not fitting:
        return ()
    first, second = min(fitting, key=lambda split: abs(len(_text(split[0])) - len(_text(split[1]))))
    return tuple(first), tuple(second)


def _text(words: Sequence[Spoken]) -> str:
    return join_words(word.text for word in words)


def _cue(group: Sequence[Spoken]) -> Cue:
    start_s = min(word.start_s for word in group)
    end_s = max(word.end_s for word in group)
    return Cue(start_s, end_s, _lines(group), group[0].speaker)


def _apart(cues: Sequence[Cue]) -> Iterator[Cue]:
    """Move cues of overlapping voices apart, and keep short ones on while nothing follows."""
    earliest_s = 0.0
    for cue, following in zip_longest(cues, cues[1:]):
        start_s = round(max(cue.start_s, earliest_s), 3)
        limit_s = start_s + MAX_CUE_S
        if following is not None and following.start_s > start_s:
            limit_s = min(limit_s, following.start_s)
        end_s = min(limit_s, max(cue.end_s, start_s + MIN_CUE_S))
        earliest_s = max(round(end_s, 3), round(start_s + _MS, 3))
        yield replace(cue, start_s=start_s, end_s=earliest_s)
