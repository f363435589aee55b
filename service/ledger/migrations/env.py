"""Alembic's entry: the connection is handed in, already inside the one transaction that migrates."""

from alembic import context

from service.ledger.library import tables as _library  # noqa: F401 - adds its tables to the metadata
from service.ledger.tables import metadata

# No transaction is begun here: the caller's holds every revision, and DDL is rolled back like anything else.
context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
