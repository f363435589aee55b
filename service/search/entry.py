"""What the index holds of a document: its row in the library, and everything said, shown and written as passages."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from itertools import islice
from typing import TYPE_CHECKING

from service.ledger.library.numbers import MOST_OF_A_KIND
from service.ledger.library.values import DocumentRow, Entry, Kind, Passage
from service.search.words import composed, fold, folded_words, name_key, words_of

if TYPE_CHECKING:
    from actors.document import Document, Shot
    from actors.fusion.published import Published


def entry_of(published: Published, *, file_mark: str, described_at: float | None = None) -> Entry:
    """Return the entry of a document. described_at: where the ledger knows it; else when the document was written."""
    document = published.document
    row = _row(published, file_mark=file_mark, described_at=described_at)
    return Entry(
        row=row,
        passages=tuple(_bounded(_passages(document))),
        name_key=name_key(document.filename),
        author_words=" ".join(folded_words(document.source.author or "")),
        tag_keys=tuple(dict.fromkeys(tag_key(tag) for tag in row.hashtags)),
    )


def tag_key(tag: str) -> str:
    """Return a hashtag as it is looked for: folded, without #."""
    return fold(composed(tag)).lstrip("#")


def _row(published: Published, *, file_mark: str, described_at: float | None) -> DocumentRow:
    document = published.document
    source, media, words = document.source, document.media, document.transcript.words
    path = composed(source.relative_path)
    created_at = datetime.fromisoformat(document.processing.created_at).astimezone(UTC).timestamp()
    counts = {name: _within(getattr(source.counts, name, None), MOST_COUNTED) for name in _COUNTS}
    return DocumentRow(
        video_id=document.video_id,
        sha256=source.sha256,
        document=published.name,
        run_id=document.processing.run_id,
        file_mark=file_mark,
        filename=composed(document.filename),
        relative_path=path,
        folder=path.rpartition("/")[0],
        status=document.status,
        duration_s=document.duration_s,
        described_at=created_at if described_at is None else described_at,
        created_at=created_at,
        has_audio=media.has_audio,
        width=_within(media.width, _MOST_PIXELS),
        height=_within(media.height, _MOST_PIXELS),
        language=document.language,
        word_count=None if words is None else len(words),
        shot_count=len(document.shots),
        speaker_count=None if document.speakers is None else len(document.speakers),
        keyframe=_keyframe(published),
        caption=None if source.caption is None else composed(source.caption),
        author=None if source.author is None else composed(source.author),
        posted_at=source.posted_at,
        hashtags=tuple(composed(tag) for tag in source.hashtags or ()),
        warnings=tuple(dict.fromkeys(warning.code for warning in document.processing.warnings)),
        **counts,
    )


_MOST_WORDS = 1_000
"""Words of a passage: some five minutes of talk."""
_COUNTS = ("views", "likes", "comments", "shares", "saves")
MOST_COUNTED = 2**53
"""What is beyond is no count: no database takes any number, and none beyond this is exact in a browser."""
_MOST_PIXELS = 2**31 - 1
"""Of PostgreSQL's `integer`."""


def _within(number: int | None, most: int) -> int | None:
    return None if number is None or number > most else number


def _keyframe(published: Published) -> str | None:
    """Return the picture that stands for the video: the first chosen, else the first worth showing, else the first."""
    document = published.document
    chosen = [frame.keyframe for frame in document.representative_frames or ()]
    worth = [shot.keyframe for shot in document.shots if shot.dropped is None]
    path = next(filter(None, [*chosen, *worth, *(shot.keyframe for shot in document.shots)]), None)
    folder = published.name.rpartition("/")[0]
    return path if path is None or not folder else f"{folder}/{path}"


def _bounded(found: Iterator[Passage]) -> Iterator[Passage]:
    pieces = (piece for passage in found if passage.words for piece in _in_pieces(passage))
    return islice(pieces, MOST_OF_A_KIND)


def _in_pieces(passage: Passage) -> Iterator[Passage]:
    """Cut what is too long for a hit to show, and for PostgreSQL to index: a transcript that came without segments."""
    if passage.words.count(" ") < _MOST_WORDS:
        yield passage
        return
    words = words_of(passage.text)
    for first in range(0, len(words), _MOST_WORDS):
        some = words[first : first + _MOST_WORDS]
        yield replace(
            passage,
            text=passage.text[some[0].start : some[-1].end],
            words=" ".join(word.folded for word in some),
            word_times=passage.word_times[first : first + _MOST_WORDS],
        )


def _passages(document: Document) -> Iterator[Passage]:
    yield from _speech(document)
    yield from _overlays(document)
    for shot in document.shots:
        for text in dict.fromkeys(caption.text for caption in shot.captions or ()):
            yield _passage(Kind.CAPTION, text, shot.start_s, shot.end_s)
        labels = dict.fromkeys(found.label for found in shot.objects or ())
        yield _passage(Kind.OBJECT, ", ".join(labels), shot.start_s, shot.end_s)
    source = document.source
    yield _passage(Kind.SIDECAR, source.caption or "")
    yield _passage(Kind.SIDECAR, " ".join(f"#{tag}" for tag in source.hashtags or ()))
    yield _passage(Kind.SIDECAR, source.author or "")
    for path in (source.relative_path, *source.also_at):
        yield _passage(Kind.FILE, path)


def _passage(kind: Kind, text: str, start_s: float | None = None, end_s: float | None = None) -> Passage:
    shown = composed(text)
    return Passage(kind, shown, " ".join(word.folded for word in words_of(shown)), start_s, end_s)


def _speech(document: Document) -> Iterator[Passage]:
    """Yield what is said, by segments; each word's time goes along where words and segments say the same."""
    transcript = document.transcript
    segments = transcript.segments
    if not segments:
        yield _passage(Kind.SPEECH, transcript.text or "")
        return
    times = [(folded, word.start_s) for word in transcript.words or () for folded in folded_words(word.word)]
    said = [folded_words(segment.text) for segment in segments]
    agree = [folded for folded, _ in times] == [folded for words in said for folded in words]
    place = 0
    for segment, words in zip(segments, said, strict=True):
        mine = tuple(start_s for _, start_s in times[place : place + len(words)]) if agree else ()
        place += len(words)
        yield Passage(
            Kind.SPEECH, composed(segment.text), " ".join(words), segment.start_s, segment.end_s, word_times=mine
        )


def _overlays(document: Document) -> Iterator[Passage]:
    """Yield on-screen text: what was followed over time, and what only a keyframe shows."""
    followed = document.text_overlays or ()
    for overlay in followed:
        yield _passage(Kind.OVERLAY, overlay.text, overlay.start_s, overlay.end_s)
    for shot in document.shots:
        shown = [
            " ".join(folded_words(overlay.text))
            for overlay in followed
            if overlay.start_s <= shot.end_s and overlay.end_s >= shot.start_s
        ]
        for text in _lines(shot):
            if not _said_in(" ".join(folded_words(text)), shown):
                yield _passage(Kind.OVERLAY, text, shot.start_s, shot.end_s)


def _lines(shot: Shot) -> Iterable[str]:
    return dict.fromkeys(line.text for line in shot.ocr or ())


def _said_in(words: str, texts: Iterable[str]) -> bool:
    return any(f" {words} " in f" {text} " for text in texts)
