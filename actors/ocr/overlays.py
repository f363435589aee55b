"""From followed lines to overlays: gaps closed, passing noise dropped, the lines of one block joined, times given."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from actors.ocr.engine import Reading
from actors.ocr.regions import Rect, overlap, relative
from actors.ocr.tracks import SAME_PLACE, Track
from actors.ocr.wording import best, is_ideograph, same_words
from actors.results import TextOverlay

MAX_GAP_S = 1.0
"""A text that is not seen for this long and then stands at its old place was there all along (a hand, a flash)."""
MIN_SIGHTINGS = 2
"""Analysis frames that must show a text which no keyframe confirms: what is read once only is mostly scenery."""
LINE_GAP = 0.8
"""Largest gap between two lines of one block, in heights of the lower line (lines set solid have none)."""
LINE_OVERLAP = -0.5
"""The detector's boxes of neighbouring lines may overlap by half a line."""
SAME_SIZE = 1.6
"""Largest ratio of the heights of two lines of one block: a title and its subtitle are two texts."""
SAME_COLUMN = 0.5
"""Share of the shorter line's width that must lie over the other."""


@dataclass(frozen=True, slots=True)
class Piece:
    """One line of text and the analysis frames, first to last inclusive, that show it."""

    readings: tuple[Reading, ...]
    rect: Rect
    first: int
    last: int
    sightings: int
    confirmed: bool = False
    """Whether a keyframe shows the same words at the same place."""

    @property
    def reading(self) -> Reading:
        """The best of its readings."""
        return best(self.readings)


@dataclass(frozen=True, slots=True)
class KeyframeLine:
    """A line read in a keyframe, as a rectangle in the pixels of the analysis frames."""

    time_s: float
    rect: Rect
    reading: Reading


def overlays(
    tracks: Iterable[Track],
    *,
    keyframe_lines: Sequence[KeyframeLine],
    times_s: Sequence[float],
    duration_s: float,
    frame_size: tuple[int, int],
) -> tuple[TextOverlay, ...]:
    """Return the overlays of a clip in order of appearance, then from top to bottom.

    `frame_size` is (width, height) of the analysis frames whose presentation times are `times_s`. An overlay starts
    at the first frame that shows it and ends at the first that does not, or with the clip: half open, as shots are.
    """
    pieces = [Piece(tuple(t.readings), t.rect, t.first, t.last, len(t.seen)) for t in tracks]
    pieces = [_confirmed(p, keyframe_lines, times_s) for p in _without_gaps(pieces, times_s)]
    kept = [p for p in pieces if p.confirmed or p.sightings >= MIN_SIGHTINGS]
    blocks = sorted(_blocks(kept), key=lambda block: (block[0].first, block[0].rect.top, block[0].rect.left))
    ends = _Ends(times_s, duration_s)
    return tuple(_overlay(block, ends=ends, frame_size=frame_size) for block in blocks)


def _without_gaps(pieces: Iterable[Piece], times_s: Sequence[float]) -> list[Piece]:
    """Join pieces of the same words at the same place with at most `MAX_GAP_S` between them."""
    joined: list[Piece] = []
    for piece in sorted(pieces, key=lambda p: p.first):
        earlier = next((e for e in reversed(joined) if _resumes(piece, e, times_s)), None)
        if earlier is None:
            joined.append(piece)
        else:
            joined[joined.index(earlier)] = replace(
                earlier,
                readings=earlier.readings + piece.readings,
                last=max(earlier.last, piece.last),
                sightings=earlier.sightings + piece.sightings,
            )
    return joined


def _resumes(piece: Piece, earlier: Piece, times_s: Sequence[float]) -> bool:
    return (
        times_s[piece.first] - times_s[earlier.last] <= MAX_GAP_S
        and overlap(piece.rect, earlier.rect) >= SAME_PLACE
        and same_words(piece.reading.text, earlier.reading.text)
    )


def _confirmed(piece: Piece, lines: Sequence[KeyframeLine], times_s: Sequence[float]) -> Piece:
    """Add what keyframes say about a piece; they are read at full size and often know better."""
    same = [
        line.reading
        for line in lines
        if times_s[piece.first] <= line.time_s <= times_s[min(piece.last + 1, len(times_s) - 1)]
        and overlap(line.rect, piece.rect) >= SAME_PLACE
        and same_words(line.reading.text, piece.reading.text)
    ]
    return replace(piece, readings=(*piece.readings, *same), confirmed=True) if same else piece


def _blocks(pieces: Sequence[Piece]) -> list[list[Piece]]:
    """Group lines that came and went together and are set as one block."""
    blocks: list[list[Piece]] = []
    for piece in sorted(pieces, key=lambda p: (p.first, p.rect.top)):
        block = next((b for b in blocks if _next_line(b[-1], piece)), None)
        if block is None:
            blocks.append([piece])
        else:
            block.append(piece)
    return blocks


def _next_line(upper: Piece, lower: Piece) -> bool:
    """Whether `lower` is the next line of the block that ends with `upper`."""
    if abs(upper.first - lower.first) > 1 or abs(upper.last - lower.last) > 1:
        return False
    heights = sorted((upper.rect.height, lower.rect.height))
    gap = (lower.rect.top - upper.rect.bottom) / max(1, lower.rect.height)
    shared = min(upper.rect.right, lower.rect.right) - max(upper.rect.left, lower.rect.left)
    narrower = min(upper.rect.width, lower.rect.width)
    return heights[1] <= SAME_SIZE * heights[0] and LINE_OVERLAP <= gap <= LINE_GAP and shared >= SAME_COLUMN * narrower


@dataclass(frozen=True, slots=True)
class _Ends:
    """The moment from which a text last seen in a given frame is gone."""

    times_s: Sequence[float]
    duration_s: float

    def after(self, last: int) -> float:
        if last + 1 < len(self.times_s):
            return self.times_s[last + 1]
        return max(self.duration_s, self.times_s[last])


def _overlay(block: Sequence[Piece], *, ends: _Ends, frame_size: tuple[int, int]) -> TextOverlay:
    width, height = frame_size
    around = Rect(
        min(p.rect.left for p in block),
        min(p.rect.top for p in block),
        max(p.rect.right for p in block),
        max(p.rect.bottom for p in block),
    )
    texts = [p.reading for p in block]
    return TextOverlay(
        text=_joined([reading.text for reading in texts]),
        start_s=round(ends.times_s[min(p.first for p in block)], 3),
        end_s=round(ends.after(max(p.last for p in block)), 3),
        box=relative(around, width=width, height=height),
        confidence=round(min(reading.confidence for reading in texts), 4),
    )


def _joined(lines: Sequence[str]) -> str:
    """Lines as one text: a space between words, none between ideographs."""
    text = lines[0]
    for line in lines[1:]:
        text += line if is_ideograph(text[-1]) and is_ideograph(line[0]) else f" {line}"
    return text
