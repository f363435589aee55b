"""`reelwatch export`: documents as subtitles, text or a table."""

from __future__ import annotations

import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from service.cli import common, services
from service.errors import ConfigError, ReelwatchError, UsageError

if TYPE_CHECKING:
    from actors.fusion.published import Published
    from service.configuration import Configuration
    from service.exports import Fence
    from service.ledger.values import ServiceStart

# As `service.exports.FORMATS` and `TABLES`, which take 0.2 s to import.
_TABLE_FORMATS = ("csv", "parquet")
_FORMATS = (*_TABLE_FORMATS, "srt", "vtt", "vtt-words", "txt")
_TABLES = ("videos", "shots", "words")


@click.command(short_help="Write documents as csv, parquet, srt, vtt or txt.")
@click.argument("form", metavar="csv|parquet|srt|vtt|vtt-words|txt", type=click.Choice(_FORMATS))
@click.option("--table", type=click.Choice(_TABLES), help="csv, parquet: what a row is. Default: videos.")
@click.option(
    "-o",
    "--out",
    "target",
    metavar="FILE|DIR",
    type=click.Path(path_type=Path),
    help="csv, parquet: the file to write (default: stdout). Others: a folder (default: beside each document).",
)
@click.option("--force", is_flag=True, help="Replace files that are there, whatever they hold.")
@common.takes_settings(output=True)
@click.pass_context
def export(
    context: click.Context,
    *,
    form: str,
    table: str | None,
    target: Path | None,
    force: bool,
    settings: common.Settings,
) -> None:
    """Write all documents in another form: one table, or a file per video.

    csv and parquet hold a table of all videos, of their shots, or of their words. What each column holds is told in the
    Parquet file, and printed by python -m service.exports.page. srt, vtt and txt hold what is said; vtt-words has a
    time before each word, in files named .words.vtt. A video without words gets no file, and is named on stderr. Prints
    the path of each file written.

    A file that is there is replaced when it is such a table of an earlier export; otherwise it may be your own work,
    and is left: named on stderr, exit 1 (2 for a table). --force replaces it. Nothing is ever written into an inbox, or
    over a video or a document.

    In csv, a text that a spreadsheet would run as a formula begins with an apostrophe, and such a path with ./ so that
    it still leads to the file. parquet needs the extra of that name, and holds everything as it is.

    \b
    Examples:
      reelwatch export csv -o videos.csv
      reelwatch export parquet --table words -o words.parquet
      reelwatch export srt
      reelwatch export vtt --output ~/described -o ~/site/subtitles
    """  # noqa: D301 - click's mark is a real backspace
    loaded = settings.load()
    start = services.last_start(loaded.configuration)
    root = services.documents_folder(loaded.configuration, loaded.origins["output.dir"], start)
    _require_readable(root)
    _require_sense(form, table, target)
    if form in _TABLE_FORMATS and target is None:
        _print_table(form, table or _TABLES[0], root)
        return
    fence = _fence(loaded.configuration, start)
    context.exit(_write(form, table or _TABLES[0], root, target or root, fence=fence, force=force))


def _require_sense(form: str, table: str | None, target: Path | None) -> None:
    """Raise `UsageError` for options that do not go together."""
    if form in _TABLE_FORMATS:
        if target is None and form == "parquet" and sys.stdout.isatty():
            raise UsageError(
                "parquet is nothing to read on a terminal. Name a file with --out, or redirect the output."
            )
        return
    if table is not None:
        raise UsageError(f"--table {table}: {form} is no table, but a file per video. Leave --table away.")
    if target is not None and os.path.lexists(target) and not os.path.isdir(target):  # noqa: PTH112 - Path.is_dir may raise
        raise UsageError(f"--out {target}: is a file; {form} makes a file per video. Name a folder.")


def _fence(configuration: Configuration, start: ServiceStart | None) -> Fence:
    from service.exports import Fence  # noqa: PLC0415 - keeps --help fast

    extensions = {*configuration.intake.extensions, *(start.extensions if start else ())}
    return Fence(services.inboxes_of(configuration, start), tuple(sorted(extensions)))


def _write(form: str, table: str, root: Path, target: Path, *, fence: Fence, force: bool) -> int:
    """Write the files, name them and those that are kept; return the exit code."""
    from service.exports import TABLES  # noqa: PLC0415 - keeps --help fast
    from service.exports import export as write  # noqa: PLC0415 - as above

    found = _documents(root) if form in _TABLE_FORMATS else _with_words(root, form)
    exported = write(found, form, target, table=TABLES[table], fence=fence, force=force)
    for path in exported.written:
        common.print_path(path)
    for path in exported.kept:
        common.warn(
            f"{common.printable(path)}: is there with another content and is left as it is; --force replaces it"
        )
    return 1 if exported.kept else 0


def _require_readable(root: Path) -> None:
    try:
        is_folder = stat.S_ISDIR(root.stat().st_mode)
        os.scandir(root).close()
    except (FileNotFoundError, NotADirectoryError):
        is_folder = False
    except OSError as exc:
        raise ConfigError(
            f"output.dir = {root}: may not be read: {exc.strerror}. Give this user the right, or use --output."
        ) from exc
    if not is_folder:
        raise UsageError(f"{root}: there is no such output folder. Name the folder of the documents with --output.")


def _documents(root: Path) -> Iterator[Published]:
    from actors.fusion.published import documents  # noqa: PLC0415 - keeps --help fast

    return documents(os.fsencode(root))


def _with_words(root: Path, form: str) -> Iterator[Published]:
    """Yield all documents; name those that will get no file, with what is known of why."""
    for published in _documents(root):
        if not published.document.transcript.text:
            name = common.printable(published.document.filename)
            common.warn(f"{name}: has no words, so there is no {form}: {_silent_because(published)}")
        yield published


def _silent_because(published: Published) -> str:
    """Say why a document has no words: what the speech stage has to say, for it may have heard speech."""
    record = published.document.processing.stages.get("asr")
    if record is None:
        return "speech was not looked for"
    return common.printable(record.reason) if record.reason else f"asr: {record.status.value}"


def _print_table(form: str, table: str, root: Path) -> None:
    from service.exports import TABLE_FORMATS, TABLES  # noqa: PLC0415 - keeps --help fast

    for chunk in TABLE_FORMATS[form].chunks(TABLES[table], _documents(root)):
        _print(chunk)


def _print(chunk: bytes) -> None:
    """Write to stdout at once, so that what does not fit is noticed here; click ends it for a reader who has left."""
    try:
        sys.stdout.buffer.write(chunk)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        raise
    except OSError as exc:
        # What is still in the buffer would fail once more at the end, as a traceback.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise ReelwatchError(f"stdout cannot be written: {exc.strerror}. What was written is no whole table.") from exc
