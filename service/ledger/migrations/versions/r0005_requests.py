"""What people ask for through the web face: a video by path, by upload or by URL."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table of requests."""
    op.create_table(
        "requests",
        sa.Column("request_id", sa.Integer, primary_key=True),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("asked", sa.LargeBinary, nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("force", sa.Boolean, nullable=False),
        sa.Column("root", sa.LargeBinary),
        sa.Column("path", sa.LargeBinary),
        sa.Column("job_id", sa.Integer, sa.ForeignKey("jobs.job_id")),
        sa.Column("reason", sa.Text),
        sa.Column("detail", sa.Text),
        sa.Column("bytes_done", sa.BigInteger),
        sa.Column("bytes_total", sa.BigInteger),
        sa.Column("begun", sa.Integer, nullable=False),
        sa.Column("worker", sa.Text),
        sa.Column("created_at", sa.Double, nullable=False),
        sa.Column("updated_at", sa.Double, nullable=False),
        sa.Column("ended_at", sa.Double),
    )
    op.create_index("ix_requests_state", "requests", ["state", "request_id"])
