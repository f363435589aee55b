"""`reelwatch run`: the service."""

from __future__ import annotations

import traceback
from pathlib import Path

import click

from service.cli import common
from service.errors import ReelwatchError, UsageError


@click.command(short_help="Watch folders: the service.")
@click.option(
    "--inbox",
    "inboxes",
    metavar="DIR",
    multiple=True,
    type=common.FOLDER,
    help="A folder to watch; may be given several times. Replaces the list in the settings.",
)
@common.takes_settings(output=True, profile=True)
@click.pass_context
def run(
    context: click.Context,
    *,
    inboxes: tuple[Path, ...],
    settings: common.Settings,
) -> None:
    """Watch folders and describe every video that comes to lie in them, until stopped.

    Videos that are there already are described too. A video is taken once it is complete, whoever writes it, and is
    never moved, changed or deleted. Ctrl-C or SIGTERM stops the service; nothing is lost, and the next start goes on.

    \b
    Examples:
      reelwatch run --inbox ~/Videos/inbox --output ~/Videos/described
      reelwatch run --inbox /mnt/phone --inbox /mnt/nas/reels
    """  # noqa: D301 - click's mark is a real backspace
    loaded = settings.load(inboxes=inboxes)
    for inbox in inboxes:
        if not inbox.is_dir():
            raise UsageError(f"--inbox {inbox}: there is no such folder. Create it (mkdir -p {inbox}) or correct it.")
    if not loaded.configuration.intake.inboxes:
        raise UsageError("no inbox is named. Give one with --inbox DIR, or set intake.inboxes in a settings file.")
    common.make_folder(loaded.configuration.state.dir, setting="state.dir", flag="--state", mode=0o700)
    from service import daemon  # noqa: PLC0415 - keeps --help fast

    emit = common.start_log(loaded.configuration)
    try:
        code = daemon.run(loaded.configuration, emit)
    except Exception as exc:
        # The log alone must tell why the service ended; a bug's traceback goes into it too.
        bug = None if isinstance(exc, ReelwatchError) else traceback.format_exc()
        emit("service.failed", cause=f"{type(exc).__name__}: {exc}", traceback=bug)
        raise
    finally:
        emit.close()
    context.exit(code)
