"""Alembic's entry: the connection is handed in, already inside the one transaction that migrates."""

from alembic import context

from service.ledger.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    # Alembic assumes that SQLite cannot roll DDL back; it can, because `dialect` begins every transaction itself.
    transactional_ddl=True,
)
context.run_migrations()
