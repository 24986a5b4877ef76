"""${message[:1].upper() + message[1:]}.

Revision: ${up_revision}, ${"after " + down_revision if down_revision else "the first"}.
"""

import sqlalchemy as sa
from alembic import op
${imports if imports else ""}
revision = "${up_revision}"
down_revision = ${repr(down_revision)}
branch_labels = ${repr(branch_labels)}
depends_on = ${repr(depends_on)}


def upgrade() -> None:
    """Apply the migration."""
    ${upgrades if upgrades else "# Write the operations here."}


def downgrade() -> None:
    """Revert the migration."""
    ${downgrades if downgrades else "# Write their reversal here."}
