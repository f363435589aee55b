"""`reelwatch export`: documents as subtitles, text or a table."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from service.cli import common
from service.errors import UsageError

if TYPE_CHECKING:
    from actors.fusion.published import Published

_FORMATS = ("csv", "srt", "vtt", "vtt-words", "txt")  # as `service.exports.FORMATS`, which takes 0.2 s to import


@click.command(short_help="Write documents as csv, srt, vtt or txt.")
@click.argument("form", metavar="csv|srt|vtt|vtt-words|txt", type=click.Choice(_FORMATS))
@click.option(
    "-o",
    "--out",
    "target",
    metavar="FILE|DIR",
    type=click.Path(path_type=Path),
    help="csv: the file to write (default: stdout). Others: a folder (default: beside each document).",
)
@common.takes_settings(output=True)
def export(*, form: str, target: Path | None, settings: common.Settings) -> None:
    """Write all documents in another form: one table, or a file per video.

    srt, vtt and txt hold what is said; vtt-words has a time before each word. A video without words gets no file, and
    is named on stderr. Prints the path of each file written.

    \b
    Examples:
      reelwatch export csv -o videos.csv
      reelwatch export srt
      reelwatch export vtt --output ~/described -o ~/site/subtitles
    """  # noqa: D301 - click's mark is a real backspace
    root = settings.load().configuration.output.dir
    if not root.is_dir():
        raise UsageError(f"{root}: there is no such output folder. Name the folder of the documents with --output.")
    if form != "csv" and target is not None and target.exists() and not target.is_dir():
        raise UsageError(f"--out {target}: is a file; {form} makes a file per video. Name a folder.")
    if form == "csv" and target is None:
        _print_table(root)
        return
    from service.exports import export as write  # noqa: PLC0415 - keeps --help fast

    found = _documents(root) if form == "csv" else _with_words(root, form)
    for path in write(found, form, target or root):
        common.print_path(path)


def _documents(root: Path) -> Iterator[Published]:
    from actors.fusion.published import documents  # noqa: PLC0415 - keeps --help fast

    return documents(os.fsencode(root))


def _with_words(root: Path, form: str) -> Iterator[Published]:
    """Yield all documents; name those that will get no file."""
    for published in _documents(root):
        if not published.document.transcript.text:
            common.warn(f"{published.document.filename}: nothing is said in it, so there is no {form}")
        yield published


def _print_table(root: Path) -> None:
    from service.exports import csv_lines  # noqa: PLC0415 - keeps --help fast

    for line in csv_lines(published.document for published in _documents(root)):
        sys.stdout.write(line)
