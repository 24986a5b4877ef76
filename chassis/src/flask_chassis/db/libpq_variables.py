"""Keeps variables of libpq (`PG*`) away from a PostgreSQL on this machine.

libpq reads them in addition to its arguments. `PGHOSTADDR` and `PGSERVICE` then lead to another
server than the settings say, and `PGSSLMODE=require` or `PGREQUIREAUTH` refuse the one for
development. A server elsewhere may need them.
"""

import os

from flask_chassis.serving.network import THIS_MACHINE

NAMES = (
    *("PGHOSTADDR", "PGSERVICE", "PGSERVICEFILE", "PGPASSFILE", "PGOPTIONS"),
    *("PGSSLMODE", "PGREQUIRESSL", "PGSSLNEGOTIATION", "PGGSSENCMODE", "PGCHANNELBINDING"),
    *("PGREQUIREAUTH", "PGREQUIREPEER", "PGTARGETSESSIONATTRS", "PGCLIENTENCODING"),
)


def ignore(host: str) -> None:
    """Remove the variables from the environment of this process, if the host is this machine."""
    if host in THIS_MACHINE:
        for name in NAMES:
            os.environ.pop(name, None)
