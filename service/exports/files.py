"""Exports as files, each written whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from actors.fusion.published import Published
from service.errors import ReelwatchError, UsageError
from service.exports.fence import Fence, refuse_strangers
from service.exports.formats import FORMATS, TABLE_FORMATS, TEXT_FORMATS, TableFormat, TextFormat
from service.exports.tables import VIDEOS, AnyTable

NO_FENCE = Fence()
"""For who knows that no inbox is near."""


@dataclass(frozen=True, slots=True)
class Exported:
    """The files that hold now what was asked for, and those left alone because they hold something else."""

    written: tuple[Path, ...]
    kept: tuple[Path, ...] = ()


def export(
    documents: Iterable[Published],
    format_name: str,
    out: Path,
    *,
    table: AnyTable = VIDEOS,
    fence: Fence = NO_FENCE,
    force: bool = False,
) -> Exported:
    """Write the documents in one of `FORMATS`.

    csv, parquet: `out` is the file that gets `table`, or a directory, where it gets a name of its own; a file that is
    there is replaced when it is such a table. Others: `out` is a directory that mirrors the output, one file per video;
    a video in which nothing is said gets none, and a file that is there with another content, which may be somebody's
    work, is kept. force: replace what is there, but never what `fence` protects.

    Raises `UsageError` for an unknown format and for a target that is refused, `ReelwatchError` when a file cannot be
    written, or what would write it is not installed.
    """
    if format_name in TABLE_FORMATS:
        form = TABLE_FORMATS[format_name]
        path = out / form.filename(table) if os.path.isdir(out) else out  # noqa: PTH112 - Path.is_dir may raise
        return Exported((_export_table(documents, table, form, path, fence=fence, force=force),))
    if format_name not in TEXT_FORMATS:
        raise UsageError(f"{format_name!r} is no export format; choose one of {', '.join(FORMATS)}")
    spoken = (published for published in documents if published.document.transcript.text)
    return _export_each(spoken, TEXT_FORMATS[format_name], out, fence=fence, force=force)


def _export_table(
    documents: Iterable[Published], table: AnyTable, form: TableFormat, path: Path, *, fence: Fence, force: bool
) -> Path:
    fence.refuse(path, what="a table")
    chunks = form.chunks(table, documents)
    if not force:
        refuse_strangers(path, table, form)
    return _write(path, chunks)


def _export_each(documents: Iterable[Published], form: TextFormat, out: Path, *, fence: Fence, force: bool) -> Exported:
    fence.refuse(out, what="a folder of exports")
    written, kept = [], []
    for published in documents:
        path = out / os.fsdecode(f"{published.name}.{form.ending}".encode())
        fence.refuse(path, what="an export")
        text = form.spell(published.document).encode()
        there = _content(path)
        if there is not None and there != text and not force:
            kept.append(path)
        else:
            written.append(path if there == text else _write(path, [text]))
    return Exported(tuple(written), tuple(kept))


def _content(path: Path) -> bytes | None:
    """Return what a file holds; None where there is none. What cannot be read holds something else than we would."""
    try:
        return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return b"" if path.is_symlink() else None
    except OSError:
        return b""


def _write(path: Path, chunks: Iterable[bytes]) -> Path:
    """Write a file through a temporary one beside it, which never stays; a link to it does."""
    real = Path(os.path.realpath(path))
    temporary = real.with_name(f".reelwatch-export-{os.getpid()}")
    try:
        real.parent.mkdir(parents=True, exist_ok=True)
        with temporary.open("wb") as file:
            file.writelines(chunks)
        temporary.replace(real)
    except OSError as exc:
        raise ReelwatchError(f"{path} cannot be written: {exc.strerror}; choose another place with --out") from exc
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
    return path
