"""`reelwatch index`: the index that search and library read, made anew from the documents."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

import click

from service.cli import common, services
from service.errors import ConfigError, StateLocked

if TYPE_CHECKING:
    from pathlib import Path

    from service.configuration import Configuration
    from service.ledger.ledger import Ledger
    from service.ledger.values import ServiceStart

_NAMED = 5


@click.command(short_help="Make the index of all documents anew.")
@common.takes_settings(output=True)
@click.pass_context
def index(context: click.Context, *, settings: common.Settings) -> None:
    """Read all documents in the output and make the index anew that `search` and the library read.

    The service keeps the index by itself. This is for documents that it did not write (restored, brought from another
    host) and after some were deleted or changed by hand. It may run beside the service. Exits 1 when a document could
    not be read.

    \b
    Example:
      reelwatch index --output ~/Videos/described
    """  # noqa: D301 - click's mark is a real backspace
    loaded = settings.load()
    start = services.last_start(loaded.configuration)
    root = services.documents_folder(loaded.configuration, loaded.origins["output.dir"], start)
    from service.search.indexer import Indexer  # noqa: PLC0415 - keeps --help fast

    with _opened(loaded.configuration, root, start) as ledger:
        try:
            rebuilt = Indexer(ledger).rebuild(_tell)
        except OSError as exc:
            raise ConfigError(
                f"output.dir = {root}: cannot be read: {exc.strerror}. Name the folder of the documents with --output."
            ) from exc
    dropped = f"; {rebuilt.dropped} that are gone were dropped" if rebuilt.dropped else ""
    click.echo(f"Indexed {rebuilt.documents} documents, {rebuilt.passages} passages{dropped}.")
    if rebuilt.unreadable:
        common.warn(_complaint(rebuilt.unreadable))
    context.exit(1 if rebuilt.unreadable else 0)


def _complaint(unreadable: tuple[str, ...]) -> str:
    named = ", ".join(f"{name}.json" for name in unreadable[:_NAMED]) + (", …" if len(unreadable) > _NAMED else "")
    return f"{len(unreadable)} documents could not be read: {named}. Look at their modes, then run this again."


@contextmanager
def _opened(configuration: Configuration, root: Path, start: ServiceStart | None) -> Iterator[Ledger]:
    """Open the ledger as a start does, which makes it where there is none; beside a service, that one's."""
    from service.ledger.ledger import attach_ledger  # noqa: PLC0415 - keeps --help fast
    from service.ledger.lock import state_lock  # noqa: PLC0415 - as above
    from service.state import ledger_place, require_local_state  # noqa: PLC0415 - as above

    output_root = os.fsencode(root.absolute())
    common.make_folder(configuration.state.dir, setting="state.dir", flag="--state", mode=0o700)
    require_local_state(configuration)
    with ExitStack() as held:
        try:
            held.enter_context(state_lock(configuration.state.dir))
            opened = _started(configuration, output_root, start)
        except StateLocked:
            opened = attach_ledger(ledger_place(configuration), output_root=output_root)
        held.callback(opened.close)
        yield opened


def _started(configuration: Configuration, output_root: bytes, start: ServiceStart | None) -> Ledger:
    """Open the ledger for oneself; one that is new, or was damaged, takes up the documents that are there.

    A start that came later would find a ledger that knows none of them, and describe everything anew.
    """
    from service.ledger.ledger import open_ledger  # noqa: PLC0415 - keeps --help fast
    from service.logs.emitter import discard  # noqa: PLC0415 - as above
    from service.recovery import recover  # noqa: PLC0415 - as above
    from service.state import ledger_place  # noqa: PLC0415 - as above

    opened = open_ledger(ledger_place(configuration), output_root=output_root)
    try:
        inboxes = services.inboxes_of(configuration, start)
        recover(opened, output_root=output_root, inboxes=inboxes, now=opened.clock.wall(), emit=discard)
    except BaseException:
        opened.close()
        raise
    if opened.opening.rebuilt_from is not None:
        common.warn(f"the ledger was damaged; it was put aside as {opened.opening.rebuilt_from} and built anew.")
    return opened


def _tell(done: int) -> None:
    if sys.stderr.isatty():
        click.echo(f"\r{done} documents", nl=False, err=True)
