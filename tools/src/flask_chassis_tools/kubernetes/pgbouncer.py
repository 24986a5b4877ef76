"""Generates the part of PgBouncer's configuration that follows from the service's settings.

A client waits no longer for PgBouncer than for the database itself, and a connection that PgBouncer
opens leads to a server that the service can use. PgBouncer does not forward `statement_timeout`,
and does not know `target_session_attrs`: `connect_query` does both.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from flask_chassis import settings
from flask_chassis.db.target_server import WRITABLE

FOLDER = Path("infra/kubernetes/components/pgbouncer")
FILE = FOLDER / "settings.ini"

ENVIRONMENT = "production.kubernetes"
"""The environment whose settings count: the component is the same in all stages."""

# PgBouncer logs an error in this, and still uses the connection.
REQUIRE_WRITABLE = (
    "DO $$BEGIN IF current_setting($n$transaction_read_only$n$)::boolean "
    "THEN PERFORM pg_terminate_backend(pg_backend_pid()); END IF; END$$"
)

TEXT = """\
; Written by the task cluster.pgbouncer from the settings of {environment}: change
; those, and run it.
; How long a client waits for a connection to the server.
query_wait_timeout = {connect}
server_connect_timeout = {connect}
server_login_retry = 1
; The server cancels a statement sooner, if it answers at all.
query_timeout = {query}
; Connections to a server that is gone, or silent, leave the pool.
server_check_delay = 1
server_idle_timeout = 60
tcp_user_timeout = {tcp}
tcp_keepidle = 30
tcp_keepintvl = 10
tcp_keepcnt = 3

[databases]
* = host=$DATABASE_HOST port=$DATABASE_PORT connect_query='{connect_query}'
"""

DIFFERS = "does not match the settings: run the task cluster.pgbouncer"


def has_component(folder: Path) -> bool:
    """Return whether a service has the component, from a version that includes the file."""
    config = folder / FOLDER / "pgbouncer.ini"
    return config.is_file() and FILE.name in config.read_text(encoding="utf-8")


def text(declared: Mapping[str, Any]) -> str:
    """Return the text of the file, from the settings."""
    connect = declared["database.connect_timeout_seconds"]
    statement = declared["database.statement_timeout_seconds"]
    queries = [f"SET statement_timeout = {statement * 1000}"]
    if declared["database.target_session_attrs"] in WRITABLE:
        queries.append(REQUIRE_WRITABLE)
    return TEXT.format(
        environment=ENVIRONMENT,
        connect_query="; ".join(queries),
        connect=connect,
        query=statement + 1,
        tcp=(statement + connect) * 1000,
    )


def is_different(folder: Path) -> bool:
    """Return whether the file in a service's folder does not match its settings."""
    path = folder / FILE
    return not path.is_file() or path.read_text(encoding="utf-8") != expected()


def expected() -> str:
    """Return the text of the file, from the settings of the service."""
    return text(settings.declared_in(ENVIRONMENT))
