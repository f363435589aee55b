"""The table of requests; like `tables`, it holds what is, and `migrations/versions` how it came about."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Double, ForeignKey, Index, Integer, LargeBinary, String, Table, Text

from service.ledger.tables import metadata

requests = Table(
    "requests",
    metadata,
    Column("request_id", Integer, primary_key=True),
    Column("kind", String(8), nullable=False),
    Column("asked", LargeBinary, nullable=False),
    Column("state", String(16), nullable=False),
    Column("force", Boolean, nullable=False),
    Column("root", LargeBinary),
    Column("path", LargeBinary),
    Column("job_id", Integer, ForeignKey("jobs.job_id")),
    Column("reason", Text),
    Column("detail", Text),
    Column("bytes_done", BigInteger),
    Column("bytes_total", BigInteger),
    Column("begun", Integer, nullable=False),
    Column("worker", Text),
    Column("created_at", Double, nullable=False),
    Column("updated_at", Double, nullable=False),
    Column("ended_at", Double),
)
"""What was asked for through the web face; the columns are the fields of `request_values.Request`, in its order."""
Index("ix_requests_state", requests.c.state, requests.c.request_id)
