"""HTML that is made here because a template takes ten times as long: an hour of speech has ten thousand words."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from markupsafe import Markup

from service.search.links import moment
from service.web.views.transcript import SpokenWord


def spans(words: Iterable[SpokenWord]) -> Markup:
    """Return words as elements that can be clicked; those without times are only shown."""
    return Markup("".join(map(_span, words)))  # noqa: S704 - each word is escaped


def _span(word: SpokenWord) -> str:
    text, space = escape(word.text), escape(word.space)
    if word.start_s is None:
        return f'{space}<span class="word untimed">{text}</span>'
    end = "" if word.end_s is None else f' data-end="{moment(word.end_s)}"'
    guessed = " data-interpolated" if word.interpolated else ""
    return f'{space}<span class="word" data-word="{moment(word.start_s)}"{end}{guessed}>{text}</span>'
