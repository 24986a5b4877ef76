"""The one exception that means: this service must not start, and here is what to do about it."""


class StartError(Exception):
    """The service cannot start as it is configured; the message says what to change."""
