"""Rules of squawk that are looked at, and the safe way to make each change.

Others are left out: Alembic and the chassis take care of transactions and time-outs, and matters of
taste, such as integer or bigint, are the service's.
"""

RULES = {
    "adding-field-with-default": (
        "The default is computed for each row, under a lock. Add the column without it, fill it "
        "in portions, then set the default."
    ),
    "adding-foreign-key-constraint": (
        "All rows are checked while both tables are locked. Use postgresql_not_valid=True, and "
        "ALTER TABLE … VALIDATE CONSTRAINT in a second migration."
    ),
    "adding-not-nullable-field": (
        "All rows are checked under a lock. Add CHECK (… IS NOT NULL) with "
        "postgresql_not_valid=True, validate it in a second migration, then set NOT NULL."
    ),
    "adding-required-field": (
        "This fails if the table has rows, and the running version does not write the column. Add "
        "it nullable or with a server_default, fill it, then set NOT NULL in a later release."
    ),
    "adding-serial-primary-key-field": (
        "The table is rewritten. Add the column and its index first, then the constraint on it."
    ),
    "ban-drop-column": (
        "The running version still uses the column. Remove it from the model in one release, drop "
        "it in the next."
    ),
    "ban-drop-not-null": "The running version may not expect NULL. Release code that does, first.",
    "ban-drop-table": (
        "The running version still uses the table. Remove the model in one release, drop the "
        "table in the next."
    ),
    "ban-truncate-cascade": "This also empties the tables that refer to this one. Name them all.",
    "changing-column-type": (
        "The table is rewritten under a lock. Add a second column, write both, fill it, read the "
        "new one, then drop the old one, each in a release."
    ),
    "constraint-missing-not-valid": (
        "All rows are checked under a lock. Use postgresql_not_valid=True, and ALTER TABLE … "
        "VALIDATE CONSTRAINT in a second migration."
    ),
    "disallowed-unique-constraint": (
        "The index is built under a lock. Create it with postgresql_concurrently=True, then use "
        "ALTER TABLE … ADD CONSTRAINT … UNIQUE USING INDEX …"
    ),
    "renaming-column": (
        "The running version uses the old name. Keep it, and name the attribute: "
        'name = mapped_column("old"). Else add a column, write both, fill it, drop the old one.'
    ),
    "renaming-table": (
        "The running version uses the old name. Keep it as __tablename__, or leave a view with "
        "the old name for a release."
    ),
    "require-concurrent-index-creation": (
        "Nothing can be written meanwhile. Use postgresql_concurrently=True in `with "
        "op.get_context().autocommit_block():`, in a migration of its own."
    ),
    "require-concurrent-index-deletion": (
        "Nothing can be read meanwhile. Use postgresql_concurrently=True in `with "
        "op.get_context().autocommit_block():`, in a migration of its own."
    ),
    "syntax-error": "PostgreSQL may not understand this statement: look at it.",
}
"""What to do instead, by the name of the rule."""

IMPLIED = {
    "constraint-missing-not-valid": {
        "adding-foreign-key-constraint",
        "disallowed-unique-constraint",
    }
}
"""Rules that say nothing new if one of these others is violated in the same line."""
