"""Errors that a user can fix."""


class UpdateError(Exception):
    """An update is not possible; the message says why, and what to do."""
