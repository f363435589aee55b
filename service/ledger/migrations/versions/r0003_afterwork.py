"""What is done once a video is described: its source archived, a webhook told, what is old taken away."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the columns and the two tables of the work that follows a document."""
    op.add_column("jobs", sa.Column("described_at", sa.Double))
    op.add_column("jobs", sa.Column("purged", sa.Text, nullable=False, server_default="[]"))
    op.add_column("jobs", sa.Column("chore", sa.Text))
    # The best that is known of documents that are there already: when their jobs ended last.
    op.execute("UPDATE jobs SET described_at = changed_at WHERE document IS NOT NULL")
    op.add_column("stage_results", sa.Column("redaction", sa.Text, nullable=False, server_default=""))
    _archive()
    _announcements()


def _archive() -> None:
    op.create_table(
        "archive",
        sa.Column("job_id", sa.Integer, sa.ForeignKey("jobs.job_id"), primary_key=True),
        sa.Column("source_root", sa.LargeBinary, nullable=False),
        sa.Column("source_path", sa.LargeBinary, nullable=False),
        sa.Column("target_root", sa.LargeBinary, nullable=False),
        sa.Column("target_path", sa.LargeBinary, nullable=False),
        sa.Column("sidecars", sa.Text, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("reason", sa.Text),
        sa.Column("detail", sa.Text),
        sa.Column("at", sa.Double, nullable=False),
        sa.Column("not_before", sa.Double),
    )
    op.create_index("ix_archive_source", "archive", ["source_root", "source_path"])


def _announcements() -> None:
    op.create_table(
        "announcements",
        sa.Column("announcement_id", sa.Integer, primary_key=True),
        sa.Column("message_id", sa.String(64), nullable=False, unique=True),
        sa.Column("subject", sa.String(64), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("at", sa.Double, nullable=False),
        sa.Column("job_id", sa.Integer, nullable=False),
        sa.Column("sha256", sa.String(64)),
        sa.Column("path", sa.LargeBinary, nullable=False),
        sa.Column("output_root", sa.LargeBinary),
        sa.Column("document", sa.Text),
        sa.Column("status", sa.String(16)),
        sa.Column("reason", sa.Text),
        sa.Column("duplicate_of", sa.LargeBinary),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("attempts", sa.Integer, nullable=False),
        sa.Column("first_try_at", sa.Double),
        sa.Column("not_before", sa.Double, nullable=False),
        sa.Column("answer", sa.Text),
        sa.Column("ended_at", sa.Double),
    )
    op.create_index("ix_announcements_order", "announcements", ["state", "subject", "announcement_id"])
