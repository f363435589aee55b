"""Jobs, stage results and document names."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the first schema."""
    _jobs()
    _indices()
    _stage_results()
    _document_names()


def _jobs() -> None:
    op.create_table(
        "jobs",
        sa.Column("job_id", sa.Integer, primary_key=True),
        sa.Column("root", sa.LargeBinary, nullable=False),
        sa.Column("path", sa.LargeBinary, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("reason", sa.Text),
        sa.Column("detail", sa.Text),
        sa.Column("device", sa.BigInteger),
        sa.Column("inode", sa.BigInteger),
        sa.Column("size", sa.BigInteger),
        sa.Column("mtime_ns", sa.BigInteger),
        sa.Column("head_tail", sa.String(64)),
        sa.Column("truncated", sa.Boolean, nullable=False),
        sa.Column("source_missing", sa.Boolean, nullable=False),
        sa.Column("sha256", sa.String(64)),
        sa.Column("is_primary", sa.Boolean, nullable=False),
        sa.Column("output_root", sa.LargeBinary),
        sa.Column("document", sa.Text),
        sa.Column("settings_key", sa.String(64)),
        sa.Column("duplicate_of", sa.Integer, sa.ForeignKey("jobs.job_id")),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("deaths", sa.Integer, nullable=False),
        sa.Column("crashes", sa.Integer, nullable=False),
        sa.Column("run", sa.Integer, nullable=False),
        sa.Column("solo", sa.Boolean, nullable=False),
        sa.Column("stage_request", sa.Text),
        sa.Column("fusion_due", sa.Boolean, nullable=False),
        sa.Column("not_before", sa.Double),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.Column("queued_at", sa.Double),
        sa.Column("claimed_at", sa.Double),
        sa.Column("identified_at", sa.Double),
        sa.Column("changed_at", sa.Double, nullable=False),
        sa.Column("updated_at", sa.Double, nullable=False),
        sa.Column("worker", sa.Text),
    )


def _indices() -> None:
    op.create_index("ix_jobs_location", "jobs", ["root", "path"])
    op.create_index("ix_jobs_content", "jobs", ["sha256", "output_root"])
    op.create_index("ix_jobs_document", "jobs", ["document", "output_root"])
    op.create_index("ix_jobs_queue", "jobs", ["state", "queued_at", "job_id"])
    settling = "state IN ('blocked', 'incomplete', 'waiting')"
    _unique_where("uq_jobs_settling", "root", "path", where=settling)
    _unique_where("uq_jobs_queued", "root", "path", where="state = 'queued'")
    _unique_where("uq_jobs_running", "root", "path", where="state = 'running'")
    _unique_where("uq_jobs_primary", "output_root", "sha256", where="is_primary IS TRUE")


def _unique_where(name: str, *columns: str, where: str) -> None:
    clause = sa.text(where)
    op.create_index(name, "jobs", list(columns), unique=True, sqlite_where=clause, postgresql_where=clause)


def _stage_results() -> None:
    op.create_table(
        "stage_results",
        sa.Column("key", sa.String(64), primary_key=True),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("stage", sa.String(64), nullable=False),
        sa.Column("backend", sa.String(128), nullable=False),
        sa.Column("revision", sa.Integer, nullable=False),
        sa.Column("status", sa.String(16), nullable=False),
        sa.Column("data", sa.Text),
        sa.Column("reason", sa.Text),
        sa.Column("model", sa.Text, nullable=False),
        sa.Column("device", sa.Text, nullable=False),
        sa.Column("seconds", sa.Double, nullable=False),
        sa.Column("created_at", sa.Double, nullable=False),
    )
    op.create_index("ix_stage_results_content", "stage_results", ["sha256", "stage"])


def _document_names() -> None:
    op.create_table(
        "document_names",
        sa.Column("output_root", sa.LargeBinary, primary_key=True),
        sa.Column("folded", sa.Text, primary_key=True),
        sa.Column("name", sa.Text, nullable=False),
        sa.Column("root", sa.LargeBinary),
        sa.Column("path", sa.LargeBinary),
        sa.UniqueConstraint("output_root", "root", "path", name="uq_document_names_location"),
    )
