"""The sound track: 16 kHz mono that starts at presentation time 0, and its loudness, from one filter graph."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

import av
import numpy as np
from av.filter import Graph
from numpy.typing import NDArray

from actors.media.timing import PresentationClock

SAMPLE_RATE = 16_000
_GAP_S = 0.05
"""Sound that is this far from where its predecessor ended is moved there; container clocks jitter by less."""
_SILENCE_LUFS = -70.0
"""The absolute gate of ITU-R BS.1770-5: what lies below is silence, and silence has no loudness."""
_BATCH = 32
"""Frames handed to the filters between two looks at what came out: an empty look costs an exception."""
_LOUDNESS_KEY = "lavfi.r128.I"


class SoundTrack:
    """Takes decoded audio frames in order; gives float32 mono at 16 kHz and the integrated loudness.

    Loudness is EBU R128 (ITU-R BS.1770) by FFmpeg's `ebur128` on the sound as coded, before mixing down. Its
    100 ms blocks also spare 3 of 4 crossings between C and Python. Silence fills gaps between frames, never more
    than `max_media_s` in all.
    """

    def __init__(self, *, max_media_s: float, discontinuous: bool) -> None:
        self._max_s = max_media_s
        self._clock = PresentationClock(tick_s=1 / SAMPLE_RATE, discontinuous=discontinuous)
        self._graph: Graph | None = None
        self._format: tuple[str, str, int] | None = None
        self._converters: dict[tuple[str, str, int], Any] = {}
        self._taken = 0
        self._waiting = 0
        self._inserted_s = 0.0
        self._gaps: list[tuple[int, int]] = []
        self._chunks: list[NDArray[np.float32]] = []
        self._loudness: float | None = None
        self._unusable = False
        self.finished = False
        """Whether `max_media_s` has been reached."""

    @property
    def first_s(self) -> float | None:
        """Time of the first sample in the container's clock; None when nothing was decoded."""
        return self._clock.first_s

    @property
    def end_s(self) -> float:
        """Time after the last sample in the container's clock."""
        return (self.first_s or 0.0) + self._length_s

    @property
    def loudness_lufs(self) -> float | None:
        """Integrated loudness in LUFS; None for silence."""
        return self._loudness

    def feed(self, frame: Any) -> None:
        """Take the next frame; one whose time lies more than a frame back is dropped."""
        if self.finished or self._unusable or not frame.samples or not frame.sample_rate:
            return
        if self._format is None and not self._open(frame):
            return
        lasts_s = frame.samples / frame.sample_rate
        time_s = self._clock.place(frame, lasts_s=lasts_s)
        if time_s is None:
            return
        ahead_s = time_s - self.end_s
        if ahead_s < -max(_GAP_S, lasts_s):
            return
        if self._length_s + max(0.0, ahead_s) >= self._max_s:
            self.finished = True
            return
        if ahead_s > _GAP_S:
            self._insert(ahead_s)
        for converted in self._converted(frame):
            self._push(converted)

    def finish(self) -> None:
        """Take what the filters still hold; call once, after the last frame."""
        if self._graph is None:
            return
        for converter in self._converters.values():
            for rest in converter.resample(None):
                self._push(rest)
        self._graph.push(None)
        self._pull()

    def samples(self, *, origin_s: float) -> NDArray[np.float32]:
        """Return shape (samples,), float32 mono at 16 kHz, sample 0 at `origin_s` in the container's clock."""
        lead = max(0, round(((self.first_s or origin_s) - origin_s) * SAMPLE_RATE))
        sound = np.concatenate(self._chunks) if self._chunks else np.empty(0, np.float32)
        pieces: list[NDArray[np.float32]] = [np.zeros(lead, np.float32)]
        start = 0
        for position, length in self._gaps:
            pieces += [sound[start:position], np.zeros(length, np.float32)]
            start = min(position, len(sound))
        return np.concatenate([*pieces, sound[start:]])

    @property
    def _length_s(self) -> float:
        taken_s = self._taken / self._format[2] if self._format else 0.0
        return taken_s + self._inserted_s

    def _open(self, frame: Any) -> bool:
        """Make the filters for the first frame's format; False for one that they do not take (4 GHz, no speakers)."""
        sample_format, layout, rate = found = _format_of(frame)
        try:
            self._graph = _graph(sample_format, layout, rate)
        except (av.error.FFmpegError, ValueError):
            self._unusable = True
            return False
        self._format = found
        return True

    def _converted(self, frame: Any) -> list[Any]:
        """Bring a frame to the format of the first one: streams may change rate or channels on the way."""
        found = _format_of(frame)
        if found == self._format:
            return [frame]
        try:
            if found not in self._converters:
                self._converters[found] = av.AudioResampler(*(self._format or found))
            return list(self._converters[found].resample(frame))
        except (av.error.FFmpegError, ValueError):  # a format that cannot be converted: as if the frame were damaged
            return []

    def _push(self, frame: Any) -> None:
        if self._graph is None or self._format is None:
            return
        # Numbered anew: the graph needs no times, and broken ones would make it complain.
        frame.pts, frame.time_base = self._taken, Fraction(1, self._format[2])
        self._taken += frame.samples
        self._graph.push(frame)
        self._waiting += 1
        if self._waiting == _BATCH:
            self._pull()

    def _pull(self) -> None:
        self._waiting = 0
        while self._graph is not None:
            try:
                block = self._graph.pull()
            except (av.error.BlockingIOError, av.error.EOFError):
                return
            self._chunks.append(block.to_ndarray()[0])
            self._loudness = _measured(block.metadata.get(_LOUDNESS_KEY), self._loudness)

    def _insert(self, seconds: float) -> None:
        position = round(self._taken / (self._format or ("", "", 1))[2] * SAMPLE_RATE)
        self._gaps.append((position, round(seconds * SAMPLE_RATE)))
        self._inserted_s += seconds


def _graph(sample_format: str, layout: str, rate: int) -> Graph:
    graph = Graph()
    graph.link_nodes(
        graph.add_abuffer(sample_rate=rate, format=sample_format, layout=layout, time_base=Fraction(1, rate)),
        graph.add("ebur128", "metadata=1:framelog=quiet"),
        graph.add("aresample", str(SAMPLE_RATE)),
        graph.add("aformat", "sample_fmts=flt:channel_layouts=mono"),
        graph.add("abuffersink"),
    )
    graph.configure()
    return graph


def _format_of(frame: Any) -> tuple[str, str, int]:
    return frame.format.name, frame.layout.name, frame.sample_rate


def _measured(text: str | None, before: float | None) -> float | None:
    """Read the filter's running value; blocks without one keep the last."""
    if text is None:
        return before
    value = float(text)
    return round(value, 2) if math.isfinite(value) and value > _SILENCE_LUFS else None
