"""Create the tables of bills.

Revision: 0002, after 0001.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

STATUS = "IN ('draft', 'sent', 'paid')"


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "bills",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("number", sa.String(20), nullable=False),
        sa.Column("customer", sa.Text(), nullable=False),
        sa.Column("due", sa.Date(), nullable=False),
        sa.Column("status", sa.String(40), nullable=False),
        sa.Column("former_status", sa.String(40)),
        sa.Column(
            "written", sa.DateTime(timezone=True), server_default=sa.func.now(), nullable=False
        ),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("replaces", sa.BigInteger()),
        sa.CheckConstraint(f"status {STATUS}", name=op.f("ck_bills_status")),
        sa.CheckConstraint(f"former_status {STATUS}", name=op.f("ck_bills_former_status")),
        sa.ForeignKeyConstraint(
            ["replaces"],
            ["bills.id"],
            name=op.f("fk_bills_replaces_bills"),
            deferrable=True,
            initially="DEFERRED",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bills")),
        sa.UniqueConstraint("number", name=op.f("uq_bills_number")),
    )
    op.create_index(
        "uq_bills_customer_key", "bills", [sa.text("lower(customer)"), "due"], unique=True
    )
    op.create_table(
        "bill_items",
        sa.Column("id", sa.BigInteger(), sa.Identity(), nullable=False),
        sa.Column("bill_id", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("unit_price", sa.Numeric(9, 2), nullable=False),
        sa.Column("quantity", sa.Integer(), nullable=False),
        sa.CheckConstraint("unit_price >= 0", name=op.f("ck_bill_items_price_not_negative")),
        sa.CheckConstraint("quantity > 0", name=op.f("ck_bill_items_some_quantity")),
        sa.ForeignKeyConstraint(
            ["bill_id"], ["bills.id"], name=op.f("fk_bill_items_bill_id_bills")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bill_items")),
        sa.UniqueConstraint("bill_id", "position", name=op.f("uq_bill_items_bill_id_position")),
    )


def downgrade() -> None:
    """Drop the tables."""
    op.drop_table("bill_items")
    op.drop_table("bills")
