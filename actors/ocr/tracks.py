"""One text at one place, followed from frame to frame."""

from __future__ import annotations

from dataclasses import dataclass, field

from actors.ocr.engine import Quad, Reading
from actors.ocr.regions import Rect, cover, overlap
from actors.ocr.wording import best, plausible, same_words

SAME_PLACE = 0.3
"""Overlap from which two regions are one place."""
MOSTLY = 0.6
"""Share of a region that must lie inside a followed one to be that one."""
SURE = 0.97
"""Confidence from which a text is not read again."""
MAX_READINGS = 3


@dataclass(eq=False)
class Track:
    """One text at one place, from frame `first` to frame `last`, both inclusive; two tracks are never equal."""

    quad: Quad
    rect: Rect
    readings: list[Reading]
    first: int
    last: int
    anchor: int
    """The frame it was last read in, whose edges it is compared with."""
    readable: bool
    """False for a region whose reading is no text: it is followed so that it is not read again."""
    seen: set[int] = field(default_factory=set)
    """The frames known to show it."""

    @property
    def reading(self) -> Reading:
        """The best of its readings."""
        return best(self.readings)

    @property
    def unsure(self) -> bool:
        """Whether reading it in another frame may give a better text."""
        return self.readable and self.reading.confidence < SURE and len(self.readings) < MAX_READINGS

    def extend(self, index: int) -> None:
        """Note that frame `index` shows it."""
        self.last = max(self.last, index)
        self.seen.add(index)

    def precede(self, index: int) -> None:
        """Note that frame `index`, before all known ones, shows it."""
        self.first = min(self.first, index)
        self.seen.add(index)

    def renew(self, quad: Quad, rect: Rect, reading: Reading, *, index: int) -> None:
        """Take over a new reading of the same text in frame `index`, where its edges look another way."""
        self.quad, self.rect, self.anchor = quad, rect, index
        self.readings.append(reading)
        self.readable = self.readable or plausible(reading)
        self.extend(index)

    def stands_in(self, rect: Rect) -> bool:
        """Whether a detected region is this track's place."""
        return overlap(rect, self.rect) >= SAME_PLACE or cover(rect, self.rect) >= MOSTLY

    def continues_as(self, rect: Rect, reading: Reading) -> bool:
        """Whether a new reading is this text again though its edges changed (footage behind it, a small move)."""
        if overlap(rect, self.rect) < SAME_PLACE:
            return False
        if not self.readable:
            return not plausible(reading)
        return same_words(reading.text, self.reading.text)


def begun(quad: Quad, rect: Rect, reading: Reading, *, index: int) -> Track:
    """Return the track of a text first read in frame `index`."""
    return Track(quad, rect, [reading], index, index, index, plausible(reading), {index})
