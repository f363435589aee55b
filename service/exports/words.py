"""The table of words: one row per spoken word."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from actors.document import Document, Word
from actors.fusion.published import Published
from service.exports import videos
from service.exports.columns import Column, Type, from_document


@dataclass(frozen=True, slots=True)
class WordRecord:
    """A word of a document. index: its place in `transcript.words`, from 0. shot_id: None without video."""

    published: Published
    index: int
    word: Word
    shot_id: str | None


def rows(published: Published) -> Iterator[WordRecord]:
    """Yield the document's words in the order spoken."""
    shot_ids = _shot_ids(published.document)
    for index, word in enumerate(published.document.transcript.words or ()):
        yield WordRecord(published, index, word, shot_ids[index] if shot_ids else None)


def _shot_ids(document: Document) -> list[str]:
    """Return the shot of each word: ranges tile the words; empty when there are no shots."""
    ranges = [(shot.shot_id, shot.word_range or (0, 0)) for shot in document.shots]
    return [shot_id for shot_id, (first, end) in ranges for _ in range(first, end)]


COLUMNS: tuple[Column[WordRecord], ...] = (
    from_document(videos.VIDEO_ID, lambda r: r.published),
    from_document(videos.FILENAME, lambda r: r.published),
    Column("index", Type.INTEGER, "place among the video's words, from 0", lambda r: r.index),
    Column("shot_id", Type.TEXT, "the shot it belongs to; unknown without video", lambda r: r.shot_id),
    Column("word", Type.TEXT, "the word as recognised, with its punctuation", lambda r: r.word.word),
    Column(
        "start_s", Type.NUMBER, "when it begins; unknown where it could not be placed", lambda r: r.word.start_s, "s"
    ),
    Column("end_s", Type.NUMBER, "when it ends; unknown where it could not be placed", lambda r: r.word.end_s, "s"),
    Column("confidence", Type.NUMBER, "as the recogniser gave it", lambda r: r.word.confidence, "fraction"),
    Column("speaker", Type.TEXT, "the voice; unknown without diarization", lambda r: r.word.speaker),
    Column(
        "timing",
        Type.TEXT,
        "`aligned`: times from the sound; `interpolated`: from the neighbours",
        lambda r: r.word.timing,
    ),
)
"""The columns, in order; new ones come last."""
