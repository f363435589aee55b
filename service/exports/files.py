"""Exports as files, each written whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from actors.document import Document
from actors.fusion.published import Published
from service.errors import ReelwatchError, UsageError
from service.exports.fence import Fence, refuse_strangers
from service.exports.subtitles import srt, txt, vtt
from service.exports.table import csv_lines

_PER_VIDEO: dict[str, tuple[str, Callable[[Document], str]]] = {
    "srt": ("srt", srt),
    "vtt": ("vtt", vtt),
    "vtt-words": ("words.vtt", lambda document: vtt(document, word_timed=True)),
    "txt": ("txt", txt),
}
"""The ending of each form's files, and what they hold."""
FORMATS = ("csv", *_PER_VIDEO)
"""What `export` knows: `csv` is one table of all videos; `vtt-words` is WebVTT with a time before each word."""


NO_FENCE = Fence()
"""For who knows that no inbox is near."""


@dataclass(frozen=True, slots=True)
class Exported:
    """The files that hold now what was asked for, and those left alone because they hold something else."""

    written: tuple[Path, ...]
    kept: tuple[Path, ...] = ()


def export(
    documents: Iterable[Published], format_name: str, out: Path, *, fence: Fence = NO_FENCE, force: bool = False
) -> Exported:
    """Write the documents in one of `FORMATS`.

    csv: `out` is the file, or a directory that gets `reelwatch.csv`; a file that is there is replaced when it is such a
    table. Others: `out` is a directory that mirrors the output, one file per video; a video in which nothing is said
    gets none, and a file that is there with another content, which may be somebody's work, is kept. force: replace what
    is there, but never what `fence` protects.

    Raises `UsageError` for an unknown format and for a target that is refused, `ReelwatchError` when a file cannot be
    written.
    """
    if format_name == "csv":
        path = out / "reelwatch.csv" if os.path.isdir(out) else out  # noqa: PTH112 - Path.is_dir may raise
        fence.refuse(path, what="a table")
        if not force:
            refuse_strangers(path)
        return Exported((_write(path, csv_lines(published.document for published in documents)),))
    if format_name not in _PER_VIDEO:
        raise UsageError(f"{format_name!r} is no export format; choose one of {', '.join(FORMATS)}")
    suffix, spell = _PER_VIDEO[format_name]
    spoken = (published for published in documents if published.document.transcript.text)
    return _export_each(spoken, spell, out, suffix=suffix, fence=fence, force=force)


def _export_each(
    documents: Iterable[Published],
    spell: Callable[[Document], str],
    out: Path,
    *,
    suffix: str,
    fence: Fence,
    force: bool,
) -> Exported:
    fence.refuse(out, what="a folder of exports")
    written, kept = [], []
    for published in documents:
        path = out / os.fsdecode(f"{published.name}.{suffix}".encode())
        fence.refuse(path, what="an export")
        text = spell(published.document)
        there = _content(path)
        if there is not None and there != text.encode() and not force:
            kept.append(path)
        else:
            written.append(path if there == text.encode() else _write(path, [text]))
    return Exported(tuple(written), tuple(kept))


def _content(path: Path) -> bytes | None:
    """Return what a file holds; None where there is none. What cannot be read holds something else than we would."""
    try:
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return b"" if path.is_symlink() else None
    except OSError:
        return b""


def _write(path: Path, lines: Iterable[str]) -> Path:
    """Write a file through a temporary one beside it, as UTF-8 with the line ends given; a link to it stays one."""
    real = Path(os.path.realpath(path))
    temporary = real.with_name(f".reelwatch-export-{os.getpid()}")
    try:
        real.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("w", encoding="utf-8", newline="") as file:
            file.writelines(lines)
        temporary.replace(real)
    except OSError as exc:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
        raise ReelwatchError(f"{path} cannot be written: {exc.strerror}; choose another place with --out") from exc
    return path
