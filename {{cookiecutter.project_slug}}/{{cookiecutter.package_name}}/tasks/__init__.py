"""The tasks of the service: what a developer, CI and the containers run.

The template owns this folder. Tasks of the service's own go into `own_tasks.py`, beside `app.py`,
and are listed with these.
"""

import sys

try:
    from .command import NAMESPACE, program
except (ImportError, SyntaxError) as error:
    sys.exit(
        f"The tasks cannot be loaded: {error}.\n"
        "Where a package is missing, ./bootstrap installs it; where code is broken, mend it first. "
        "The template's repository updates services whose code does not run: ./invoke fleet.update."
    )

__all__ = ["NAMESPACE", "program"]
