"""Lists the ports of each kind of service, from the defaults of the questions."""

import re

from cookiecutter.environment import StrictEnvironment

from tasks.folders import TEMPLATE

from . import questions
from .tables import table as table_of

POSTGRES = 5432

PGBOUNCER = TEMPLATE / "parts/backend/infra/kubernetes/components/pgbouncer/pgbouncer.yaml"


def of_kinds() -> dict[str, tuple[int, int]]:
    """Return the port of requests and that of metrics, by kind, as the questions have them."""
    asked = questions.read()
    found = {}
    for kind in asked["kind"]:
        port = _rendered(asked["port"], {"kind": kind})
        found[kind] = int(port), int(_rendered(asked["__metrics_port"], {"port": port}))
    return found


def _rendered(text: str, answers: dict[str, str]) -> str:
    context = {"cookiecutter": {"_extensions": [], **answers}}
    return str(StrictEnvironment(context=context).from_string(text).render(**context))


def pgbouncer() -> int:
    """Return the port of PgBouncer in a cluster."""
    [port] = {*re.findall(r"(?:port|containerPort): (\d+)$", PGBOUNCER.read_text("utf-8"), re.M)}
    return int(port)


def table() -> str:
    """Return the table of all ports."""
    rows = []
    for kind, (requests, metrics) in of_kinds().items():
        rows.append((str(requests), f"requests of the kind `{kind}`: the question `port`"))
        rows.append((str(metrics), "its `/metrics`, and `/health/live` for the liveness probe"))
    rows.append((str(POSTGRES), "PostgreSQL, also the one of `db.serve`"))
    rows.append((str(pgbouncer()), "PgBouncer, with the component `pgbouncer`"))
    return table_of(("port", "what listens there, by default"), rows)
