"""Searching: a query's hits, page by page, with the places of what matched; or the videos that have them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

from service.ledger import cursor as cursors
from service.ledger.library.asking import MOST_ROWS, Term, TextQuery
from service.ledger.library.numbers import document_of, order_of
from service.ledger.library.spoken import range_between
from service.ledger.library.values import BadCursor, Candidate, DocumentRow, FoundPassage, Kind, Passage
from service.search.words import Word, words_of

if TYPE_CHECKING:
    from service.ledger.library.searching import SearchSide

HITS_OF_A_VIDEO = 5
"""How many hits a video shows where results are grouped."""
_FLAT, _GROUPED = "hit", "video"
_NUMBER: tuple[cursors.Kind, ...] = (cursors.INT8, float)


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage that was found. Times are seconds, None where it has none.

    at_s: where to begin to play: the first word that matched in the time that was asked for, where its time is known,
    else the passage's start.
    matches: what matched, as [start, end) in characters of `text`. rank: less is better, within one search.
    """

    row: DocumentRow
    kind: Kind
    text: str
    matches: tuple[tuple[int, int], ...]
    start_s: float | None
    end_s: float | None
    at_s: float | None
    rank: float


@dataclass(frozen=True, slots=True)
class Hits:
    """A page of hits. total: of all pages; bounded: there are more, of which only the newest were ranked."""

    hits: tuple[Hit, ...]
    total: int
    bounded: bool
    next_cursor: str | None = None


@dataclass(frozen=True, slots=True)
class VideoHits:
    """A video with its best hits. count: of all hits in it."""

    row: DocumentRow
    hits: tuple[Hit, ...]
    count: int


@dataclass(frozen=True, slots=True)
class Videos:
    """A page of videos, the one with the best hit first. total, bounded: as in `Hits`, of videos."""

    videos: tuple[VideoHits, ...]
    total: int
    bounded: bool
    next_cursor: str | None = None


def hits(library: SearchSide, query: TextQuery, *, limit: int = 20, cursor: str | None = None) -> Hits | BadCursor:
    """Return a page of hits, the best first. Raises `ValueError` for a limit that is not within 1 and `MOST_ROWS`."""
    after = _after(cursor, limit=limit)
    if isinstance(after, BadCursor):
        return after
    found = library.find(query)
    rest = [one for one in found.candidates if after is None or order_of(one) > after]
    page = rest[:limit]
    texts = library.passages([one.passage_id for one in page])
    shown = tuple(_hit(texts[one.passage_id], one, query) for one in page if one.passage_id in texts)
    following = cursors.encode(_FLAT, *page[-1]) if len(rest) > limit else None
    return Hits(shown, len(found.candidates), found.bounded, following)


def videos(library: SearchSide, query: TextQuery, *, limit: int = 20, cursor: str | None = None) -> Videos | BadCursor:
    """Return a page of videos with their best hits. Raises what `hits` raises."""
    after = _after_video(cursor, limit=limit)
    if isinstance(after, BadCursor):
        return after
    found = library.find(query)
    groups: dict[int, list[Candidate]] = {}
    for one in found.candidates:  # the best first: a video stands where its best hit does
        groups.setdefault(document_of(one.passage_id), []).append(one)
    rest = [(of, group) for of, group in groups.items() if after is None or (group[0].rank, -of) > after]
    rest.sort(key=lambda item: (item[1][0].rank, -item[0]))
    page = rest[:limit]
    texts = library.passages([one.passage_id for _, group in page for one in group[:HITS_OF_A_VIDEO]])
    shown = tuple(video for _, group in page if (video := _video(group, texts, query)) is not None)
    following = cursors.encode(_GROUPED, page[-1][1][0].rank, page[-1][0]) if len(rest) > limit else None
    return Videos(shown, len(groups), found.bounded, following)


def _video(group: Sequence[Candidate], texts: dict[int, FoundPassage], query: TextQuery) -> VideoHits | None:
    best = islice(group, HITS_OF_A_VIDEO)
    shown = tuple(_hit(texts[one.passage_id], one, query) for one in best if one.passage_id in texts)
    return VideoHits(shown[0].row, shown, len(group)) if shown else None


def _hit(found: FoundPassage, candidate: Candidate, query: TextQuery) -> Hit:
    passage = found.passage
    words = words_of(passage.text)
    places = matched(words, [term for terms in query.required for term in terms])
    at_s = _begin(passage, [first for first, _ in places], query)
    ranges = tuple((words[first].start, words[end - 1].end) for first, end in places)
    return Hit(found.row, passage.kind, passage.text, ranges, passage.start_s, passage.end_s, at_s, candidate.rank)


def _begin(passage: Passage, places: Sequence[int], query: TextQuery) -> float | None:
    """Return where to begin to play: of words at these places the first that is said in the time that is asked for."""
    times = passage.word_times
    first, end = range_between(times, query.after_s, query.before_s)
    within = [place for place in places if first <= place and (end is None or place < end)]
    place = next(iter(within or places), None)
    known = None if place is None or place >= len(times) else times[place]
    return passage.start_s if known is None else known


def matched(words: Sequence[Word], terms: Iterable[Term]) -> list[tuple[int, int]]:
    """Return where terms occur, as [first, end) in words, in order; what overlaps is joined."""
    folded = [word.folded for word in words]
    found = sorted(
        (start, start + len(term.words))
        for term in terms
        for start in range(len(folded) - len(term.words) + 1)
        if _occurs(folded[start : start + len(term.words)], term)
    )
    joined: list[tuple[int, int]] = []
    for first, end in found:
        if joined and first < joined[-1][1]:
            joined[-1] = (joined[-1][0], max(end, joined[-1][1]))
        else:
            joined.append((first, end))
    return joined


def _occurs(words: Sequence[str], term: Term) -> bool:
    *before, last = term.words
    ends = words[-1].startswith(last) if term.prefix else words[-1] == last
    return ends and list(words[:-1]) == before


def _after(cursor: str | None, *, limit: int) -> tuple[float, int, float, int] | BadCursor | None:
    """Return what `order_of` says of the hit after which a page begins."""
    keys = _keys(cursor, _FLAT, (cursors.INT8,), _NUMBER, (*_NUMBER, type(None)), limit=limit)
    return order_of(Candidate(*keys)) if isinstance(keys, tuple) else keys  # type: ignore[arg-type] # as `_keys` checks


def _after_video(cursor: str | None, *, limit: int) -> tuple[float, int] | BadCursor | None:
    """Return the sort key of the video after which a page begins; its number is negated, for the newest come first."""
    keys = _keys(cursor, _GROUPED, _NUMBER, (cursors.INT8,), limit=limit)
    return (keys[0], -keys[1]) if isinstance(keys, tuple) else keys  # type: ignore[operator,return-value] # as above


def _keys(
    cursor: str | None, about: str, *kinds: tuple[cursors.Kind, ...], limit: int
) -> tuple[cursors.Key, ...] | BadCursor | None:
    if not 1 <= limit <= MOST_ROWS:
        raise ValueError(f"a page has 1 to {MOST_ROWS} results, not {limit}")
    if cursor is None:
        return None
    keys = cursors.decode(cursor, about, *kinds)
    return BadCursor("the cursor is none that this search gave; begin again without one") if keys is None else keys
