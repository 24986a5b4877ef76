"""The exception of the tasks that add and remove resources."""


class ResourceError(Exception):
    """A resource cannot be added or removed; the message says why, and what to do."""
