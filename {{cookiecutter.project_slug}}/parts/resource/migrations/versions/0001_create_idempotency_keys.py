"""Create the table of idempotency keys.

Revision: 0001, the first.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TABLE = "idempotency_keys"


def upgrade() -> None:
    """Apply the migration."""
    op.create_table(
        TABLE,
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("status", sa.SmallInteger(), nullable=False),
        sa.Column("headers", postgresql.JSONB(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("expires", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("scope", name=op.f(f"pk_{TABLE}")),
    )
    op.create_index(f"ix_{TABLE}_expires", TABLE, ["expires"])


def downgrade() -> None:
    """Revert the migration."""
    op.drop_table(TABLE)
