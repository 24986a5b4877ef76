"""The exception of the tasks of the edge."""


class EdgeError(Exception):
    """The edge cannot be configured; the message says why, and what to do."""
