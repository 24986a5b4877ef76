"""Writes the migration that drops tables: the one that created them, with its halves swapped."""

import ast
import re

from .migration_files import Migration

HEAD = '''"""Drop the tables {tables}, with all that they contain.

Revision: {revision}, after {after}.
"""
'''

DOCSTRINGS = {
    "upgrade": "Drop the tables and all that they contain.",
    "downgrade": "Create the tables again, without rows.",
}

IGNORED = (
    "# squawk-ignore ban-drop-table: resource.remove has removed the model in the same change."
)


def reverted(source: str, making: Migration, revision: str, after: str, tables: list[str]) -> str:
    """Return the text of a migration whose upgrade is the downgrade of another, and vice versa."""
    tree = ast.parse(source)
    if tree.body and isinstance(tree.body[0], ast.Expr) and ast.get_docstring(tree):
        source = "\n".join(source.splitlines()[tree.body[0].end_lineno :])
    source = re.sub(
        r"^revision(: str)? = .*$", lambda _: f'revision = "{revision}"', source, flags=re.MULTILINE
    )
    source = re.sub(
        r"^down_revision(: [^=]*)? = .*$",
        lambda _: f'down_revision = "{after}"\n{IGNORED}',
        source,
        flags=re.MULTILINE,
    )
    swapped = {"upgrade": "downgrade", "downgrade": "upgrade"}
    source = re.sub(
        r"^def (upgrade|downgrade)\(",
        lambda found: f"def {swapped[found[1]]}(",
        source,
        flags=re.MULTILINE,
    )
    for name, docstring in DOCSTRINGS.items():
        pattern = rf'(def {name}\([^\n]*\n) +""".*?"""'
        source = re.sub(pattern, rf'\1    """{docstring}"""', source, flags=re.DOTALL)
    head = HEAD.format(tables=", ".join(tables), revision=revision, after=after)
    return head + source + "\n"
