"""Repeats a unit of work that PostgreSQL has cancelled because of a concurrent one."""

import random
import time
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from sqlalchemy.exc import OperationalError

from flask_chassis.db.sqlstate import CONCURRENCY, sqlstate

P = ParamSpec("P")
R = TypeVar("R")

ATTEMPTS = 3
FIRST_PAUSE_SECONDS = 0.05


def retried(attempts: int = ATTEMPTS) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Repeat a function if its transaction fails with a deadlock or a serialization failure.

        @database.retried()
        def book(amount: Decimal) -> None:
            with database.session() as session: ...

    The function must open its own session or transaction, and must do nothing else that may not
    happen twice, such as calling another service. It runs at most `attempts` times, with pauses of
    random length that double, from 50 ms. Then SQLAlchemy's OperationalError is raised, which is
    answered with 503.
    """
    if attempts < 1:
        raise ValueError(f"attempts is {attempts}: set it to 1 or more.")

    def decorator(function: Callable[P, R]) -> Callable[P, R]:
        @wraps(function)
        def repeated(*args: P.args, **kwargs: P.kwargs) -> R:
            for attempt in range(attempts - 1):
                try:
                    return function(*args, **kwargs)
                except OperationalError as error:
                    if sqlstate(error) not in CONCURRENCY:
                        raise
                time.sleep(pause(attempt))
            return function(*args, **kwargs)

        return repeated

    return decorator


def pause(attempt: int, first: float = FIRST_PAUSE_SECONDS) -> float:
    """Return the seconds to wait after an attempt, counted from 0: exponential, with jitter."""
    return first * float(2**attempt) * random.uniform(0.5, 1.5)  # noqa: S311  (no secret)
