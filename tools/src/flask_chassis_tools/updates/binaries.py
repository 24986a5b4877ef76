"""Tells binary files, such as wheels, from text."""

LOOKED_AT = 8000
"""The number of bytes in which git looks for a NUL."""


def is_binary(content: bytes | None) -> bool:
    """Return whether git treats a file with this content as binary; no file is not."""
    return content is not None and b"\0" in content[:LOOKED_AT]
