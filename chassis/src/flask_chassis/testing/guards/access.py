"""Checks that every route has an access decision."""

from flask import Flask

from flask_chassis.auth import closed


def undecided_routes(app: Flask) -> list[str]:
    """Return the routes whose views do not say who may call them, also those added later."""
    return [f"{route} has no access decision. {closed.FIX}" for route in closed.undecided(app)]
