"""Makes checks, and says of each whether it passed."""

from collections.abc import Callable, Iterable
from typing import TypeVar

import requests

Subject = TypeVar("Subject")

Check = Callable[[Subject], None]
"""It raises AssertionError where it fails; its docstring is the line that is printed for it."""

FAILURES: tuple[type[Exception], ...] = (
    AssertionError,
    requests.RequestException,
    IndexError,
    KeyError,
    ValueError,
)
"""What a check raises where a service does not do what it should."""


def passes(
    checks: Iterable[Check[Subject]],
    subject: Subject,
    failures: tuple[type[Exception], ...] = (),
) -> bool:
    """Make every check, print a line for each, and return whether all of them passed.

    `failures` are further errors by which a check fails.
    """
    passed = True
    for check in checks:
        try:
            check(subject)
        except (*FAILURES, *failures) as error:
            passed = False
            print(f"  FAILED  {check.__doc__}\n          {error}", flush=True)
        else:
            print(f"  ok      {check.__doc__}", flush=True)
    return passed
