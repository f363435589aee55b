"""Where the service works: on a server's ledger a web face of another host, or of another state, tells it by this."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add two columns to what is kept of the service's start."""
    op.add_column("service_start", sa.Column("host", sa.Text, nullable=False, server_default=""))
    op.add_column("service_start", sa.Column("state_id", sa.Text, nullable=False, server_default=""))
