"""Marks a branch with the conflicts of an update, so that nobody merges them unseen.

A conflict is not always a marker in a file: of a file that one side deleted, one version stays. The
task `check` fails as long as this file is there.
"""

from collections.abc import Mapping

FILE = "TEMPLATE-CONFLICTS.md"


def text(conflicts: Mapping[str, str]) -> str:
    """Return the content of the file: the files with conflicts, and what to do."""
    listed = "".join(f"- `{name}`: {what}\n" for name, what in conflicts.items())
    return (
        "# Conflicts of an update from the template\n\n"
        "Resolve these, run `./bootstrap`, the checks and the tests, and delete this file. Until "
        f"then, the task `check` fails.\n\n{listed}"
    )
