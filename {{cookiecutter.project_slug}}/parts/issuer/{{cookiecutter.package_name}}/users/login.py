"""Verifies a username and a password."""

from flask import Flask, current_app
from flask_chassis.db import database
from flask_chassis.issuer import usernames
from flask_chassis.issuer.passwords import Passwords
from flask_chassis.issuer.throttle import Charge, Throttle
from flask_chassis.settings import Settings
from sqlalchemy import Row

from . import queries

Found = Row[int, str, str, str]
"""A user: id, name, scope, hash of the password."""


def init_app(app: Flask, settings: Settings) -> None:
    """Set up the verification of passwords."""
    app.extensions["passwords"] = Passwords(settings)
    app.extensions["throttle"] = Throttle(settings)


def log_in(username: str, password: str, client: str) -> Found | None:
    """Return the user, or None if the name or the password is wrong.

    Raises TooManyRequests after too many failures. No connection is held while the password is
    verified, which takes longer than everything else.
    """
    passwords: Passwords = current_app.extensions["passwords"]
    throttle: Throttle = current_app.extensions["throttle"]
    name_key = usernames.key_of(username)
    with database.transaction() as connection:
        charge = throttle.charge(connection, name_key, client)
        user = connection.execute(queries.BY_NAME, {"name_key": name_key}).one_or_none()
    if passwords.verify(password, user.password_hash if user else None) and user:
        _succeeded(user, password, charge)
        return user
    with database.autocommit() as connection:
        throttle.forget(connection)
    return None


def _succeeded(user: Found, password: str, charge: Charge) -> None:
    passwords: Passwords = current_app.extensions["passwords"]
    throttle: Throttle = current_app.extensions["throttle"]
    # Only during a login is the password known, so that it can be hashed with new parameters.
    renewed = passwords.hash(password) if passwords.is_outdated(user.password_hash) else None
    with database.transaction() as connection:
        throttle.refund(connection, charge)
        if renewed:
            values = {"whose": user.id, "outdated": user.password_hash, "renewed": renewed}
            connection.execute(queries.REHASH, values)
