"""`reelwatch demo`: see it work."""

from __future__ import annotations

import shlex
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

_TOLD: dict[str, Callable[[dict[str, Any]], str]] = {
    "service.ready": lambda _: "the service watches its inbox",
    "demo.dropped": lambda e: f"dropped the sample clip: {e['path']}",
    "file.seen": lambda _: "the service has seen the file",
    "file.waiting": lambda e: f"waiting: {e.get('detail') or e.get('reason')}",
    "file.settled": lambda _: "the file is complete",
    "job.claimed": lambda _: "work begins",
    "actor.starting": lambda e: f"starting: {e['actor']}",
    "actor.ready": lambda e: f"loaded: {e['actor']} ({e['seconds']:.1f} s)",
    "stage.done": lambda e: f"{e['stage']}: {e['status']} ({e['seconds']:.2f} s){_because(e)}",
    "stage.failed": lambda e: f"{e['stage']}: {e['status']}{_because(e)}",
    "job.retry": lambda e: f"tried again in {e.get('retry_in_s', 0):g} s{_because(e)}",
    "job.done": lambda e: f"the document is on disk: {e['status']}",
}
"""What of the service's log the demo tells, and how."""


def _because(event: dict[str, Any]) -> str:
    return f": {event['reason']}" if event.get("reason") else ""


@click.command(short_help="See it work, on a sample clip.")
@click.option(
    "--keep",
    metavar="DIR",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where the demo's inbox, output and state go. Default: a new temporary folder, which stays too.",
)
def demo(keep: Path | None) -> None:
    """Start the real service on folders of its own, drop a sample clip into it, and show the document.

    Downloads nothing and needs no account. Takes about a minute on two cores; the folders stay for you to look at.
    """
    from service.demo.running import Folders, describe_sample  # noqa: PLC0415 - keeps --help fast

    home = keep.expanduser().absolute() if keep else Path(tempfile.mkdtemp(prefix="reelwatch-demo-"))
    click.echo(f"Starting the service; everything it does stays in {home}")
    began_s = time.monotonic()

    def tell(event: dict[str, Any]) -> None:
        if event.get("event") in _TOLD:
            click.echo(f"{time.monotonic() - began_s:6.1f} s  {_TOLD[event['event']](event)}")

    document = describe_sample(Folders(home), tell)
    click.echo("")
    _show(document)
    click.echo(f"\nDocument   {document}")
    click.echo(f"Keyframes  {document.with_suffix('') / 'frames'}")
    click.echo(f"\nYour own folder: {_program()} run --inbox DIR --output DIR")
    click.echo(f"Your own video:  {_program()} process VIDEO")


def _show(document: Path) -> None:
    from rich.console import Console  # noqa: PLC0415 - keeps --help fast

    from actors.document import parse  # noqa: PLC0415 - as above
    from service.demo.summary import show  # noqa: PLC0415 - as above

    # Piped output has no width of its own; 120 columns hold the table of shots.
    width = None if sys.stdout.isatty() else 120
    show(parse(document.read_bytes()), Console(width=width))


def _program() -> str:
    """Return the command as it was typed, so that the next one can be copied."""
    return shlex.quote(sys.argv[0]) if Path(sys.argv[0]).name == "reelwatch" else "reelwatch"
