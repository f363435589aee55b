"""Who looks on: the service's live note, and indices by which what changed last is found at once."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the table of the note, and two indices to the jobs."""
    op.create_table(
        "live_note",
        sa.Column("row", sa.Integer, primary_key=True),
        sa.Column("pid", sa.Integer, nullable=False),
        sa.Column("at", sa.Double, nullable=False),
        sa.Column("note", sa.Text, nullable=False),
    )
    op.create_index("ix_jobs_changed", "jobs", ["state", "changed_at", "job_id"])
    op.create_index("ix_jobs_updated", "jobs", ["updated_at", "job_id"])
