"""One row per video: the columns, written once."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from actors.document import Document

Cell = str | int | float | bool | None

_FORMULA_STARTS = ("=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20")
_SEPARATOR = " | "


@dataclass(frozen=True, slots=True)
class Column:
    """One column: its heading, what it holds, and where that comes from. An empty cell means unknown."""

    name: str
    description: str
    value: Callable[[Document], Cell]


COLUMNS: tuple[Column, ...] = (
    Column("video_id", "first 16 digits of the file's SHA-256", lambda d: d.video_id),
    Column("filename", "name of the video file", lambda d: d.filename),
    Column("relative_path", "path below the watched folder", lambda d: _path(d.source.relative_path)),
    Column("status", "complete, or partial when a stage is missing", lambda d: d.status),
    Column("duration_s", "duration in seconds", lambda d: d.duration_s),
    Column("width", "width as displayed, in pixels", lambda d: d.media.width),
    Column("height", "height as displayed, in pixels", lambda d: d.media.height),
    Column("frame_rate", "mean frames per second", lambda d: d.media.frame_rate),
    Column("size_bytes", "size of the file in bytes", lambda d: d.source.size_bytes),
    Column("has_audio", "whether there is a sound track", lambda d: d.media.has_audio),
    Column("language", "code of the spoken language", lambda d: d.language),
    Column("transcript", "what is said", lambda d: d.transcript.text),
    Column("transcript_quality", "draft or standard", lambda d: d.transcript.quality),
    Column("word_count", "words recognised", lambda d: _length(d.transcript.words)),
    Column("speaker_count", "voices told apart", lambda d: _length(d.speakers)),
    Column("shot_count", "shots", lambda d: len(d.shots)),
    Column(
        "captions",
        "first caption of each shot, repetitions once, separated by |",
        lambda d: _joined(_first_captions(d)),
    ),
    Column("on_screen_text", "texts seen over time, each once, separated by |", lambda d: _joined(_overlays(d))),
    Column("objects", "labels found, each once, separated by |", lambda d: _joined(_labels(d))),
    Column("loudness_lufs", "integrated loudness (EBU R128)", lambda d: d.audio.loudness_lufs),
    Column("speech_ratio", "share of the duration with speech", lambda d: d.audio.speech_ratio),
    Column("music_ratio", "share of the duration with music", lambda d: d.audio.music_ratio),
    Column("tempo_bpm", "beats a minute", lambda d: d.audio.tempo_bpm),
    Column("caption", "the author's words beside the video", lambda d: d.source.caption),
    Column("hashtags", "without #, separated by |", lambda d: _joined(d.source.hashtags)),
    Column("author", "the author's name on the platform", lambda d: d.source.author),
    Column("posted_at", "when it was published (UTC)", lambda d: d.source.posted_at),
    Column("platform_id", "the platform's id of the video", lambda d: d.source.platform_id),
    Column("views", "times played", lambda d: _counted(d, "views")),
    Column("likes", "times liked", lambda d: _counted(d, "likes")),
    Column("comments", "comments", lambda d: _counted(d, "comments")),
    Column("shares", "times shared", lambda d: _counted(d, "shares")),
    Column("saves", "times saved", lambda d: _counted(d, "saves")),
    Column("sha256", "SHA-256 of the file", lambda d: d.source.sha256),
    Column("profile", "the profile that chose the models", lambda d: d.processing.profile),
    Column("version", "version of Reelwatch", lambda d: d.processing.version),
    Column("created_at", "when the document was written (UTC)", lambda d: d.processing.created_at),
    Column(
        "warnings",
        "codes of warnings, each once, separated by |",
        lambda d: _joined(w.code for w in d.processing.warnings),
    ),
)
"""The columns of the CSV export, in order."""


def csv_lines(documents: Iterable[Document]) -> Iterator[str]:
    """Yield the table line by line (RFC 4180, CRLF), the heading first.

    A text that a spreadsheet would run as a formula is led by an apostrophe, as OWASP advises against CSV injection. A
    relative path that begins like one is led by `./` instead, so that it names the same file still.
    """
    yield _line([column.name for column in COLUMNS])
    for document in documents:
        yield _line([_safe(column.value(document)) for column in COLUMNS])


def _line(cells: Iterable[Cell]) -> str:
    buffer = io.StringIO()
    csv.writer(buffer).writerow(cells)
    return buffer.getvalue()


def _safe(cell: Cell) -> Cell:
    if isinstance(cell, bool):
        return str(cell).lower()
    if isinstance(cell, str) and cell.lstrip().startswith(_FORMULA_STARTS):
        return f"'{cell}"
    return cell


def _path(path: str) -> str:
    return f"./{path}" if path.lstrip().startswith(_FORMULA_STARTS) else path


def _length(found: tuple[object, ...] | None) -> int | None:
    return None if found is None else len(found)


def _counted(document: Document, counter: str) -> int | None:
    counts = document.source.counts
    return None if counts is None else dict(counts)[counter]


def _joined(texts: Iterable[str] | None) -> str | None:
    return None if texts is None else _SEPARATOR.join(dict.fromkeys(texts))


def _first_captions(document: Document) -> list[str] | None:
    if any(shot.captions is None for shot in document.shots):
        return None
    return [shot.captions[0].text for shot in document.shots if shot.captions]


def _labels(document: Document) -> list[str] | None:
    if any(shot.objects is None for shot in document.shots):
        return None
    return [found.label for shot in document.shots for found in shot.objects or ()]


def _overlays(document: Document) -> list[str] | None:
    return None if document.text_overlays is None else [overlay.text for overlay in document.text_overlays]
