"""The ledger as a whole: opening it, attaching to it, reading it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from functools import partial

from service.clock import Clock, SystemClock
from service.ledger import schema
from service.ledger.announcements import AnnouncementSide
from service.ledger.archive import ArchiveSide
from service.ledger.commands import CommandSide
from service.ledger.engine import Database, Patience
from service.ledger.errors import LedgerCorrupt, missing
from service.ledger.intake import IntakeSide
from service.ledger.jobs import DriverSide
from service.ledger.library.library import Library
from service.ledger.live import LiveSide
from service.ledger.place import Place, ServerPlace
from service.ledger.queries import QuerySide
from service.ledger.requests import RequestSide
from service.ledger.retention import RetentionSide
from service.ledger.service import ServiceSide
from service.ledger.values import Opening
from service.ledger.worker import this_process


@dataclass(frozen=True)
class Ledger(
    DriverSide,
    CommandSide,
    QuerySide,
    ServiceSide,
    ArchiveSide,
    AnnouncementSide,
    RetentionSide,
    RequestSide,
    LiveSide,
):
    """The only truth about work: what the driver, housekeeping, commands and people use. Intake uses `intake`.

    Any thread may call; writers take turns. opening: what had to be done to open it.
    """

    opening: Opening = field(default_factory=Opening)

    @property
    def intake(self) -> IntakeSide:
        """The side towards intake (`service.intake.ports.IntakeLedger`)."""
        return IntakeSide(self.database, self.clock, self.output_root, self.worker, self.announces)

    @property
    def library(self) -> Library:
        """The side towards whoever lists, searches and indexes documents."""
        return Library(self.database, self.clock, self.output_root)

    def close(self) -> None:
        """Close the ledger; every commit is on disk already."""
        self.database.close()


def open_ledger(
    place: Place,
    *,
    output_root: bytes | None = None,
    clock: Clock | None = None,
    patience: Patience | None = None,
    announces: Collection[str] = (),
    damage: str | None = None,
) -> Ledger:
    """Open, and where need be make, migrate or rebuild, the ledger at `place`.

    Only for the holder of the state lock: a damaged file is put aside, and an empty ledger takes its place
    (`opening.rebuilt_from`); then call `adopt` with the documents that lie in the output, and let intake scan.
    announces: the states of jobs of which a webhook is to be told, by value.
    damage: what this process has met in it before; then it is put aside without a further look, which may find nothing.
    Raises `LedgerVersion` for the ledger of a later version, `LedgerBusy`, `LedgerUnavailable`, `LedgerRefused`;
    `LedgerCorrupt` where it is not ours to put aside, `StateLocked` where a service of another host works on it.
    """
    clock = clock or SystemClock()
    make = partial(Database, place, exclusive=True, clock=clock, patience=patience)
    database, rebuilt_from = make(), None
    if damage is not None and database.there():
        rebuilt_from, database = database.dialect.put_aside(now=clock.wall(), damage=damage), make()
    try:
        before = _brought_up(database)
    except LedgerCorrupt as exc:
        damage = str(exc)
        rebuilt_from, database = database.dialect.put_aside(now=clock.wall(), damage=damage), make()
        before = _brought_up(database)
    created = before is None and rebuilt_from is None
    migrated_from = None if before == schema.REVISION else before
    opening = Opening(created=created, migrated_from=migrated_from, rebuilt_from=rebuilt_from, damage=damage)
    return Ledger(database, clock, output_root, this_process(), frozenset(announces), opening)


def attach_ledger(
    place: Place, *, output_root: bytes | None = None, clock: Clock | None = None, patience: Patience | None = None
) -> Ledger:
    """Open an existing ledger to change it beside a running service (`retry`, `reprocess`); nothing is repaired.

    Raises `LedgerMissing`, `LedgerVersion`, `LedgerCorrupt`, `LedgerBusy`, `LedgerUnavailable`, `LedgerRefused`, and
    `ConfigError` when it may not be read.
    """
    return _existing(place, output_root=output_root, clock=clock, patience=patience)


def read_ledger(place: Place, *, output_root: bytes | None = None, clock: Clock | None = None) -> Ledger:
    """Open an existing ledger to be read (`status`, `why`), also while a service runs; writing to it fails.

    Raises `LedgerMissing`, `LedgerVersion`, `LedgerCorrupt`, `LedgerUnavailable`, `LedgerRefused`, and `ConfigError`
    when it may not be read.
    """
    return _existing(place, read_only=True, output_root=output_root, clock=clock, patience=None)


def scribble_ledger(place: Place, *, clock: Clock | None = None) -> Ledger:
    """Open an existing ledger for notes that are expendable: it waits for no lock and no disk.

    Writing raises `LedgerBusy` at once while anybody else writes. Raises what `attach_ledger` does.
    """
    return _existing(place, durable=False, clock=clock, patience=Patience(busy_timeout_s=0.0, tries=1))


def require_usable(place: Place) -> None:
    """Raise what a start would raise of the way to a ledger on a server; a file is not looked at, nothing is made."""
    if isinstance(place, ServerPlace):
        database = Database(place, read_only=True)
        try:
            database.there()
        finally:
            database.close()


def _existing(
    place: Place,
    *,
    read_only: bool = False,
    durable: bool = True,
    output_root: bytes | None = None,
    clock: Clock | None,
    patience: Patience | None,
) -> Ledger:
    clock = clock or SystemClock()
    database = Database(place, read_only=read_only, durable=durable, clock=clock, patience=patience)
    try:
        if not database.there():
            raise missing(place)  # noqa: TRY301 - closed below, as after any other error
        with database.read() as connection:
            schema.require_current(connection, place)
    except BaseException:
        database.close()
        raise
    return Ledger(database, clock, output_root, this_process())


def _brought_up(database: Database) -> str | None:
    """Make or migrate the ledger's schema; return the one it had, None when there was none."""
    database.dialect.prepare()
    try:
        with database.write() as connection:
            database.dialect.require_whole(connection)
            return schema.migrate(connection, database.place)
    except BaseException:
        database.close()
        raise
