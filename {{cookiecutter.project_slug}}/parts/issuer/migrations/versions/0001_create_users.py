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
    """Bring the change in."""
    op.create_table(
        "users",
        sa.Column("id", sa.BigInteger(), sa.Identity(), primary_key=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_key", sa.Text(), nullable=False, unique=True),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("scope", sa.Text(), nullable=False),
        instant("created", server_default=sa.func.now()),
    )
    op.create_table(
        "failed_logins",
        sa.Column("subject", sa.Text(), primary_key=True),
        sa.Column("failures", sa.Double(), nullable=False),
        instant("blocked_until"),
        instant("last_failure", index=True),
    )
    op.create_table(
        "known_places",
        sa.Column("subject", sa.Text(), primary_key=True),
        instant("last_login", index=True),
    )
    op.create_table(
        "revoked_tokens",
        sa.Column("token_id", sa.Text(), primary_key=True),
        instant("expires", index=True),
    )


def downgrade() -> None:
    """Take the change back."""
    for table in ("revoked_tokens", "known_places", "failed_logins", "users"):
        op.drop_table(table)


def instant(name: str, **options: object) -> sa.Column[object]:
    """Return a column for a time."""
    return sa.Column(name, sa.DateTime(timezone=True), nullable=False, **options)
