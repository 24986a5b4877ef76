"""Create the tables of the users and of their logins.

Revision: 0001, the first.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the migration."""
    op.create_table(
        "users",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_key", sa.Text(), nullable=False),
        sa.Column("name_skeleton", sa.Text(), nullable=False),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        instant("created", server_default=sa.func.now()),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_users")),
        sa.UniqueConstraint("name_key", name=op.f("uq_users_name_key")),
        sa.UniqueConstraint("name_skeleton", name=op.f("uq_users_name_skeleton")),
    )
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


def downgrade() -> None:
    """Revert the migration."""
    for table in ("revoked_tokens", "known_places", "failed_logins", "users"):
        op.drop_table(table)


def instant(name: str, **options: object) -> sa.Column[object]:
    """Return a column for a time."""
    return sa.Column(name, sa.DateTime(timezone=True), nullable=False, **options)
