"""The command `reelwatch`: groups the commands and turns errors into messages and exit codes (DESIGN 6)."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

import click

from service import __version__
from service.cli import (
    configuration,
    demo,
    doctor,
    export,
    index,
    installation,
    jobs,
    models,
    process,
    retention,
    run,
    schema,
    search,
    status,
    web,
    webhook,
    why,
)
from service.errors import ReelwatchError

_INTERRUPTED = 130  # 128 + SIGINT, as shells say it


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(version=__version__, prog_name="reelwatch")
def cli() -> None:
    """Drop a video into a folder; a JSON document that describes it appears beside the others.

    \b
    See it work:               reelwatch demo
    Watch a folder:            reelwatch run --inbox ~/Videos/inbox --output ~/Videos/described
    Describe one video now:    reelwatch process clip.mp4
    Look at it in a browser:   reelwatch web
    Where is my video?         reelwatch why ~/Videos/inbox/clip.mp4
    Find what was said:        reelwatch search '"link in bio" before:3s'
    What can run here?         reelwatch doctor
    Fetch better models:       reelwatch models pull --profile cpu
    Run it in the background:  sudo reelwatch service install --inbox DIR --output DIR --now

    \b
    Exit codes: 0 done, 1 some failed, 2 usage, 75 the state is in use by a running service,
    78 the configuration cannot be used.
    """  # noqa: D301 - click's mark is a real backspace


for _command in (
    run.run,
    web.web,
    process.process,
    status.status,
    why.why,
    jobs.retry,
    jobs.reprocess,
    webhook.webhook,
    retention.retention,
    export.export,
    search.search,
    index.index,
    schema.schema,
    doctor.doctor,
    models.models,
    configuration.config,
    installation.service,
    demo.demo,
):
    cli.add_command(_command)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit; an error the user can act on is a message, never a traceback."""
    _open_standard_streams()
    if arguments is None:
        _speak_utf8()
    sys.exit(_run(arguments))


def _open_standard_streams() -> None:
    """Put /dev/null where a standard stream is closed; otherwise the next file opened, the ledger say, would be it."""
    for descriptor, name, mode in ((0, "stdin", "r"), (1, "stdout", "w"), (2, "stderr", "w")):
        try:
            os.fstat(descriptor)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)  # noqa: FBT003 - the lowest free number: this one
            setattr(sys, name, open(descriptor, mode, encoding="utf-8", closefd=False))  # noqa: SIM115 - a number


def _speak_utf8() -> None:
    """Start anew in Python's UTF-8 mode where the locale's encoding is another (PEP 540; the default from 3.15 on).

    In a locale such as POSIX, with the mode switched off, no name beyond ASCII can be handed to the system as text.
    """
    if sys.getfilesystemencoding() != "utf-8":
        os.environ["PYTHONUTF8"] = "1"
        os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606 - ourselves, no shell


def _run(arguments: Sequence[str] | None) -> int:
    try:
        code = cli.main(args=arguments, prog_name="reelwatch", standalone_mode=False)
    except click.ClickException as exc:
        exc.show()
        return exc.exit_code
    except click.Abort:
        return _INTERRUPTED
    except ReelwatchError as exc:
        click.echo(f"reelwatch: {exc}", err=True)
        return exc.exit_code
    return code if isinstance(code, int) else 0


if __name__ == "__main__":
    main()
