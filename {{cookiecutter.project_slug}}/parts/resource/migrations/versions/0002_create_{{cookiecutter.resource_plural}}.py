"""Create the table of {{ cookiecutter.resource_plural|replace('_', ' ') }}.

Revision: 0002, after 0001.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TABLE = "{{ cookiecutter.resource_plural }}"


def upgrade() -> None:
    """Apply the migration."""
    op.create_table(
        TABLE,
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("username", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column(
            "timestamp",
            sa.DateTime(timezone=True),
            server_default=sa.func.now(),
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{TABLE}")),
    )
    op.create_index(op.f(f"ix_{TABLE}_username_id"), TABLE, ["username", "id"])
    if has_trigrams():
        op.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
        op.create_index(
            f"ix_{TABLE}_text_trgm",
            TABLE,
            ["text"],
            postgresql_using="gin",
            postgresql_ops={"text": "gin_trgm_ops"},
        )


def downgrade() -> None:
    """Revert the migration; the extension stays, as others may use it."""
    op.drop_table(TABLE)


def has_trigrams() -> bool:
    """Whether the server has the extension for the index of the search, which is slower without."""
    if op.get_context().as_sql:  # offline, for the lint of migrations
        return True
    query = sa.text("SELECT count(*) FROM pg_available_extensions WHERE name = 'pg_trgm'")
    return bool(op.get_bind().scalar(query))
