"""`reelwatch process`: describe videos now, without the service."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from service.cli import common

if TYPE_CHECKING:
    from service.processing import Processed

_NOTHING_LOGGED = "critical"


@click.command()
@click.argument("paths", metavar="PATH…", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--force", is_flag=True, help="Describe anew what has a document already.")
@click.option("--strict", is_flag=True, help="Exit 1 also when a document is partial.")
@click.option("-v", "--verbose", is_flag=True, help="Write the log to stderr instead of showing progress.")
@common.takes_settings(output=True, profile=True)
@click.pass_context
def process(
    context: click.Context,
    *,
    paths: tuple[Path, ...],
    force: bool,
    strict: bool,
    verbose: bool,
    settings: common.Settings,
) -> None:
    """Describe videos, or all videos in folders, now.

    Prints the path of each document on stdout, one a line. A video that gets none is named on stderr with the reason.
    Exits 0 when every video has a document, 1 when one has none.

    \b
    Examples:
      reelwatch process clip.mp4
      reelwatch process ~/Videos/reels --output ~/Videos/described
      reelwatch process --force clip.mp4 | xargs -d '\\n' jq .transcript.text
    """  # noqa: D301 - click's mark is a real backspace
    loaded = settings.load()
    common.make_folder(loaded.configuration.state.dir, setting="state.dir", flag="--state", mode=0o700)
    common.make_folder(loaded.configuration.output.dir, setting="output.dir", flag="--output")
    from service.cli.progress import progress  # noqa: PLC0415 - keeps --help fast
    from service.processing import process as process_videos  # noqa: PLC0415 - as above

    # abspath, not resolve(): a link's own name is the one its user knows.
    absolute = [Path(os.path.abspath(path.expanduser())) for path in paths]  # noqa: PTH100
    emit = common.start_log(loaded.configuration, level=None if verbose else _NOTHING_LOGGED)
    try:
        with progress(quiet=verbose) as report:
            done = process_videos(loaded.configuration, absolute, force=force, emit=emit, progress=report)
    finally:
        emit.close()
    context.exit(_tell(done, strict=strict))


def _tell(done: Sequence[Processed], *, strict: bool) -> int:
    """Print documents and reasons; return the exit code."""
    if not done:
        common.warn("no videos in there: in folders, names decide (see intake.extensions)")
    code = 0
    for processed in done:
        name = common.printable(processed.path)
        if processed.document is None:
            common.warn(f"{name}: no document: {processed.status}: {processed.reason or 'no reason is known'}")
            code = 1
            continue
        common.print_path(processed.document)
        if processed.status == "partial":
            common.warn(f"{name}: the document is partial: {processed.reason or missing_stages(processed.document)}")
            code = code or int(strict)
    return code


def missing_stages(document: Path) -> str:
    """Name the stages that a partial document lacks, each with its reason."""
    from actors.document import parse  # noqa: PLC0415 - keeps --help fast

    try:
        stages = parse(document.read_bytes()).processing.stages
    except (OSError, ValueError):
        return "it cannot be read back to say why"
    lacking = [(name, record) for name, record in stages.items() if record.status.makes_partial]
    return "; ".join(f"{name} {record.status.value} ({record.reason})" for name, record in lacking)
