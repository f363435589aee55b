"""Who said what: the recogniser's words joined to the turns of the voices."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from actors.fusion.text import clean_line, join_words
from actors.results import Segment, SpeakerTurn, Transcription, Word

NEAR_S = 0.5
"""A word that lies in no turn belongs to the nearest one within this; recogniser and diarization place soft beginnings
and endings differently, and farther away it is a voice that was not told apart."""


def with_voices(found: Transcription, turns: Sequence[SpeakerTurn]) -> Transcription:
    """Return the transcription with a speaker for every word that has one, and segments of one speaker each.

    turns: of one voice each, without overlaps. A word belongs to the voice whose turns overlap it most, an untimed
    word to its predecessor's (at the very beginning to the first that is known). A segment whose words belong to
    several voices is split where the voice changes, so that dialogue reads as dialogue; its parts carry no confidence,
    for the recogniser scored the whole. A segment without words is labelled by the voice that fills most of it.
    """
    voices = _voice_of_each(found.words, turns)
    words = tuple(word.model_copy(update={"speaker": voice}) for word, voice in zip(found.words, voices, strict=True))
    segments = tuple(part for segment in found.segments for part in _parts(segment, words, turns))
    return found.model_copy(update={"words": words, "segments": segments})


def seconds_of(turns: Sequence[SpeakerTurn]) -> dict[str, float]:
    """Return how long each voice speaks, in the order in which they are first heard."""
    total: defaultdict[str, float] = defaultdict(float)
    for turn in turns:
        total[turn.speaker] += turn.end_s - turn.start_s
    return dict(total)


def voice_at(start_s: float, end_s: float, turns: Sequence[SpeakerTurn]) -> str | None:
    """Return the voice that fills most of a stretch of time, else the nearest within `NEAR_S`, else None."""
    filled: defaultdict[str, float] = defaultdict(float)
    for turn in turns:
        if (shared := min(end_s, turn.end_s) - max(start_s, turn.start_s)) > 0:
            filled[turn.speaker] += shared
    if filled:
        return max(filled, key=filled.__getitem__)
    near = [(max(turn.start_s - end_s, start_s - turn.end_s), turn.speaker) for turn in turns]
    distance_s, voice = min(near, key=lambda each: each[0], default=(float("inf"), None))
    return voice if distance_s <= NEAR_S else None


def _voice_of_each(words: Sequence[Word], turns: Sequence[SpeakerTurn]) -> list[str | None]:
    """Return every word's voice; the untimed take their neighbour's."""
    times = [_times(word) for word in words]
    timed = [voice_at(*each, turns) if each is not None else None for each in times]
    current = next((voice for voice, each in zip(timed, times, strict=True) if each is not None), None)
    voices = []
    for voice, each in zip(timed, times, strict=True):
        current = voice if each is not None else current
        voices.append(current)
    return voices


def _times(word: Word) -> tuple[float, float] | None:
    """Return a word's stretch of time, a point where one end only is known, None where neither is."""
    known = [time_s for time_s in (word.start_s, word.end_s) if time_s is not None]
    return (known[0], known[-1]) if known else None


@dataclass(frozen=True, slots=True)
class _Run:
    """Neighbouring words [first, end) of one voice."""

    voice: str | None
    first: int
    end: int


def _parts(segment: Segment, words: Sequence[Word], turns: Sequence[SpeakerTurn]) -> Iterator[Segment]:
    """Yield a segment as it is with its voice, or in parts of one voice each."""
    first, end = segment.words or (0, 0)
    runs = _runs(words[first:end], first)
    if not runs:
        yield segment.model_copy(update={"speaker": voice_at(segment.start_s, segment.end_s, turns)})
    elif len(runs) == 1:
        yield segment.model_copy(update={"speaker": runs[0].voice})
    else:
        yield from _split(segment, runs, words)


def _runs(words: Sequence[Word], offset: int) -> list[_Run]:
    """Group words by voice; words of no known voice stay with those before them, at the beginning with the next."""
    current = next((word.speaker for word in words if word.speaker is not None), None)
    voices = []
    for word in words:
        current = word.speaker or current
        voices.append(current)
    runs = []
    for voice, group in groupby(enumerate(voices, offset), key=lambda each: each[1]):
        indices = [index for index, _ in group]
        runs.append(_Run(voice, indices[0], indices[-1] + 1))
    return runs


def _split(segment: Segment, runs: Sequence[_Run], words: Sequence[Word]) -> Iterator[Segment]:
    """Yield one segment per run; the outer edges stay the recogniser's, the inner ones are its words'."""
    reached_s = segment.start_s
    for run in runs:
        own = words[run.first : run.end]
        times = [each for word in own if (each := _times(word)) is not None]
        start_s = segment.start_s if run is runs[0] or not times else max(reached_s, times[0][0])
        end_s = segment.end_s if run is runs[-1] or not times else times[-1][1]
        reached_s = max(start_s, end_s)
        yield Segment(
            start_s=start_s,
            end_s=reached_s,
            text=join_words(clean_line(word.word) for word in own),
            speaker=run.voice,
            words=(run.first, run.end),
        )
