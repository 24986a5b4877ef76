"""Waiting for what comes by and by."""

import time
from collections.abc import Callable
from typing import TypeVar

PATIENCE_SECONDS = 30

Found = TypeVar("Found")


def eventually(is_so: Callable[[], bool]) -> None:
    """Wait until something is so."""
    assert soon(is_so, expected=True), "it never was"


def soon(found: Callable[[], Found], expected: Found) -> Found:
    """Return what is found as soon as it is what is expected, or at last whatever it is."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (now := found()) != expected and time.monotonic() < deadline:
        time.sleep(0.05)
    return now
