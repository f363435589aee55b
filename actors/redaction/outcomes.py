"""Clears stage results before they leave their actor, so that nothing raw is stored, sent on or written."""

from __future__ import annotations

from dataclasses import replace

from actors.backend import Outcome
from actors.fusion.text import join_words
from actors.redaction.redactor import Redactor, collapsed
from actors.results import Captions, OnScreenText, Result, Segment, TextLine, TextOverlay, Transcription, Word

STAGES = ("asr", "ocr", "captions")
"""The stages whose results hold text that was said or shown."""


def redacted(outcome: Outcome, redactor: Redactor) -> Outcome:
    """Return the outcome with placeholders in its texts; what holds no text comes back as it is."""
    if isinstance(outcome.data, Result):
        return replace(outcome, data=_cleared(outcome.data, redactor))
    return outcome


def _cleared(data: Result, redactor: Redactor) -> Result:
    if isinstance(data, Transcription):
        return _transcription(data, redactor)
    if isinstance(data, OnScreenText):
        lines = tuple(tuple(_text(line, redactor) for line in frame) for frame in data.keyframes)
        overlays = tuple(_text(overlay, redactor) for overlay in data.overlays)
        return data.model_copy(update={"keyframes": lines, "overlays": overlays})
    if isinstance(data, Captions):
        frames = tuple(
            tuple(caption.model_copy(update={"text": redactor.text(caption.text)}) for caption in frame)
            for frame in data.keyframes
        )
        return data.model_copy(update={"keyframes": frames})
    return data


def _transcription(data: Transcription, redactor: Redactor) -> Transcription:
    # Recognisers put spaces before words; what is between words is theirs, and stays outside of a placeholder.
    cleared = redactor.words([word.word.strip() for word in data.words])
    words = tuple(_word(word, new) for word, new in zip(data.words, cleared, strict=True))
    segments = tuple(_segment(segment, data.words, words, redactor) for segment in data.segments)
    return data.model_copy(update={"words": words, "segments": segments})


def _word(word: Word, new: str) -> Word:
    return word if new == word.word.strip() else word.model_copy(update={"word": new})


def _segment(segment: Segment, before: tuple[Word, ...], after: tuple[Word, ...], redactor: Redactor) -> Segment:
    """Return a segment without what it says and without its part of what is said over two of them."""
    text = redactor.text(segment.text)
    if segment.words is not None and before[slice(*segment.words)] != after[slice(*segment.words)]:
        text = collapsed(join_words(word.word.strip() for word in after[slice(*segment.words)]))
    return segment if text == segment.text else segment.model_copy(update={"text": text})


def _text(part: TextLine | TextOverlay, redactor: Redactor) -> TextLine | TextOverlay:
    return part.model_copy(update={"text": redactor.text(part.text)})
