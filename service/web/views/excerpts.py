"""What was found, cut to what a line takes, with what matched marked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from service.search.links import video_address
from service.search.search import Hit, VideoHits

SHOWN = 240
"""Characters of a text on a page."""
LEAD = 60
"""How many of them stand before the first that matched."""
assert LEAD < SHOWN  # noqa: S101 - else what matched would not be shown
KIND_NAMES = {
    "speech": "Said",
    "overlay": "On screen",
    "caption": "Caption",
    "object": "Object",
    "sidecar": "Published text",
    "file": "File name",
}
"""Where a text stands, for people."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of text, marked where it matched."""

    text: str
    marked: bool


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A hit as the page shows it. at_s: where it is played from, None for what has no time."""

    kind: str
    kind_name: str
    pieces: tuple[Piece, ...]
    at_s: float | None
    address: str


def excerpts(video: VideoHits) -> tuple[Excerpt, ...]:
    """Return a video's hits as they are shown."""
    return tuple(_excerpt(hit) for hit in video.hits)


def pieces(text: str, matches: Sequence[tuple[int, int]]) -> tuple[Piece, ...]:
    """Cut a text into what matched and what did not; what is long is cut around the first that matched."""
    first = matches[0][0] if matches else 0
    begin = max(0, min(first - LEAD, len(text) - SHOWN))
    end = min(len(text), begin + SHOWN)
    cut = [Piece("…", marked=False)] if begin else []
    cut += _cut(text, matches, begin, end)
    return (*cut, Piece("…", marked=False)) if end < len(text) else tuple(cut)


def _cut(text: str, matches: Sequence[tuple[int, int]], begin: int, end: int) -> Iterator[Piece]:
    place = begin
    for start, stop in matches:
        start, stop = max(start, place), min(stop, end)  # noqa: PLW2901 - what of it is shown
        if start < stop:
            if place < start:
                yield Piece(text[place:start], marked=False)
            yield Piece(text[start:stop], marked=True)
            place = stop
    if place < end:
        yield Piece(text[place:end], marked=False)


def _excerpt(hit: Hit) -> Excerpt:
    kind = hit.kind.word
    address = video_address(hit.row.video_id, hit.at_s)
    return Excerpt(kind, KIND_NAMES[kind], pieces(hit.text, hit.matches), hit.at_s, address)
