"""Exports as files, each written whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

from actors.document import Document
from actors.fusion.published import Published
from service.errors import ReelwatchError, UsageError
from service.exports.subtitles import srt, txt, vtt
from service.exports.table import csv_lines

_PER_VIDEO: dict[str, Callable[[Document], str]] = {
    "srt": srt,
    "vtt": vtt,
    "vtt-words": lambda document: vtt(document, word_timed=True),
    "txt": txt,
}
FORMATS = ("csv", *_PER_VIDEO)
"""What `export` knows: `csv` is one table of all videos; `vtt-words` is WebVTT with a time before each word."""


def export(documents: Iterable[Published], format_name: str, out: Path) -> list[Path]:
    """Write the documents in one of `FORMATS`; return the files written.

    csv: `out` is the file, or a directory that gets `reelwatch.csv`. Others: `out` is a directory that mirrors the
    output, one file per video; a video in which nothing is said gets none.

    Raises `UsageError` for an unknown format, `ReelwatchError` when a file cannot be written.
    """
    if format_name == "csv":
        path = out / "reelwatch.csv" if out.is_dir() else out
        return [_write(path, csv_lines(published.document for published in documents))]
    if format_name not in _PER_VIDEO:
        raise UsageError(f"{format_name!r} is no export format; choose one of {', '.join(FORMATS)}")
    suffix = format_name.partition("-")[0]
    written = []
    for published in documents:
        if published.document.transcript.text:
            path = out / os.fsdecode(f"{published.name}.{suffix}".encode())
            written.append(_write(path, [_PER_VIDEO[format_name](published.document)]))
    return written


def _write(path: Path, lines: Iterable[str]) -> Path:
    """Write a file through a temporary one beside it, as UTF-8 with the line ends given."""
    temporary = path.with_name(f".reelwatch-export-{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("w", encoding="utf-8", newline="") as file:
            file.writelines(lines)
        temporary.replace(path)
    except OSError as exc:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise ReelwatchError(f"{path} cannot be written: {exc.strerror}; choose another place with --out") from exc
    return path
