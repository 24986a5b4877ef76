"""Slows down whoever guesses passwords, without locking the user out whose password it is.

Failures are counted for the user and for the address that they come from, in the database, so that
all workers share one count. After some that cost nothing, each makes the next attempt wait twice as
long, up to a longest wait; an attempt that comes too early is refused without being looked at, and
makes nobody wait longer. Bit by bit, failures are forgotten.

Nobody can keep a user out. From an address that the user has logged in from lately, only the user's
failures from there count, not those of strangers, nor of others who share the address. From a new
address, the longest wait of a user is short, and that of an address long: a single attacker is
mostly waiting.

Names that nobody has are counted as those that somebody has: neither shows which is which.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from math import ceil, log2

from sqlalchemy import Connection
from werkzeug.exceptions import TooManyRequests

from ..chassis.failures import StartError
from ..chassis.settings import Settings
from . import queries

KNOWN_FOR = timedelta(days=30)
"""For how long after a login its address counts as the user's own."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What failures cost."""

    free: int
    longest_seconds: int

    @property
    def most(self) -> int:
        """How many are counted: from then on, each wait is the longest."""
        return self.free + ceil(log2(self.longest_seconds)) + 1


@dataclass(frozen=True, slots=True)
class Charge:
    """An attempt, counted as a failure until it has turned out to be none."""

    counted: tuple[tuple[str, datetime], ...]
    """For whom, and until when they wait for it."""

    place: str


class Throttle:
    """Counts attempts, and refuses those that come too early."""

    def __init__(self, settings: Settings) -> None:
        """StartError where one attacker at one address could keep a user out."""
        self._of_user = Limits(
            settings["login.free_failures_per_user"],
            settings["login.longest_wait_per_user_seconds"],
        )
        self._of_address = Limits(
            settings["login.free_failures_per_address"],
            settings["login.longest_wait_per_address_seconds"],
        )
        # Who has logged in there is hardly an attacker there, and may log in often at a time.
        self._of_place = Limits(self._of_address.free, self._of_user.longest_seconds)
        self._forget_each = settings["login.forget_a_failure_after_seconds"]
        shortest, longer = self._of_user.longest_seconds, self._of_address.longest_seconds
        if not 1 <= shortest < longer <= self._forget_each:
            raise StartError(
                "login.longest_wait_per_user_seconds must be less than "
                "login.longest_wait_per_address_seconds, and that no more than "
                "login.forget_a_failure_after_seconds."
            )

    def charge(self, connection: Connection, name_key: str, address: str) -> Charge:
        """Count an attempt before it is looked at; TooManyRequests where it comes too early.

        Counted afterwards, many at a time would all be looked at. `connection` is a transaction, so
        that an attempt that is refused is not counted at all.
        """
        place = _digest("place", name_key, address)
        if connection.scalar(queries.IS_KNOWN, {"subject": place, "known_for": KNOWN_FOR}):
            counted = {place: self._of_place}
        else:
            # The address first: two that lock one row each would otherwise wait for each other.
            counted = {
                _digest("address", address): self._of_address,
                _digest("user", name_key): self._of_user,
            }
        charges = (self._count(connection, *each) for each in counted.items())
        return Charge(tuple(charges), place)

    def refund(self, connection: Connection, charge: Charge) -> None:
        """Take back an attempt that has turned out to be right, and remember from where it came.

        What others have failed at stays counted: else a login of the user would set an attacker at
        liberty, and an attacker's own login the attacker's address.
        """
        for subject, charged_until in charge.counted:
            values = {"whose": subject, "charged_until": charged_until}
            connection.execute(queries.REFUND, values)
        connection.execute(queries.FORGIVE, {"whose": charge.place})
        connection.execute(queries.REMEMBER, {"subject": charge.place})

    def forget(self, connection: Connection) -> None:
        """Remove what has become too old to matter. `connection` commits each statement."""
        most = max(self._of_user.most, self._of_address.most) + 1
        unused_for = timedelta(seconds=most * self._forget_each)
        connection.execute(queries.FORGET_OLD, {"unused_for": unused_for})
        connection.execute(queries.FORGET_UNUSED, {"unused_for": KNOWN_FOR})

    def _count(self, connection: Connection, subject: str, limits: Limits) -> tuple[str, datetime]:
        values = {
            "subject": subject,
            "free": limits.free,
            "most": limits.most,
            "longest": timedelta(seconds=limits.longest_seconds),
            "forget_each": self._forget_each,
        }
        blocked_until = connection.scalar(queries.CHARGE, values)
        if blocked_until is None:
            seconds = connection.scalar(queries.SECONDS_TO_WAIT, {"subject": subject})
            raise TooManyRequests(
                "Too many logins have failed. Retry-After says in how many seconds to come back.",
                retry_after=max(int(seconds or 0), 1),
            )
        return subject, blocked_until


def _digest(*parts: str) -> str:
    """Return whom failures are counted for, in a form that shows neither name nor address."""
    return sha256("\0".join(parts).encode()).hexdigest()
