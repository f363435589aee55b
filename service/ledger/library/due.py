"""Notes that a document may have changed: written with the change of its job, whatever that is."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from service.ledger.library.tables import index_due

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from service.ledger.values import Job


def note_due(connection: Connection, changed: Iterable[Job]) -> None:
    """Have the documents of these jobs looked at; whether they are others now is for whoever looks to see."""
    values = [
        {"output_root": job.output_root, "document": job.document}
        for job in changed
        if job.document is not None and job.output_root is not None
    ]
    if values:
        connection.execute(index_due.insert(), values)
