"""What Whisper listens to at once: stretches of speech of at most 30 s, and those among them that tell the language."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from actors.audio.levels import SAMPLE_RATE_HZ
from actors.results import Span

LONGEST_S = 30.0
"""What Whisper's encoder sees (Radford et al. 2022, section 2.2); it fills up whatever is shorter, at the same cost."""
LONGEST_GAP_S = 4.0
"""A longer pause parts two chunks: music between two sentences is not handed to a model that would put words to it."""
QUIET_BLOCK_S = 0.1
SHORTEST_WINDOW_S = 1.0
"""Less speech than this says little about the language; it is asked only where there is nothing longer."""


@dataclass(frozen=True, slots=True)
class Chunk:
    """A stretch of a sound track, in seconds."""

    start_s: float
    end_s: float

    @property
    def seconds(self) -> float:
        """How long it is."""
        return self.end_s - self.start_s

    def of(self, audio: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return its samples; a view. audio: float32 mono at 16 kHz, shape (samples,)."""
        return audio[round(self.start_s * SAMPLE_RATE_HZ) : round(self.end_s * SAMPLE_RATE_HZ)]


def chunks(spans: Sequence[Span], audio: NDArray[np.float32], *, longest_s: float = LONGEST_S) -> tuple[Chunk, ...]:
    """Merge spans of voice activity into as few chunks as possible, in order, and cut those that are too long.

    spans: in order of time, apart. audio: float32 mono at 16 kHz, which spans are cut in where it is quietest.
    """
    merged: list[Chunk] = []
    end_s = audio.size / SAMPLE_RATE_HZ
    for span in spans:
        piece = Chunk(max(0.0, span.start_s), min(span.end_s, end_s))
        if piece.seconds <= 0.0:
            continue
        for part in _parts(piece, audio, longest_s):
            last = merged[-1] if merged else None
            if last and part.start_s - last.end_s <= LONGEST_GAP_S and part.end_s - last.start_s <= longest_s:
                merged[-1] = Chunk(last.start_s, part.end_s)
            else:
                merged.append(part)
    return tuple(merged)


def windows(found: Sequence[Chunk], *, most: int) -> tuple[Chunk, ...]:
    """Return up to `most` chunks that are spread evenly over the speech, for the language to be told from.

    The opening seconds alone mislead: a clip begins with a greeting, a quotation or a jingle in another language.
    """
    telling = [chunk for chunk in found if chunk.seconds >= SHORTEST_WINDOW_S] or list(found)
    if len(telling) <= most:
        return tuple(telling)
    places = np.linspace(0, len(telling) - 1, most) if most > 1 else [len(telling) // 2]
    return tuple(telling[round(place)] for place in places)


def _parts(piece: Chunk, audio: NDArray[np.float32], longest_s: float) -> Iterator[Chunk]:
    """Cut a long piece at the quietest moment of the last third that still fits."""
    while piece.seconds > longest_s:
        search = Chunk(piece.start_s + longest_s * 2 / 3, piece.start_s + longest_s)
        block = round(QUIET_BLOCK_S * SAMPLE_RATE_HZ)
        samples = search.of(audio)
        powers = np.square(samples[: samples.size // block * block].reshape(-1, block)).mean(axis=1)
        cut_s = search.start_s + (int(np.argmin(powers)) + 0.5) * QUIET_BLOCK_S
        yield Chunk(piece.start_s, cut_s)
        piece = Chunk(cut_s, piece.end_s)
    yield piece
