"""`reelwatch retry` and `reelwatch reprocess`: asking for work again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from service.cli import common, ledgers, services
from service.errors import UsageError

if TYPE_CHECKING:
    from service.configuration import Configuration
    from service.ledger.values import Job

_PATHS = click.argument("paths", metavar="[PATH]…", nargs=-1, type=common.PATH)


@click.command(short_help="Try again what failed.")
@_PATHS
@click.option("--all", "everything", is_flag=True, help="All videos that failed, were rejected or parked.")
@common.takes_settings()
@click.pass_context
def retry(context: click.Context, *, paths: tuple[Path, ...], everything: bool, settings: common.Settings) -> None:
    """Try videos again that failed, were rejected or parked.

    Results of the stages that succeeded are used again. Exits 1 when no such video was found.

    \b
    Examples:
      reelwatch retry ~/Videos/inbox/clip.mp4
      reelwatch retry --all
    """  # noqa: D301 - click's mark is a real backspace
    configuration = settings.load().configuration
    chosen = ledgers.selector(paths, everything=everything)
    with ledgers.writing(configuration) as ledger:
        again = ledger.retry(chosen)
        code = _tell(again, none="nothing there has failed, was rejected or parked")
        if again:
            services.hint(ledger, configuration, "work on them")
    context.exit(code)


@click.command(short_help="Describe videos anew.")
@_PATHS
@click.option("--all", "everything", is_flag=True, help="All videos that have a document.")
@click.option("--stage", metavar="NAME", help="Only this stage and what depends on it.")
@common.takes_settings(output=True, profile=True)
@click.pass_context
def reprocess(
    context: click.Context,
    *,
    paths: tuple[Path, ...],
    everything: bool,
    stage: str | None,
    settings: common.Settings,
) -> None:
    """Describe videos anew that have a document, for instance after settings have changed.

    The document is replaced when the new one is whole. A deleted document comes back. Exits 1 when no video was found.

    \b
    Examples:
      reelwatch reprocess ~/Videos/inbox/clip.mp4
      reelwatch reprocess --all --stage captions
    """  # noqa: D301 - click's mark is a real backspace
    configuration = settings.load().configuration
    chosen = ledgers.selector(paths, everything=everything)
    stages = None if stage is None else _dependants(stage, configuration)
    with ledgers.writing(configuration) as ledger:
        again = ledger.reprocess(chosen, stages=stages)
        code = _tell(again, none="nothing there has a document")
        if again:
            services.hint(ledger, configuration, "work on them")
    context.exit(code)


def _dependants(stage: str, configuration: Configuration) -> tuple[str, ...]:
    plan = common.plan(configuration)
    if stage not in plan.by_name:
        raise UsageError(f"--stage {stage}: there is no such stage. The stages are {', '.join(plan.by_name)}.")
    return plan.dependants(stage)


def _tell(again: list[Job], *, none: str) -> int:
    if not again:
        common.warn(f"{none}; see `reelwatch status`, or `reelwatch why PATH`.")
        return 1
    for job in again:
        click.echo(f"queued: {common.printable(job.absolute_path)}")
    return 0
