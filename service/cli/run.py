"""`reelwatch run`: the service."""

from __future__ import annotations

import os
import traceback
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import click

from service.cli import common, web
from service.errors import ConfigError, ReelwatchError, UsageError

if TYPE_CHECKING:
    from service.configuration import Configuration

_MISSING = "there is no such folder. Create it (mkdir -p), mount it, or correct the path."


@click.command(short_help="Watch folders: the service.")
@click.option(
    "--inbox",
    "inboxes",
    metavar="DIR",
    multiple=True,
    type=common.FOLDER,
    help="A folder to watch; may be given several times. Replaces the list in the settings.",
)
@click.option("--web", "with_web", is_flag=True, help="Serve the dashboard and the API beside it (`reelwatch web`).")
@common.takes_settings(output=True, profile=True)
@click.pass_context
def run(
    context: click.Context,
    *,
    inboxes: tuple[Path, ...],
    with_web: bool,
    settings: common.Settings,
) -> None:
    """Watch folders and describe every video that comes to lie in them, until stopped.

    Videos that are there already are described too. A video is taken once it is complete, whoever writes it, and is
    never changed or deleted, nor moved unless done.after_done says so. An inbox that is not there, or cannot be read,
    is waited for while another one can be watched. Ctrl-C or SIGTERM stops the service; nothing is lost, and the next
    start goes on. SIGHUP has it read its settings again; the log says which of those that changed need a restart.

    \b
    Examples:
      reelwatch run --inbox ~/Videos/inbox --output ~/Videos/described
      reelwatch run --inbox /mnt/phone --inbox /mnt/nas/reels
      reelwatch run --inbox ~/Videos/inbox --web
    """  # noqa: D301 - click's mark is a real backspace
    loaded = settings.load(inboxes=inboxes)
    if not loaded.configuration.intake.inboxes:
        raise UsageError("no inbox is named. Give one with --inbox DIR, or set intake.inboxes in a settings file.")
    _look_at(loaded.configuration.intake.inboxes, typed=bool(inboxes))
    if with_web:
        web.require_extra()
    common.make_folder(loaded.configuration.state.dir, setting="state.dir", flag="--state", mode=0o700)
    context.exit(_serve(settings, loaded.configuration, inboxes=inboxes, with_web=with_web))


def _serve(
    settings: common.Settings, configuration: Configuration, *, inboxes: tuple[Path, ...], with_web: bool
) -> int:
    from service import daemon  # noqa: PLC0415 - keeps --help fast
    from service.web_process import WebProcess  # noqa: PLC0415 - as above

    share = common.take_share(configuration)  # before the first thread
    emit = common.start_log(configuration)
    common.tell_share(share, emit)
    try:
        with WebProcess(settings.arguments(), emit) if with_web else nullcontext():
            return daemon.run(configuration, emit, reread=lambda: settings.load(inboxes=inboxes).configuration)
    except Exception as exc:
        # The log alone must tell why the service ended; a bug's traceback goes into it too.
        bug = None if isinstance(exc, ReelwatchError) else traceback.format_exc()
        emit("service.failed", cause=f"{type(exc).__name__}: {exc}", traceback=bug)
        raise
    finally:
        emit.close()


def _look_at(inboxes: Sequence[Path], *, typed: bool) -> None:
    """Name the inboxes that cannot be watched now; raises `ConfigError` where none can.

    The service waits for one that is missing. None of those on a command line is there: that is an error of typing. In
    a settings file they may be mounts that come later, so that only what is there and cannot be read is refused.
    """
    problems = {inbox: problem for inbox in inboxes if (problem := _problem(inbox)) is not None}
    hopeless = [inbox for inbox, problem in problems.items() if typed or problem != _MISSING]
    said = [f"{'--inbox' if typed else 'intake.inboxes:'} {inbox}: {problem}" for inbox, problem in problems.items()]
    if len(hopeless) == len(inboxes):
        raise ConfigError("\n".join(said))
    for line in said:
        common.warn(f"{line} It is watched as soon as it can be.")


def _problem(inbox: Path) -> str | None:
    try:
        os.scandir(inbox).close()
    except FileNotFoundError:
        return _MISSING
    except OSError as exc:
        return f"cannot be read: {exc.strerror}. Correct the path, or give this user the right to read it."
    return None
