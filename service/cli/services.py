"""What the commands know of the service that runs, or ran last: what it was started with, and whether it is paused."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from service.cli import ledgers
from service.cli.common import printable

if TYPE_CHECKING:
    from service.configuration import Configuration
    from service.ledger.ledger import Ledger
    from service.ledger.values import ServiceStart


@dataclass(frozen=True, slots=True)
class Watched:
    """Which folders count as watched for a command, and by whose word.

    A running service's own flags come first, then what is configured, then what the last service was started with.
    received: where uploads and downloads land, which is watched too.
    said_by: `the running service`, `the settings` or `the last service`. running: whether one is watching them.
    """

    inboxes: tuple[bytes, ...]
    extensions: tuple[str, ...]
    received: bytes
    never_entered: tuple[bytes, ...]
    said_by: str
    running: bool


def watched(configuration: Configuration, start: ServiceStart | None) -> Watched:
    """Return what is watched; start: what the ledger knows of a service, None where it knows of none."""
    from service.state import output_root, received_root  # noqa: PLC0415 - keeps --help fast

    active = running(configuration, start)
    state, received = os.fsencode(configuration.state.dir), received_root(configuration)
    configured = tuple(os.fsencode(inbox) for inbox in configuration.intake.inboxes)
    if start is not None and (active or not configured):
        said_by = "the running service" if active else "the last service"
        return Watched(start.inboxes, start.extensions, received, (start.output_root, state), said_by, active)
    never = (output_root(configuration), state)
    return Watched(configured, configuration.intake.extensions, received, never, "the settings", active)


def running(configuration: Configuration, start: ServiceStart | None) -> bool:
    """Say whether the service that was started last is still there; `process` holds the state directory too."""
    return start is not None and ledgers.service_pid(configuration) == start.pid


def hint(ledger: Ledger, configuration: Configuration, what: str) -> None:
    """Say who will do what was asked for, where it is no service that runs here. what: as after "will"."""
    from service.state_identity import elsewhere  # noqa: PLC0415 - keeps --help fast

    away = elsewhere(ledger.service_start(), configuration.state.dir)
    if away is not None:
        click.echo(f"{away[0].upper()}{away[1:]}: it will {what}.", err=True)
    elif ledgers.service_pid(configuration) is None:
        click.echo(f"No service is running: `reelwatch run` will {what}.", err=True)


def last_start(configuration: Configuration) -> ServiceStart | None:
    """Return what the last service was started with; None where no ledger tells.

    For commands that can do without: a ledger of another version, or a damaged one, tells nothing. Raises `ConfigError`
    when the ledger may not be read.
    """
    from service.ledger.errors import LedgerError  # noqa: PLC0415 - keeps --help fast

    try:
        with ledgers.reading_if_there(configuration) as ledger:
            return None if ledger is None else ledger.service_start()
    except LedgerError:
        return None


def inboxes_of(configuration: Configuration, start: ServiceStart | None) -> tuple[bytes, ...]:
    """Return every folder that is watched by configuration, or by the service that runs or ran last."""
    from service.state import watched_roots  # noqa: PLC0415 - keeps --help fast

    return tuple(dict.fromkeys((*watched_roots(configuration), *(start.inboxes if start else ()))))


def pause(ledger: Ledger, configuration: Configuration) -> dict[str, Any] | None:
    """Return why no work is begun at present, as plain values; None when nothing keeps it, or nobody works.

    Free space is measured now, so that whoever frees some sees what is still lacking.
    """
    noted = ledger.work_pause()
    if noted is None or ledgers.service_pid(configuration) is None:
        return None
    from service.disk import free_mib, remedy  # noqa: PLC0415 - keeps --help fast

    return {
        "reason": noted.reason,
        "since": noted.since,
        "path": printable(noted.output_root),
        "free_mib": free_mib(noted.output_root),
        "low_water_mib": noted.low_water_mib,
        "remedy": remedy(noted),
    }


def pause_line(pause: dict[str, Any]) -> str:
    """Say in one line why no work is begun, since when, and what would mend it."""
    free = "unknown free space" if pause["free_mib"] is None else f"{pause['free_mib']} MiB free"
    where = f"{pause['path']}, {free}, bound {pause['low_water_mib']} MiB (disk.low_water_mib)"
    return f"paused since {ledgers.clock(pause['since'])}: {pause['reason']}: {where}: {pause['remedy']}"


def within(path: bytes, folders: Sequence[bytes]) -> bytes | None:
    """Return the folder that a path lies in, links of either followed; None when it lies in none of them."""
    real = os.path.realpath(path)
    return next((folder for folder in folders if _holds(os.path.realpath(folder), real)), None)


def _holds(folder: bytes, path: bytes) -> bool:
    return path == folder or path.startswith(folder.rstrip(b"/") + b"/")


def documents_folder(configuration: Configuration, origin: str, start: ServiceStart | None) -> Path:
    """Return where documents are looked for: as configured, or where nothing says so, where the last service wrote."""
    configured = configuration.output.dir
    if origin == "default" and start is not None and not os.path.isdir(configured):  # noqa: PTH112 - never raises
        return Path(os.fsdecode(start.output_root))
    return configured
