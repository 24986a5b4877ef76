"""Create all tables.

Revision: 0001, the first.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "invoices",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("username", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        instant("timestamp", server_default=sa.func.now()),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invoices")),
    )
    op.create_index("ix_invoices_username_id", "invoices", ["username", "id"])
    op.create_table(
        "failed_logins",
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("failures", sa.Double(), nullable=False),
        instant("blocked_until"),
        instant("last_failure"),
        sa.PrimaryKeyConstraint("subject", name=op.f("pk_failed_logins")),
    )
    op.create_index("ix_failed_logins_last_failure", "failed_logins", ["last_failure"])
    op.create_table(
        "known_places",
        sa.Column("subject", sa.Text(), nullable=False),
        instant("last_login"),
        sa.PrimaryKeyConstraint("subject", name=op.f("pk_known_places")),
    )
    op.create_index("ix_known_places_last_login", "known_places", ["last_login"])
    op.create_table(
        "revoked_tokens",
        sa.Column("token_id", sa.Text(), nullable=False),
        instant("expires"),
        sa.PrimaryKeyConstraint("token_id", name=op.f("pk_revoked_tokens")),
    )
    op.create_index("ix_revoked_tokens_expires", "revoked_tokens", ["expires"])
    op.create_table(
        "idempotency_keys",
        sa.Column("scope", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("status", sa.SmallInteger(), nullable=False),
        sa.Column("headers", postgresql.JSONB(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        instant("expires"),
        sa.PrimaryKeyConstraint("scope", name=op.f("pk_idempotency_keys")),
    )
    op.create_index("ix_idempotency_keys_expires", "idempotency_keys", ["expires"])


def downgrade() -> None:
    """Drop the tables."""
    op.drop_table("idempotency_keys")
    for table in ("revoked_tokens", "known_places", "failed_logins", "invoices"):
        op.drop_table(table)


def instant(name: str, **options: object) -> sa.Column[object]:
    """Return a column for a time."""
    return sa.Column(name, sa.DateTime(timezone=True), nullable=False, **options)
