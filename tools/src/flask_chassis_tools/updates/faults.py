"""Errors that a user can fix."""

from .addresses import without_logins


class UpdateError(Exception):
    """An update is not possible; the message says why, and what to do.

    Messages quote addresses, and the output of programs that do: logins are removed from them.
    """

    def __init__(self, message: str) -> None:
        super().__init__(without_logins(message))
