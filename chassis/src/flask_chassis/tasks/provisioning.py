"""Creates the role and the database of the service, as the administrator of the server."""

import os
from contextlib import closing

import psycopg2
import psycopg2.extensions
from invoke import Exit
from psycopg2 import sql

from flask_chassis.db import libpq_variables
from flask_chassis.settings import Settings
from flask_chassis.tasks.embedded_postgres import ADMINISTRATOR


def create(wanted: Settings) -> None:
    """Create the role and the database unless they exist, and set the password of the role.

    Raises Exit if the server cannot be reached or rejects the administrator.
    """
    role, name = wanted["database.user"], wanted["database.name"]
    with closing(_administrator(wanted)) as connection, connection.cursor() as cursor:
        # Serializes concurrent runs.
        cursor.execute("SELECT pg_advisory_lock(hashtext('create'))")
        _create_role(cursor, role, wanted["database.password"])
        _create_database(cursor, name, role)


def drop(wanted: Settings) -> None:
    """Drop the database, if it exists, and end all connections to it; the role stays.

    Raises Exit like `create`. Only tasks for developers call this.
    """
    with closing(_administrator(wanted)) as connection, connection.cursor() as cursor:
        name = sql.Identifier(wanted["database.name"])
        cursor.execute(sql.SQL("DROP DATABASE IF EXISTS {name} WITH (FORCE)").format(name=name))


def _administrator(wanted: Settings) -> psycopg2.extensions.connection:
    libpq_variables.ignore(wanted["database.host"])
    try:
        connection = psycopg2.connect(
            host=wanted["database.host"],
            port=wanted["database.port"],
            user=os.environ.get("POSTGRES_USER", ADMINISTRATOR),
            password=os.environ.get("POSTGRES_PASSWORD", ADMINISTRATOR),
            dbname="postgres",
            connect_timeout=wanted["database.connect_timeout_seconds"],
            target_session_attrs="read-write",
        )
    except psycopg2.OperationalError as error:
        reason = " ".join(str(error).split())
        advice = "POSTGRES_USER and POSTGRES_PASSWORD name the server's administrator."
        raise Exit(f"The database server cannot be reached: {reason}. {advice}", 1) from None
    connection.autocommit = True  # CREATE DATABASE runs in no transaction
    return connection


def _create_role(cursor: psycopg2.extensions.cursor, role: str, password: str) -> None:
    cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role])
    statement = sql.SQL("{verb} ROLE {role} LOGIN PASSWORD {password}").format(
        verb=sql.SQL("ALTER" if cursor.fetchone() else "CREATE"),
        role=sql.Identifier(role),
        password=sql.Literal(password),
    )
    cursor.execute(statement)


def _create_database(cursor: psycopg2.extensions.cursor, name: str, owner: str) -> None:
    names = {"name": sql.Identifier(name), "owner": sql.Identifier(owner)}
    cursor.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name])
    if cursor.fetchone() is None:
        # C.UTF-8 supports case mapping in every script and is available on every server.
        statement = "CREATE DATABASE {name} OWNER {owner} TEMPLATE template0 LOCALE 'C.UTF-8'"
        cursor.execute(sql.SQL(statement).format(**names))
    cursor.execute(sql.SQL("REVOKE ALL ON DATABASE {name} FROM PUBLIC").format(**names))
