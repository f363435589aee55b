"""Who has which document name: allocated once, in the transaction that asks."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import TYPE_CHECKING

from sqlalchemy import Connection, and_, select, update

from service.ledger.names import document_names, folded
from service.ledger.states import State
from service.ledger.tables import document_names as names
from service.ledger.tables import jobs

if TYPE_CHECKING:
    from service.intake.ports import Location


def allocate_name(
    connection: Connection,
    *,
    output_root: bytes,
    location: Location,
    sha256: str,
    is_foreign: Callable[[str], bool] = lambda _: False,
) -> str:
    """Return the name of the document of the file at `location`; the same location always gets the same name.

    is_foreign: as in `Contents.allocate_name`.
    """
    root, path = location
    mine = names.c.output_root == output_root
    held = connection.execute(select(names.c.name).where(mine, names.c.root == root, names.c.path == path)).scalar()
    if held is not None and not is_foreign(held):
        return str(held)
    if held is not None:
        connection.execute(update(names).where(mine, names.c.name == held).values(root=None, path=None))
    return next(
        name
        for name in document_names(path, sha256)
        if not is_foreign(name) and reserve_name(connection, output_root=output_root, name=name, location=location)
    )


def reserve_name(connection: Connection, *, output_root: bytes, name: str, location: Location | None) -> bool:
    """Note that a document lies under `name`, for `location` where that is known; say whether the name was free."""
    taken = select(names.c.name).where(names.c.output_root == output_root, names.c.folded == folded(name))
    if connection.execute(taken).first() is not None:
        return False
    root, path = location or (None, None)
    row = {"output_root": output_root, "folded": folded(name), "name": name, "root": root, "path": path}
    connection.execute(names.insert(), row)
    return True


def names_of_jobs(connection: Connection, output_root: bytes, states: Collection[State]) -> list[str]:
    """Return the names that locations have in an output at which a job is in one of the states."""
    here = (jobs.c.root == names.c.root, jobs.c.path == names.c.path)
    found = select(names.c.name).distinct().select_from(jobs).join(names, and_(*here))
    of_these = found.where(names.c.output_root == output_root, jobs.c.state.in_(list(states)))
    return list(connection.execute(of_these).scalars())


def relocate_name(connection: Connection, source: Location, target: Location) -> None:
    """Let a name follow its file; a name that `target` had stays taken, without a location."""
    here = (names.c.root == source[0], names.c.path == source[1])
    there = (names.c.root == target[0], names.c.path == target[1])
    outputs = connection.execute(select(names.c.output_root).where(*here)).scalars().all()
    if outputs:
        of_these = names.c.output_root.in_(outputs)
        connection.execute(update(names).where(*there, of_these).values(root=None, path=None))
        connection.execute(update(names).where(*here).values(root=target[0], path=target[1]))
