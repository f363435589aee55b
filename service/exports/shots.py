"""The table of shots: one row per shot, with its keyframe and whether that stands for the video."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from actors.document import RepresentativeFrame, Shot
from actors.fusion.published import Published
from service.exports import videos
from service.exports.columns import Cell, Column, Type, each_once, from_document


@dataclass(frozen=True, slots=True)
class ShotRecord:
    """A shot of a document. index: its place among them, from 0. frame: set where its keyframe stands for the video."""

    published: Published
    index: int
    shot: Shot
    frame: RepresentativeFrame | None


def rows(published: Published) -> Iterator[ShotRecord]:
    """Yield the document's shots in order of time."""
    document = published.document
    frames = {frame.shot_id: frame for frame in document.representative_frames or ()}
    for index, shot in enumerate(document.shots):
        yield ShotRecord(published, index, shot, frames.get(shot.shot_id))


def _keyframe(record: ShotRecord) -> str | None:
    folder, slash, _ = record.published.name.rpartition("/")
    return None if record.shot.keyframe is None else f"{folder}{slash}{record.shot.keyframe}"


def _of_frame(value: Callable[[RepresentativeFrame], Cell]) -> Callable[[ShotRecord], Cell]:
    return lambda record: None if record.frame is None else value(record.frame)


def _representative(record: ShotRecord) -> bool | None:
    return None if record.published.document.representative_frames is None else record.frame is not None


def _word_count(record: ShotRecord) -> int | None:
    words = record.shot.word_range
    return None if words is None else words[1] - words[0]


def _objects(record: ShotRecord) -> Cell:
    found = record.shot.objects
    return None if found is None else each_once(thing.label for thing in found)


def _captions(record: ShotRecord) -> Cell:
    found = record.shot.captions
    return None if found is None else each_once(caption.text for caption in found)


def _lines(record: ShotRecord) -> Cell:
    found = record.shot.ocr
    return None if found is None else tuple(line.text for line in found)


COLUMNS: tuple[Column[ShotRecord], ...] = (
    from_document(videos.VIDEO_ID, lambda r: r.published),
    from_document(videos.FILENAME, lambda r: r.published),
    Column("shot_id", Type.TEXT, "`s001`, `s002`, … in order of time", lambda r: r.shot.shot_id),
    Column("index", Type.INTEGER, "place among the video's shots, from 0", lambda r: r.index),
    Column("start_s", Type.NUMBER, "presentation time of its first frame", lambda r: r.shot.start_s, "s"),
    Column("end_s", Type.NUMBER, "presentation time of the next shot, or the end", lambda r: r.shot.end_s, "s"),
    Column("keyframe", Type.PATH, "path of its picture (JPEG) below the output folder", _keyframe),
    Column("dropped", Type.TEXT, "`black`, `blurred` or `duplicate`: not worth showing", lambda r: r.shot.dropped),
    Column("duplicate_of", Type.TEXT, "the shot whose keyframe it repeats", lambda r: r.shot.duplicate_of),
    Column("representative", Type.BOOLEAN, "whether its keyframe stands for the video", _representative),
    Column(
        "representative_time_s",
        Type.NUMBER,
        "presentation time of that keyframe; unknown for others",
        _of_frame(lambda frame: frame.time_s),
        "s",
    ),
    Column(
        "representative_prompt",
        Type.TEXT,
        "the configured description that keyframe is nearest to",
        _of_frame(lambda frame: frame.prompt),
    ),
    Column(
        "representative_similarity",
        Type.NUMBER,
        "how near, from -1 to 1",
        _of_frame(lambda frame: frame.similarity),
        "cosine",
    ),
    Column("captions", Type.TEXTS, "sentences about the keyframe, best first", _captions),
    Column("on_screen_text", Type.TEXTS, "lines read in the keyframe", _lines),
    Column("objects", Type.TEXTS, "labels found in the keyframe, each once", _objects),
    Column("transcript", Type.TEXT, "what is said during the shot", lambda r: r.shot.transcript_text),
    Column("word_count", Type.INTEGER, "words said during the shot", _word_count, "count"),
)
"""The columns, in order; new ones come last."""
