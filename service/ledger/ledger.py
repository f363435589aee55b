"""The ledger as a whole: opening it, attaching to it, reading it."""

from __future__ import annotations

import errno
import os
import time
from collections.abc import Collection
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from service.clock import Clock, SystemClock
from service.ledger import dialect, schema
from service.ledger.announcements import AnnouncementSide
from service.ledger.archive import ArchiveSide
from service.ledger.commands import CommandSide
from service.ledger.engine import Database, Patience
from service.ledger.errors import LedgerCorrupt, LedgerMissing, unreadable
from service.ledger.intake import IntakeSide
from service.ledger.jobs import DriverSide
from service.ledger.queries import QuerySide
from service.ledger.retention import RetentionSide
from service.ledger.service import ServiceSide
from service.ledger.values import Opening
from service.ledger.worker import this_process


@dataclass(frozen=True)
class Ledger(DriverSide, CommandSide, QuerySide, ServiceSide, ArchiveSide, AnnouncementSide, RetentionSide):
    """The only truth about work: what the driver, housekeeping, commands and people use. Intake uses `intake`.

    Any thread may call; writers take turns. opening: what had to be done to open it.
    """

    opening: Opening = field(default_factory=Opening)

    @property
    def intake(self) -> IntakeSide:
        """The side towards intake (`service.intake.ports.IntakeLedger`)."""
        return IntakeSide(self.database, self.clock, self.output_root, self.worker, self.announces)

    def close(self) -> None:
        """Close the ledger; every commit is on disk already."""
        self.database.close()


def open_ledger(
    path: Path,
    *,
    output_root: bytes | None = None,
    clock: Clock | None = None,
    patience: Patience | None = None,
    announces: Collection[str] = (),
    damage: str | None = None,
) -> Ledger:
    """Open, and where need be make, migrate or rebuild, the ledger in file `path`.

    Only for the holder of the state lock: a damaged file is put aside, and an empty ledger takes its place
    (`opening.rebuilt_from`); then call `adopt` with the documents that lie in the output, and let intake scan.
    announces: the states of jobs of which a webhook is to be told, by value.
    damage: what this process has met in it before; then it is put aside without a further look, which may find nothing.
    Raises `LedgerVersion` for the ledger of a later version, `LedgerBusy`, `LedgerUnavailable`.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    clock = clock or SystemClock()
    created = not path.exists() or not path.stat().st_size
    rebuilt_from = None
    if damage is not None and not created:
        rebuilt_from = _put_aside(path, now=clock.wall())
    try:
        database, before = _open(path, clock=clock, patience=patience)
    except LedgerCorrupt as exc:
        rebuilt_from, damage = _put_aside(path, now=clock.wall()), str(exc)
        database, before = _open(path, clock=clock, patience=patience)
    opening = Opening(created=created, migrated_from=before, rebuilt_from=rebuilt_from, damage=damage)
    return Ledger(database, clock, output_root, this_process(), frozenset(announces), opening)


def attach_ledger(
    path: Path, *, output_root: bytes | None = None, clock: Clock | None = None, patience: Patience | None = None
) -> Ledger:
    """Open an existing ledger to change it beside a running service (`retry`, `reprocess`); nothing is repaired.

    Raises `LedgerMissing`, `LedgerVersion`, `LedgerCorrupt`, `LedgerBusy`, `LedgerUnavailable`, and `ConfigError` when
    it may not be read.
    """
    return _existing(path, read_only=False, output_root=output_root, clock=clock, patience=patience)


def read_ledger(path: Path, *, output_root: bytes | None = None, clock: Clock | None = None) -> Ledger:
    """Open an existing ledger to be read (`status`, `why`), also while a service runs; writing to it fails.

    Raises `LedgerMissing`, `LedgerVersion`, `LedgerCorrupt`, `LedgerUnavailable`, and `ConfigError` when it may not be
    read.
    """
    return _existing(path, read_only=True, output_root=output_root, clock=clock, patience=None)


def is_there(path: Path) -> bool:
    """Say whether there is a ledger; raises `ConfigError` when that, or the ledger, may not be read."""
    try:
        path.stat()
        readable = os.access(path, os.R_OK)
    except (FileNotFoundError, NotADirectoryError):
        return False
    except OSError as exc:
        raise unreadable(path, exc.strerror) from exc
    if not readable:
        raise unreadable(path, os.strerror(errno.EACCES))
    return True


def _existing(
    path: Path, *, read_only: bool, output_root: bytes | None, clock: Clock | None, patience: Patience | None
) -> Ledger:
    if not is_there(path):
        raise LedgerMissing(f"{path}: there is no ledger here yet. `reelwatch run` or `process` makes it.")
    clock = clock or SystemClock()
    database = Database(path, read_only=read_only, clock=clock, patience=patience)
    try:
        with database.read() as connection:
            schema.require_current(connection, path)
    except BaseException:
        database.close()
        raise
    return Ledger(database, clock, output_root, this_process())


def _open(path: Path, *, clock: Clock, patience: Patience | None) -> tuple[Database, str | None]:
    with suppress(OSError):  # which `Database` translates
        # Before SQLite makes it readable for whom the umask lets in; its log takes over the file's mode.
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    database = Database(path, clock=clock, patience=patience)
    try:
        with database.write() as connection:
            dialect.require_whole(connection, path)
            before = schema.migrate(connection, path)
    except BaseException:
        database.close()
        raise
    return database, before


def _put_aside(path: Path, *, now: float) -> Path:
    """Move the damaged database, with its log, to `ledger.corrupt-<UTC time>` beside it; overwrite nothing."""
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(now))
    name, number = f"ledger.corrupt-{stamp}", 1
    while (aside := path.with_name(name)).exists():
        number += 1
        name = f"ledger.corrupt-{stamp}-{number}"
    for source, target in zip(dialect.files_of(path), dialect.files_of(aside), strict=True):
        if source.exists():
            source.rename(target)
    return aside
