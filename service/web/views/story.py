"""What is said and shown, one line after the other, in order of time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from actors.document import Document
from service.web.views.transcript import Paragraph, Voice


@dataclass(frozen=True, slots=True)
class StoryLine:
    """One thing. kind: `said` or `shown`. Times are seconds, None where it has none."""

    kind: str
    text: str
    start_s: float | None
    end_s: float | None
    voice: Voice | None = None


def story(document: Document, said: Sequence[Paragraph]) -> tuple[StoryLine, ...]:
    """Merge what is said with the text on screen; what has no time follows at the end."""
    lines = [*_said(said), *_shown(document)]
    return tuple(sorted(lines, key=lambda line: (line.start_s is None, line.start_s or 0.0)))


def _said(said: Sequence[Paragraph]) -> Iterator[StoryLine]:
    for one in said:
        yield StoryLine("said", one.text, one.start_s, one.end_s, one.voice)


def _shown(document: Document) -> Iterator[StoryLine]:
    for overlay in document.text_overlays or ():
        yield StoryLine("shown", overlay.text, overlay.start_s, overlay.end_s)
