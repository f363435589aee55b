"""The first three seconds, in which a viewer decides to stay: what is said and shown in them."""

from __future__ import annotations

from collections.abc import Iterator

from actors.document import Document, Word
from actors.fusion.text import join_words

OPENING_S = 3.0


def said(document: Document) -> str | None:
    """Return the words that begin in the opening; None when no words are known, or none of them has a time.

    A word without times goes with its predecessor, as in `shots[].word_range`.
    """
    words = document.transcript.words
    if words is None or (words and all(word.start_s is None for word in words)):
        return None
    return join_words(_begun(words))


def shown(document: Document) -> tuple[str, ...] | None:
    """Return the texts on screen that appear in the opening; None when no text was looked for."""
    overlays = document.text_overlays
    return None if overlays is None else tuple(overlay.text for overlay in overlays if overlay.start_s < OPENING_S)


def _begun(words: tuple[Word, ...]) -> Iterator[str]:
    start_s = next((word.start_s for word in words if word.start_s is not None), 0.0)
    for word in words:
        start_s = start_s if word.start_s is None else word.start_s
        if start_s < OPENING_S:
            yield word.word
