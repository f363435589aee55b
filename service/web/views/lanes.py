"""The timeline under the player: what happens when, a lane for each kind, in thousandths of the duration."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from actors.document import Document
from service.web.views.transcript import Paragraph
from service.web.views.unknown import why

WIDTH = 1000
_LEAST = 1.5
"""The narrowest stretch that is still seen, in thousandths."""
MOST_ROWS = 4
"""Rows of a lane whose stretches lie over each other; what would need more lies over others in the last."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """A piece of a lane. x, width: thousandths of the duration. look: a class of the style sheet. row: from the top."""

    x: float
    width: float
    label: str
    start_s: float
    look: str
    row: int = 0


@dataclass(frozen=True, slots=True)
class Lane:
    """A lane. note: what stands there when it is empty."""

    key: str
    name: str
    stretches: tuple[Stretch, ...]
    note: str

    @property
    def rows(self) -> int:
        """How many rows its stretches lie in."""
        return max((one.row for one in self.stretches), default=0) + 1


def lanes(document: Document, said: Sequence[Paragraph]) -> tuple[Lane, ...]:
    """Return the lanes of a document; an empty one says whether nothing was there or nobody looked."""
    made = [_said(document, said), _text(document), *_sound(document)]
    return (_shots(document), *made) if document.shots else tuple(made)


def extent_s(document: Document) -> float:
    """Return what the lanes are as long as: the duration, or the end of what is later, never 0."""
    ends = [shot.end_s for shot in document.shots[-1:]]
    return max([document.duration_s, *ends, 0.001])


def _stretch(document: Document, start_s: float, end_s: float, *, label: str, look: str) -> Stretch:
    scale = WIDTH / extent_s(document)
    x = min(start_s * scale, WIDTH - _LEAST)
    return Stretch(round(x, 2), round(max(min(end_s * scale, WIDTH) - x, _LEAST), 2), label, start_s, look)


def _shots(document: Document) -> Lane:
    made = (
        _stretch(document, shot.start_s, shot.end_s, label=shot.shot_id, look="odd" if place % 2 else "even")
        for place, shot in enumerate(document.shots)
    )
    return Lane("shots", "Shots", tuple(made), "")


def _said(document: Document, said: Iterable[Paragraph]) -> Lane:
    made = tuple(
        _stretch(
            document, one.start_s, one.end_s, label=_spoken(one), look=f"voice-{one.voice.colour if one.voice else 0}"
        )
        for one in said
        if one.start_s is not None and one.end_s is not None
    )
    unknown = document.transcript.words is None
    return Lane("said", "Said", made, why(document, "transcript") if unknown else "no words")


def _spoken(said: Paragraph) -> str:
    return said.text if said.voice is None else f"{said.voice.name}: {said.text}"


def _text(document: Document) -> Lane:
    overlays = document.text_overlays
    made = (_stretch(document, one.start_s, one.end_s, label=one.text, look="text") for one in overlays or ())
    return Lane("text", "Text", _in_rows(made), why(document, "text_overlays") if overlays is None else "no text seen")


def _in_rows(stretches: Iterable[Stretch]) -> tuple[Stretch, ...]:
    """Lay stretches that overlap into rows, each into the first that is free, so that what lasts hides nothing."""
    placed: list[Stretch] = []
    ends = [0.0] * MOST_ROWS
    for one in sorted(stretches, key=lambda one: (one.x, -one.width)):
        row = next((row for row, end in enumerate(ends) if end <= one.x), MOST_ROWS - 1)
        ends[row] = max(ends[row], one.x + one.width)
        placed.append(replace(one, row=row))
    return tuple(placed)


def _sound(document: Document) -> tuple[Lane, Lane]:
    no_music = "no music" if document.audio.music_ratio is not None else why(document, "audio.music_ratio")
    return _heard(document, "speech", "Voice", none="no speech"), _heard(document, "music", "Music", none=no_music)


def _heard(document: Document, kind: str, name: str, *, none: str) -> Lane:
    spans = document.audio.spans
    made = (
        _stretch(document, span.start_s, span.end_s, label=span.kind.replace("_", " "), look=kind)
        for span in spans or ()
        if kind in span.kind
    )
    return Lane(kind, name, tuple(made), why(document, "audio.spans") if spans is None else none)
