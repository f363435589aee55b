"""The ledger's tables as they are now; `migrations/versions` holds how they came about, a test compares the two."""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    true,
)

from service.ledger.columns import NameList, PathList, StateName, Unsigned64
from service.ledger.states import SETTLING, State

metadata = MetaData()

jobs = Table(
    "jobs",
    metadata,
    Column("job_id", Integer, primary_key=True),
    Column("root", LargeBinary, nullable=False),
    Column("path", LargeBinary, nullable=False),
    Column("state", StateName, nullable=False),
    Column("reason", Text),
    Column("detail", Text),
    Column("device", Unsigned64),
    Column("inode", Unsigned64),
    Column("size", BigInteger),
    Column("mtime_ns", BigInteger),
    Column("head_tail", String(64)),
    Column("truncated", Boolean, nullable=False),
    Column("source_missing", Boolean, nullable=False),
    Column("sha256", String(64)),
    Column("is_primary", Boolean, nullable=False),
    Column("output_root", LargeBinary),
    Column("document", Text),
    Column("settings_key", String(64)),
    Column("duplicate_of", Integer, ForeignKey("jobs.job_id")),
    Column("attempts", Integer, nullable=False),
    Column("deaths", Integer, nullable=False),
    Column("crashes", Integer, nullable=False),
    Column("run", Integer, nullable=False),
    Column("solo", Boolean, nullable=False),
    Column("stage_request", NameList),
    Column("fusion_due", Boolean, nullable=False),
    Column("not_before", Double),
    Column("created_at", Double, nullable=False),
    Column("queued_at", Double),
    Column("claimed_at", Double),
    Column("identified_at", Double),
    Column("changed_at", Double, nullable=False),
    Column("updated_at", Double, nullable=False),
    Column("worker", Text),
    Column("described_at", Double),
    Column("purged", NameList, nullable=False, server_default="[]"),
    Column("chore", NameList),
)
"""One row per generation of content at one path; the columns are the fields of `values.Job`, in its order."""


def _unique_where(name: str, *columns: Any, where: Any) -> None:
    Index(name, *columns, unique=True, sqlite_where=where, postgresql_where=where)


OWNS_CONTENT = jobs.c.is_primary.is_(true())
"""This job makes, or has made, the one document of its content."""
Index("ix_jobs_location", jobs.c.root, jobs.c.path)
Index("ix_jobs_content", jobs.c.sha256, jobs.c.output_root)
Index("ix_jobs_document", jobs.c.document, jobs.c.output_root)
Index("ix_jobs_queue", jobs.c.state, jobs.c.queued_at, jobs.c.job_id)
# The invariants live here, so that no bug above can break them.
_unique_where("uq_jobs_settling", jobs.c.root, jobs.c.path, where=jobs.c.state.in_(sorted(SETTLING)))
_unique_where("uq_jobs_queued", jobs.c.root, jobs.c.path, where=jobs.c.state == State.QUEUED)
_unique_where("uq_jobs_running", jobs.c.root, jobs.c.path, where=jobs.c.state == State.RUNNING)
_unique_where("uq_jobs_primary", jobs.c.output_root, jobs.c.sha256, where=OWNS_CONTENT)

stage_results = Table(
    "stage_results",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("sha256", String(64), nullable=False),
    Column("stage", String(64), nullable=False),
    Column("backend", String(128), nullable=False),
    Column("revision", Integer, nullable=False),
    Column("status", String(16), nullable=False),
    Column("data", Text),
    Column("reason", Text),
    Column("model", Text, nullable=False),
    Column("device", Text, nullable=False),
    Column("seconds", Double, nullable=False),
    Column("created_at", Double, nullable=False),
    Column("redaction", Text, nullable=False, server_default=""),
)
"""Durable results by key; the columns are the fields of `values.StoredResult`, in its order."""
Index("ix_stage_results_content", stage_results.c.sha256, stage_results.c.stage)

document_names = Table(
    "document_names",
    metadata,
    Column("output_root", LargeBinary, primary_key=True),
    Column("folded", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("root", LargeBinary),
    Column("path", LargeBinary),
    UniqueConstraint("output_root", "root", "path", name="uq_document_names_location"),
)
"""Who has which name; without a location, the name is taken by a document whose source has left it."""

service_start = Table(
    "service_start",
    metadata,
    Column("row", Integer, primary_key=True),
    Column("inboxes", PathList, nullable=False),
    Column("extensions", NameList, nullable=False),
    Column("output_root", LargeBinary, nullable=False),
    Column("profile", Text, nullable=False),
    Column("settings_key", String(64), nullable=False),
    Column("pid", Integer, nullable=False),
    Column("started_at", Double, nullable=False),
    Column("host", Text, nullable=False, server_default=""),
    Column("state_id", Text, nullable=False, server_default=""),
)
"""One row: what the service that runs, or ran last, was started with; its columns are `values.ServiceStart`'s."""

work_pause = Table(
    "work_pause",
    metadata,
    Column("row", Integer, primary_key=True),
    Column("reason", Text, nullable=False),
    Column("output_root", LargeBinary, nullable=False),
    Column("low_water_mib", Integer, nullable=False),
    Column("since", Double, nullable=False),
)
"""One row while work is paused, none while it is not; the columns are the fields of `values.WorkPause`."""

archive = Table(
    "archive",
    metadata,
    Column("job_id", Integer, ForeignKey("jobs.job_id"), primary_key=True),
    Column("source_root", LargeBinary, nullable=False),
    Column("source_path", LargeBinary, nullable=False),
    Column("target_root", LargeBinary, nullable=False),
    Column("target_path", LargeBinary, nullable=False),
    Column("sidecars", PathList, nullable=False),
    Column("state", String(16), nullable=False),
    Column("reason", Text),
    Column("detail", Text),
    Column("at", Double, nullable=False),
    Column("not_before", Double),
)
"""Sources that are moved, were moved or could not be; the columns are the fields of `afterwork_values.Archived`."""
Index("ix_archive_source", archive.c.source_root, archive.c.source_path)

announcements = Table(
    "announcements",
    metadata,
    Column("announcement_id", Integer, primary_key=True),
    Column("message_id", String(64), nullable=False, unique=True),
    Column("subject", String(64), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("at", Double, nullable=False),
    Column("job_id", Integer, nullable=False),
    Column("sha256", String(64)),
    Column("path", LargeBinary, nullable=False),
    Column("output_root", LargeBinary),
    Column("document", Text),
    Column("status", String(16)),
    Column("reason", Text),
    Column("duplicate_of", LargeBinary),
    Column("state", String(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("first_try_at", Double),
    Column("not_before", Double, nullable=False),
    Column("answer", Text),
    Column("ended_at", Double),
)
"""What is to be told to the webhook; the columns are the fields of `afterwork_values.Announcement`."""
Index("ix_announcements_order", announcements.c.state, announcements.c.subject, announcements.c.announcement_id)
