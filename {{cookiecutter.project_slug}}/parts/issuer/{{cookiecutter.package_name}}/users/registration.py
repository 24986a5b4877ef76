"""Creates users."""

from typing import Any

from flask_chassis.issuer import passwords, usernames
from flask_chassis.issuer.passwords import Passwords
from sqlalchemy import Connection

from . import queries


def faults_in(username: str, password: str) -> dict[str, str]:
    """Return a sentence for each error in the name and the password of a new user."""
    faults = {
        "username": usernames.fault_in(username),
        "password": passwords.fault_in(password, username),
    }
    return {field: fault for field, fault in faults.items() if fault}


def values_for(hasher: Passwords, username: str, password: str, scope: str = "") -> dict[str, str]:
    """Return the row of a new user. Hashing is slow: call it before taking a connection."""
    return {
        "name": username,
        "name_key": usernames.key_of(username),
        "name_skeleton": usernames.skeleton_of(username),
        "password_hash": hasher.hash(password),
        "scope": scope,
    }


def create(connection: Connection, values: dict[str, str]) -> dict[str, Any] | None:
    """Store a user and return its public columns, or None if the name is taken.

    A name is also taken if another one looks like it.
    """
    row = connection.execute(queries.NEW, values).one_or_none()
    if row is None:
        return None
    return {"id": row.id, "username": row.name, "scope": row.scope, "creation": row.created}
