"""The table of the service's live note; `tables.metadata` holds it."""

from __future__ import annotations

from sqlalchemy import Column, Double, Index, Integer, Table, Text

from service.ledger.tables import jobs, metadata

live_note = Table(
    "live_note",
    metadata,
    Column("row", Integer, primary_key=True),
    Column("pid", Integer, nullable=False),
    Column("at", Double, nullable=False),
    Column("note", Text, nullable=False),
)
"""One row: what the service said last of what it is doing; the columns are the fields of `live.LiveText`."""
# Who looks on asks for what changed last, again and again.
Index("ix_jobs_changed", jobs.c.state, jobs.c.changed_at, jobs.c.job_id)
Index("ix_jobs_updated", jobs.c.updated_at, jobs.c.job_id)
