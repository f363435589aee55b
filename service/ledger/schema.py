"""Bringing a ledger's schema to this version's."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Connection, inspect, text

from service.ledger.errors import LedgerMissing, LedgerVersion
from service.ledger.place import Place

REVISION = "0007"
"""The schema this version works with; a test holds it against the newest migration."""
_SCRIPTS = Path(__file__).with_name("migrations")


def revision_of(connection: Connection) -> str | None:
    """Return the schema's revision; None for a database without tables."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    found = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    return None if found is None else str(found)


def migrate(connection: Connection, place: Place) -> str | None:
    """Bring the schema up inside the caller's transaction; return the revision it had, None when there was none.

    Raises `LedgerVersion` for a schema of a later version. Nothing is half done: both databases roll DDL back.
    """
    before = revision_of(connection)
    if before == REVISION:
        return before
    # Imported here: alembic takes 0.4 s to load and is needed once in a ledger's life.
    from alembic import command  # noqa: PLC0415
    from alembic.config import Config  # noqa: PLC0415
    from alembic.script import ScriptDirectory  # noqa: PLC0415

    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    config.attributes["connection"] = connection
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    if before is not None and before not in known:
        raise _other_version(place, before)
    command.upgrade(config, "head")
    return before


def require_current(connection: Connection, place: Place) -> None:
    """Raise `LedgerVersion` unless the schema is this version's, `LedgerMissing` while a first start makes it."""
    found = revision_of(connection)
    if found is None:
        raise LedgerMissing(f"{place}: the ledger is only being made. Try again in a moment.")
    if found != REVISION:
        raise _other_version(place, found)


def _other_version(place: Place, found: str) -> LedgerVersion:
    return LedgerVersion(
        f"{place}: the ledger has schema {found}, this version of reelwatch works with {REVISION}. "
        "Use the version that wrote it, or start `reelwatch run` of the newer one once to bring it up to date."
    )
