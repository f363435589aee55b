"""The table of videos: one row per document."""

from __future__ import annotations

from collections.abc import Callable

from actors.document import Document
from actors.fusion.published import Published
from service.exports import opening
from service.exports.columns import Cell, Column, Type, day, each_once, moment


def _column(
    name: str, type_: Type, description: str, value: Callable[[Document], Cell], unit: str | None = None
) -> Column[Published]:
    return Column(name, type_, description, lambda published: value(published.document), unit)


def _length(found: tuple[object, ...] | None) -> int | None:
    return None if found is None else len(found)


def _counted(counter: str, description: str) -> Column[Published]:
    def value(document: Document) -> int | None:
        counts = document.source.counts
        return None if counts is None else dict(counts)[counter]

    return _column(counter, Type.INTEGER, f"{description}, as the sidecar tells", value, "count")


def _first_captions(document: Document) -> tuple[str, ...] | None:
    if any(shot.captions is None for shot in document.shots):
        return None
    return each_once(shot.captions[0].text for shot in document.shots if shot.captions)


def _labels(document: Document) -> tuple[str, ...] | None:
    if any(shot.objects is None for shot in document.shots):
        return None
    return each_once(found.label for shot in document.shots for found in shot.objects or ())


def _overlays(document: Document) -> tuple[str, ...] | None:
    return None if document.text_overlays is None else each_once(overlay.text for overlay in document.text_overlays)


VIDEO_ID = _column("video_id", Type.TEXT, "first 16 digits of the file's SHA-256", lambda d: d.video_id)
FILENAME = _column("filename", Type.TEXT, "name of the video file", lambda d: d.filename)

COLUMNS: tuple[Column[Published], ...] = (
    VIDEO_ID,
    FILENAME,
    _column("relative_path", Type.PATH, "path below the watched folder", lambda d: d.source.relative_path),
    _column("status", Type.TEXT, "`complete`, or `partial` when a stage is missing", lambda d: d.status),
    _column("duration_s", Type.NUMBER, "duration of what was decoded", lambda d: d.duration_s, "s"),
    _column("width", Type.INTEGER, "width as displayed", lambda d: d.media.width, "pixel"),
    _column("height", Type.INTEGER, "height as displayed", lambda d: d.media.height, "pixel"),
    _column("frame_rate", Type.NUMBER, "mean frames per second", lambda d: d.media.frame_rate, "1/s"),
    _column("size_bytes", Type.INTEGER, "size of the file", lambda d: d.source.size_bytes, "byte"),
    _column("has_audio", Type.BOOLEAN, "whether there is a sound track", lambda d: d.media.has_audio),
    _column("language", Type.TEXT, "code of the spoken language", lambda d: d.language),
    _column("transcript", Type.TEXT, "what is said; empty when nothing was understood", lambda d: d.transcript.text),
    _column(
        "transcript_quality", Type.TEXT, "`draft` (not to be quoted) or `standard`", lambda d: d.transcript.quality
    ),
    _column("word_count", Type.INTEGER, "words recognised", lambda d: _length(d.transcript.words), "count"),
    _column("speaker_count", Type.INTEGER, "voices told apart", lambda d: _length(d.speakers), "count"),
    _column("shot_count", Type.INTEGER, "shots; 0 without video", lambda d: len(d.shots), "count"),
    _column("captions", Type.TEXTS, "first caption of each shot, each once", _first_captions),
    _column("on_screen_text", Type.TEXTS, "texts seen over time, each once", _overlays),
    _column("objects", Type.TEXTS, "labels found, each once", _labels),
    _column("loudness_lufs", Type.NUMBER, "integrated loudness (EBU R128)", lambda d: d.audio.loudness_lufs, "LUFS"),
    _column(
        "speech_ratio", Type.NUMBER, "share of the duration with speech", lambda d: d.audio.speech_ratio, "fraction"
    ),
    _column("music_ratio", Type.NUMBER, "share of the duration with music", lambda d: d.audio.music_ratio, "fraction"),
    _column("tempo_bpm", Type.NUMBER, "beats a minute", lambda d: d.audio.tempo_bpm, "1/min"),
    _column("caption", Type.TEXT, "the author's words beside the video", lambda d: d.source.caption),
    _column("hashtags", Type.TEXTS, "without #, each once", lambda d: each_once(d.source.hashtags)),
    _column("author", Type.TEXT, "the author's name on the platform", lambda d: d.source.author),
    _column(
        "posted_at",
        Type.TIME,
        "when it was published; unknown where only the day is told",
        lambda d: moment(d.source.posted_at),
    ),
    _column("platform_id", Type.TEXT, "the platform's id of the video", lambda d: d.source.platform_id),
    _counted("views", "times played"),
    _counted("likes", "times liked"),
    _counted("comments", "comments under the video"),
    _counted("shares", "times shared"),
    _counted("saves", "times saved"),
    _column("sha256", Type.TEXT, "SHA-256 of the file", lambda d: d.source.sha256),
    _column("profile", Type.TEXT, "the profile that chose the models", lambda d: d.processing.profile),
    _column("version", Type.TEXT, "version of Reelwatch", lambda d: d.processing.version),
    _column("created_at", Type.TIME, "when the document was written", lambda d: moment(d.processing.created_at)),
    _column(
        "warnings",
        Type.TEXTS,
        "codes of warnings, each once",
        lambda d: each_once(w.code for w in d.processing.warnings),
    ),
    _column("posted_on", Type.DATE, "the day (UTC) it was published", lambda d: day(d.source.posted_at)),
    _column(
        "language_confidence", Type.NUMBER, "as the recogniser gave it", lambda d: d.language_confidence, "fraction"
    ),
    _column("opening_transcript", Type.TEXT, f"what is said in the first {opening.OPENING_S:g} seconds", opening.said),
    _column(
        "opening_on_screen_text",
        Type.TEXTS,
        f"texts that appear in the first {opening.OPENING_S:g} seconds, each once",
        lambda d: each_once(opening.shown(d)),
    ),
    Column("document", Type.PATH, "path of the document below the output folder", lambda p: f"{p.name}.json"),
)
"""The columns, in order; new ones come last, so that a sheet built on an earlier version still fits."""


def rows(published: Published) -> tuple[Published]:
    """Return the one row of a document."""
    return (published,)
