"""`reelwatch process`: describe videos now, without the service."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from service.cli import common

if TYPE_CHECKING:
    from service.bookkeeping import Emit
    from service.configuration import Configuration
    from service.ledger.values import WorkPause
    from service.logs import Emitter
    from service.processing import Processed

_NOTHING_LOGGED = "critical"


@click.command()
@click.argument("paths", metavar="PATH…", nargs=-1, required=True, type=common.PATH)
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

    Prints the path of each document on stdout, one a line. A video that gets none is named on stderr with the reason;
    what a folder holds besides videos is counted there. A file that is named is taken whatever its name.
    Exits 0 when every video has a document, 1 when one has none. A disk that is full is waited for, 30 s at most.

    \b
    Examples:
      reelwatch process clip.mp4
      reelwatch process ~/Videos/reels --output ~/Videos/described
      reelwatch process --force clip.mp4 | xargs -d '\\n' jq .transcript.text
    """  # noqa: D301 - click's mark is a real backspace
    loaded = settings.load()
    common.make_folder(loaded.configuration.state.dir, setting="state.dir", flag="--state", mode=0o700)
    from service.cli.progress import progress  # noqa: PLC0415 - keeps --help fast
    from service.processing import process as process_videos  # noqa: PLC0415 - as above

    # abspath, not resolve(): a link's own name is the one its user knows.
    absolute = [Path(os.path.abspath(path.expanduser())) for path in paths]  # noqa: PTH100
    common.take_share(loaded.configuration)  # before the first thread
    emit = common.start_log(loaded.configuration, level=None if verbose else _NOTHING_LOGGED)
    try:
        told = emit if verbose else _without_pauses(emit)
        with progress(quiet=verbose) as report:
            done = process_videos(
                loaded.configuration, absolute, force=force, emit=told, progress=report, on_pause=_tell_pause
            )
    finally:
        emit.close()
    _tell_passed_over(absolute, loaded.configuration)
    context.exit(_tell(done, strict=strict))


def _without_pauses(emit: Emitter) -> Emit:
    """Return what logs all but that work is paused, which is said in other words."""

    def without_pauses(event: str, /, **fields: Any) -> None:
        if event != "work.paused":
            emit(event, **fields)

    return without_pauses


def _tell_pause(pause: WorkPause) -> None:
    from service.disk import free_mib, remedy  # noqa: PLC0415 - keeps --help fast
    from service.processing import PAUSED_AT_MOST_S  # noqa: PLC0415 - as above

    free = free_mib(pause.output_root)
    measured = f"{'unknown' if free is None else free} MiB free, bound {pause.low_water_mib} MiB"
    common.warn(
        f"work is paused: {pause.reason}: {common.printable(pause.output_root)} ({measured}): {remedy(pause)}; "
        f"waiting {PAUSED_AT_MOST_S:g} s at most"
    )


def _tell_passed_over(paths: Sequence[Path], configuration: Configuration) -> None:
    """Name in one line the files in folders that were not taken."""
    from service.cli.passed_over import passed_over  # noqa: PLC0415 - keeps --help fast
    from service.state import output_root  # noqa: PLC0415 - as above

    excluded = (output_root(configuration), os.fsencode(configuration.state.dir))
    line = passed_over([os.fsencode(path) for path in paths], configuration.intake.extensions, excluded=excluded)
    if line is not None:
        common.warn(line)


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
