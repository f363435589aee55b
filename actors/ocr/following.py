"""Text followed through the analysis frames: when to look, what to read, and from which frame to which it stood."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from actors.ocr.engine import Quad, Reading, TextReader
from actors.ocr.regions import (
    Rect,
    bounds,
    could_be_text,
    cover,
    likeness,
    new_standing_cells,
    overlap,
    steps,
    weakest_part,
)
from actors.ocr.wording import best, plausible, same_words

SAME_EDGES = 0.7
"""Likeness from which a region holds the text it held; see `regions.likeness` for the measurement."""
SAME_LETTER_EDGES = 0.4
"""The same for its weakest letter: `Part 1/3` and `Part 2/3` share most edges but not these."""
OTHER_EDGES = 0.35
"""Likeness below which it does not. In between the recogniser is asked."""
assert OTHER_EDGES < SAME_EDGES  # noqa: S101 - the two bounds enclose the doubtful range
NEW_TEXT_CELLS = 4
"""Changed cells that make a frame worth a look: a line of small text fills at least this many."""
SAME_PLACE = 0.3
"""Overlap from which two regions are one place."""
MOSTLY = 0.6
"""Share of a region that must lie inside a followed one to be that one."""
SURE = 0.97
"""Confidence from which a text is not read again."""
MAX_READINGS = 3


@dataclass(frozen=True, slots=True)
class Pace:
    """How often to look for text, in seconds of media."""

    look_s: float
    """Shortest time between two looks."""
    recheck_s: float
    """Longest time without a look while the picture changes, for text too faint for the edge test."""
    side: int
    """Longer side in pixels at which the detector sees a frame."""


@dataclass(eq=False)
class Track:
    """One text at one place, from frame `first` to frame `last`, both inclusive."""

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

    @property
    def reading(self) -> Reading:
        """The best of its readings."""
        return best(self.readings)


class TextFollower:
    """Follows text through one clip's frames: RGB uint8 (frame, height, width, 3) with ascending times in seconds."""

    def __init__(
        self,
        reader: TextReader,
        *,
        frames: NDArray[np.uint8],
        times_s: Sequence[float],
        shot_starts_s: Sequence[float],
        pace: Pace,
    ) -> None:
        self._reader = reader
        self._frames = frames
        self._times_s = times_s
        self._shot_starts = {int(np.searchsorted(times_s, start - 1e-6)) for start in shot_starts_s}
        self._pace = pace
        self._steps: dict[int, NDArray[np.uint8]] = {}
        self._pictures: tuple[int, NDArray[np.uint8]] | None = None
        self._live: list[Track] = []
        self._ended: list[Track] = []
        self._looked = -1
        self.frames_looked_at = 0
        self.lines_read = 0
        self.read_in: set[int] = set()

    def follow(self) -> list[Track]:
        """Return every readable text with its first and last frame, in order of appearance."""
        for index in range(len(self._frames)):
            lost = [track for track in self._live if not self._stands(track, index)]
            if self._worth_a_look(index, lost):
                self._look(index)
            else:
                for track in self._live:
                    if track not in lost:
                        self._extend(track, index)
        tracks = [track for track in (*self._ended, *self._live) if track.readable]
        return sorted(tracks, key=lambda track: (track.first, track.rect.top, track.rect.left))

    def _worth_a_look(self, index: int, lost: Sequence[Track]) -> bool:
        if self._looked < 0 or index in self._shot_starts:
            return True
        since_s = self._times_s[index] - self._times_s[self._looked]
        if any(track.readable and len(track.seen) > 1 for track in lost) and since_s > 0:
            return True
        if since_s + 1e-6 < self._pace.look_s:
            return False
        cells = new_standing_cells(self._step(self._looked), self._step(index - 1), self._step(index))
        return cells >= NEW_TEXT_CELLS or (since_s + 1e-6 >= self._pace.recheck_s and self._differs(index))

    def _differs(self, index: int) -> bool:
        """Whether a frame is another picture than the one last looked at, by more than compression noise."""
        last, now = self._frames[self._looked], self._frames[index]
        return bool(np.mean(np.abs(now[::4, ::4].astype(np.int16) - last[::4, ::4])) > 1.0)

    def _look(self, index: int) -> None:
        """Detect and read in one frame, and settle between which frames texts came and went since the last look."""
        self.frames_looked_at += 1
        before, self._looked = self._looked, index
        height = self._frames.shape[1]
        quads = self._reader.detect(self._picture(index), side=self._pace.side)
        places = [(quad, bounds(quad)) for quad in quads if could_be_text(bounds(quad), frame_height=height)]
        standing = self._confirmed([track for track in self._live if self._stands(track, index)], index)
        for track in standing:
            self._extend(track, index)
        self._read_again(standing, index)
        fresh = [(q, r) for q, r in places if not any(_same_place(r, track.rect) for track in standing)]
        readings = self._read(index, [quad for quad, _ in fresh])
        gone = [track for track in self._live if track not in standing]
        for (quad, rect), reading in zip(fresh, readings, strict=True):
            known = next((t for t in gone if t.last < index and _continues(t, rect, reading)), None)
            if known is None:
                self._live.append(self._begun(quad, rect, reading, index=index, after=before))
            else:
                self._renew(known, quad, rect, reading, index=index)
        for track in gone:
            if track.last < index:
                self._finish(track, index)

    def _begun(self, quad: Quad, rect: Rect, reading: Reading, *, index: int, after: int) -> Track:
        """Start a track and follow it back to the first frame since the last look that shows it."""
        track = Track(quad, rect, [reading], index, index, index, plausible(reading), {index})
        if track.readable:
            for earlier in range(index - 1, after, -1):
                if not self._shows(track, earlier):
                    break
                track.first = earlier
                track.seen.add(earlier)
        return track

    def _renew(self, track: Track, quad: Quad, rect: Rect, reading: Reading, *, index: int) -> None:
        track.quad, track.rect, track.anchor = quad, rect, index
        track.readings.append(reading)
        track.readable = track.readable or plausible(reading)
        self._extend(track, index)

    def _finish(self, track: Track, index: int) -> None:
        """End a track that is no longer there at `index`, at the last frame before that shows it."""
        self._live.remove(track)
        self._ended.append(track)
        if track.readable:
            for later in range(track.last + 1, index):
                if not self._shows(track, later):
                    break
                self._extend(track, later)

    def _confirmed(self, standing: list[Track], index: int) -> list[Track]:
        """Where a shot begins, ask the recogniser too: another card of one design has nearly the same edges."""
        if index not in self._shot_starts:
            return standing
        asked = [track for track in standing if track.readable]
        readings = self._read(index, [track.quad for track in asked])
        other = [t for t, r in zip(asked, readings, strict=True) if not same_words(r.text, t.reading.text)]
        return [track for track in standing if track not in other]

    def _read_again(self, tracks: Sequence[Track], index: int) -> None:
        """Read unsure texts once more in another frame."""
        unsure = [t for t in tracks if t.readable and t.reading.confidence < SURE and len(t.readings) < MAX_READINGS]
        for track, reading in zip(unsure, self._read(index, [t.quad for t in unsure]), strict=True):
            if plausible(reading) and same_words(reading.text, track.reading.text):
                track.readings.append(reading)

    def _stands(self, track: Track, index: int) -> bool:
        """Whether the edges alone say that a track's text is still there."""
        anchor, now = self._step(track.anchor), self._step(index)
        alike = likeness(anchor, now, track.rect)
        return alike is not None and alike >= SAME_EDGES and weakest_part(anchor, now, track.rect) >= SAME_LETTER_EDGES

    def _shows(self, track: Track, index: int) -> bool:
        """Whether a frame shows a track's text; asks the recogniser where the edges leave it open."""
        alike = likeness(self._step(track.anchor), self._step(index), track.rect)
        if alike is not None and not OTHER_EDGES <= alike < SAME_EDGES:
            return alike >= SAME_EDGES
        reading = self._read(index, [track.quad])[0]
        return plausible(reading) and same_words(reading.text, track.reading.text)

    def _extend(self, track: Track, index: int) -> None:
        track.last = max(track.last, index)
        track.seen.add(index)

    def _read(self, index: int, quads: Sequence[Quad]) -> list[Reading]:
        if not quads:
            return []
        self.lines_read += len(quads)
        self.read_in.add(index)
        return self._reader.read(self._picture(index), quads)

    def _step(self, index: int) -> NDArray[np.uint8]:
        if index not in self._steps:
            self._steps[index] = steps(self._frames[index])
        return self._steps[index]

    def _picture(self, index: int) -> NDArray[np.uint8]:
        """The frame in BGR, as the models were trained."""
        if self._pictures is None or self._pictures[0] != index:
            self._pictures = (index, np.ascontiguousarray(self._frames[index][..., ::-1]))
        return self._pictures[1]


def _same_place(found: Rect, followed: Rect) -> bool:
    return overlap(found, followed) >= SAME_PLACE or cover(found, followed) >= MOSTLY


def _continues(track: Track, rect: Rect, reading: Reading) -> bool:
    """Whether a new reading is a track's text again, though its edges changed (footage behind it, a small move)."""
    if overlap(rect, track.rect) < SAME_PLACE:
        return False
    if not track.readable:
        return not plausible(reading)
    return same_words(reading.text, track.reading.text)
