"""What the service was started with, and why work is paused."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add two tables of at most one row each."""
    op.create_table(
        "service_start",
        sa.Column("row", sa.Integer, primary_key=True),
        sa.Column("inboxes", sa.Text, nullable=False),
        sa.Column("extensions", sa.Text, nullable=False),
        sa.Column("output_root", sa.LargeBinary, nullable=False),
        sa.Column("profile", sa.Text, nullable=False),
        sa.Column("settings_key", sa.String(64), nullable=False),
        sa.Column("pid", sa.Integer, nullable=False),
        sa.Column("started_at", sa.Double, nullable=False),
    )
    op.create_table(
        "work_pause",
        sa.Column("row", sa.Integer, primary_key=True),
        sa.Column("reason", sa.Text, nullable=False),
        sa.Column("output_root", sa.LargeBinary, nullable=False),
        sa.Column("low_water_mib", sa.Integer, nullable=False),
        sa.Column("since", sa.Double, nullable=False),
    )
