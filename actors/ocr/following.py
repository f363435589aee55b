"""Text followed through the analysis frames: when to look, what to read, and from which frame to which it stood."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from actors.ocr.engine import Quad, Reading, TextReader
from actors.ocr.regions import Rect, bounds, could_be_text, likeness, new_standing_cells, steps, weakest_part
from actors.ocr.tracks import Track, begun
from actors.ocr.wording import plausible, same_words

SAME_EDGES = 0.7
"""Likeness from which a region holds the text it held; see `regions.likeness` for the measurement."""
SAME_LETTER_EDGES = 0.4
"""The same for its weakest letter; of 484 unchanged texts over moving footage 92 in 100 keep above."""
SAME_DIGIT_EDGES = 0.7
"""The same where digits are among the letters: counters change one alone, and 6 and 8 share 0.66 of their edges."""
OTHER_EDGES = 0.35
"""Likeness below which it does not. In between the recogniser is asked."""
assert OTHER_EDGES < SAME_EDGES  # noqa: S101 - the two bounds enclose the doubtful range
NEW_TEXT_CELLS = 4
"""New cells that make a frame worth a look: a line of small text fills at least this many."""
CHANGED_MEAN = 1.0
"""Mean change of a frame's values (8 bit) above compression noise."""
LINES_AT_ONCE = 40
"""Lines that may be read beyond the allowance per second: a dense card, or the first frame."""
TIME_SLACK_S = 1e-6


@dataclass(frozen=True, slots=True)
class Pace:
    """How much is looked at, per second of media."""

    look_s: float
    """Shortest time between two looks."""
    recheck_s: float
    """Longest time without a look while the picture changes, for text too faint for the edge test."""
    side: int
    """Longer side in pixels at which the detector sees a frame."""
    lines_per_s: float
    """Lines read a second at most, on average: running scene text would otherwise cost more than the decoding."""


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
        if len(frames) != len(times_s):
            raise ValueError(f"{len(frames)} frames came with {len(times_s)} times")
        self._reader = reader
        self._frames = frames
        self._times_s = times_s
        self._shot_starts = {int(np.searchsorted(times_s, start - TIME_SLACK_S)) for start in shot_starts_s}
        self._pace = pace
        self._steps: dict[int, NDArray[np.uint8]] = {}
        self._live: list[Track] = []
        self._ended: list[Track] = []
        self._looked = -1
        self._lines_read = 0
        self.read_in: set[int] = set()
        """The frames the recogniser was given a part of."""

    def follow(self) -> list[Track]:
        """Return every readable text with its first and last frame, in order of appearance."""
        for index in range(len(self._frames)):
            standing = [track for track in self._live if self._stands(track, index)]
            if self._worth_a_look(index, standing):
                self._look(index, standing)
            else:
                for track in standing:
                    track.extend(index)
            self._forget_steps(index)
        tracks = [track for track in (*self._ended, *self._live) if track.readable]
        return sorted(tracks, key=lambda track: (track.first, track.rect.top, track.rect.left))

    def _worth_a_look(self, index: int, standing: Sequence[Track]) -> bool:
        if index == 0 or index in self._shot_starts:
            return True
        if any(track.readable and len(track.seen) > 1 and track not in standing for track in self._live):
            return True
        since_s = self._times_s[index] - self._times_s[self._looked] + TIME_SLACK_S
        if since_s < self._pace.look_s:
            return False
        cells = new_standing_cells(self._step(self._looked), self._step(index - 1), self._step(index))
        return cells >= NEW_TEXT_CELLS or (since_s >= self._pace.recheck_s and self._changed(index))

    def _changed(self, index: int) -> bool:
        """Whether a frame is another picture than the one last looked at."""
        last, now = self._frames[self._looked], self._frames[index]
        return bool(np.mean(np.abs(now[::4, ::4].astype(np.int16) - last[::4, ::4])) > CHANGED_MEAN)

    def _look(self, index: int, standing: list[Track]) -> None:
        """Detect and read in one frame, and settle between which frames texts came and went since the last look."""
        before, self._looked = self._looked, index
        standing = self._confirmed(standing, index)
        for track in standing:
            track.extend(index)
        self._read_again(standing, index)
        gone = [track for track in self._live if track not in standing]
        fresh = self._fresh(index, standing)
        readings = self._read(index, [quad for quad, _ in fresh])
        for (quad, rect), reading in zip(fresh, readings, strict=True):
            known = next((t for t in gone if t.last < index and t.continues_as(rect, reading)), None)
            if known is not None:
                known.renew(quad, rect, reading, index=index)
            else:
                occupied = [t.last for t in gone if t.readable and t.stands_in(rect)]
                self._live.append(self._begun(begun(quad, rect, reading, index=index), after=max([before, *occupied])))
        for track in gone:
            if track.last < index:
                successors = [t.first for t in self._live if t.first > track.last and t.stands_in(track.rect)]
                self._finish(track, before=min([index, *successors]))

    def _confirmed(self, standing: list[Track], index: int) -> list[Track]:
        """Where a shot begins, ask the recogniser too: another card of one design has nearly the same edges."""
        if index not in self._shot_starts:
            return standing
        asked = [track for track in standing if track.readable]
        readings = self._read(index, [track.quad for track in asked])
        other = [t for t, r in zip(asked, readings, strict=True) if not same_words(r.text, t.reading.text)]
        return [track for track in standing if track not in other]

    def _fresh(self, index: int, standing: Sequence[Track]) -> list[tuple[Quad, Rect]]:
        """Return the regions that hold no text followed already, the largest of them where the allowance is spent."""
        height = self._frames.shape[1]
        quads = self._reader.detect(self._picture(index), side=self._pace.side)
        places = [(quad, bounds(quad)) for quad in quads]
        fresh = [
            (quad, rect)
            for quad, rect in places
            if could_be_text(rect, frame_height=height) and not any(t.stands_in(rect) for t in standing)
        ]
        allowance = LINES_AT_ONCE + self._pace.lines_per_s * (self._times_s[index] - self._times_s[0])
        room = max(0, int(allowance) - self._lines_read)
        return sorted(fresh, key=lambda place: -place[1].area)[:room] if len(fresh) > room else fresh

    def _begun(self, track: Track, *, after: int) -> Track:
        """Follow a new text back to the first frame behind `after` that shows it."""
        for earlier in range(track.first - 1, after, -1):
            if not (track.readable and self._shows(track, earlier)):
                break
            track.precede(earlier)
        return track

    def _finish(self, track: Track, *, before: int) -> None:
        """End a text that is gone, at the last frame ahead of `before` that shows it."""
        self._live.remove(track)
        self._ended.append(track)
        for later in range(track.last + 1, before):
            if not (track.readable and self._shows(track, later)):
                break
            track.extend(later)

    def _read_again(self, tracks: Sequence[Track], index: int) -> None:
        """Read unsure texts once more in another frame."""
        unsure = [track for track in tracks if track.unsure]
        for track, reading in zip(unsure, self._read(index, [t.quad for t in unsure]), strict=True):
            if plausible(reading) and same_words(reading.text, track.reading.text):
                track.readings.append(reading)

    def _stands(self, track: Track, index: int) -> bool:
        """Whether the edges alone say that a text is still there."""
        anchor, now = self._step(track.anchor), self._step(index)
        alike = likeness(anchor, now, track.rect)
        if alike is None or alike < SAME_EDGES:
            return False
        least = SAME_DIGIT_EDGES if any(c.isdigit() for c in track.reading.text) else SAME_LETTER_EDGES
        return weakest_part(anchor, now, track.rect) >= least

    def _shows(self, track: Track, index: int) -> bool:
        """Whether a frame shows a text; asks the recogniser where the edges leave it open."""
        if self._stands(track, index):
            return True
        alike = likeness(self._step(track.anchor), self._step(index), track.rect)
        if alike is not None and alike < OTHER_EDGES:
            return False
        reading = self._read(index, [track.quad])[0]
        return plausible(reading) and same_words(reading.text, track.reading.text)

    def _read(self, index: int, quads: Sequence[Quad]) -> list[Reading]:
        if not quads:
            return []
        self._lines_read += len(quads)
        self.read_in.add(index)
        return self._reader.read(self._picture(index), quads)

    def _step(self, index: int) -> NDArray[np.uint8]:
        if index not in self._steps:
            self._steps[index] = steps(self._frames[index])
        return self._steps[index]

    def _forget_steps(self, index: int) -> None:
        """Keep the edges of the frames that are still compared: memory stays flat over a long clip."""
        kept = {track.anchor for track in self._live} | set(range(min(self._looked, index - 1), index + 1))
        self._steps = {number: found for number, found in self._steps.items() if number in kept}

    def _picture(self, index: int) -> NDArray[np.uint8]:
        """Return a frame in BGR, as the models were trained."""
        return np.ascontiguousarray(self._frames[index][..., ::-1])
