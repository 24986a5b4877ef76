"""Slows down whoever guesses passwords, without locking the user out whose password it is.

Failures are counted in the database, so that all workers share one count. After some that cost
nothing, each makes the next attempt wait twice as long, up to a longest wait; an attempt that comes
too early is refused without being looked at, and makes nobody wait longer. Bit by bit, failures are
forgotten.

They are counted for the place, which is a user and an address together, and for two more:

at a new place     for the address and for the user
at a known place   for all known places of the address, but not for the user; known is a place from
                   which the user has logged in lately

Of these, only the place is one's own, and a new address is the attacker's own as well. Who has no
failures at a place is let through once whatever others have done: to the user, from elsewhere, or
at the other known places of the address. So nobody keeps a user out who makes no mistake, unless
by failing from the very address, where the user is new.

This has its price: where a user waits because of an attack, each further address has a guess,
and another for each that is forgotten. Who has many addresses has many guesses.

Names that nobody has are counted as those that somebody has: neither shows which is which.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from math import ceil, log2

from sqlalchemy import Connection
from werkzeug.exceptions import TooManyRequests

from . import throttle_queries as queries
from .failures import StartError
from .settings import Settings

KNOWN_FOR = timedelta(days=30)
"""For how long after a login its address counts as the user's own."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What failures cost, and in how many seconds one of them is forgotten."""

    free: int
    longest_seconds: int
    forget_each: float

    @property
    def most(self) -> int:
        """How many are counted: from then on, each wait is the longest."""
        return self.free + ceil(log2(self.longest_seconds)) + 1

    @property
    def forgotten_after(self) -> timedelta:
        """When nothing is left of as many as are counted."""
        return timedelta(seconds=(self.most + 1) * self.forget_each)


@dataclass(frozen=True, slots=True)
class Counted:
    """What an attempt was counted for, as a failure."""

    subject: str
    blocked_until: datetime
    failures: float

    @property
    def is_first(self) -> bool:
        """Whether no other failure is remembered."""
        return self.failures <= 1


@dataclass(frozen=True, slots=True)
class Charge:
    """An attempt, counted as a failure until it has turned out to be none."""

    counted: tuple[Counted, ...]
    place: str


class Throttle:
    """Counts attempts, and refuses those that come too early."""

    def __init__(self, settings: Settings) -> None:
        """StartError where one attacker at one address could keep a user waiting for good."""
        forget_each = settings["login.forget_a_failure_after_seconds"]
        self._of_user = Limits(
            settings["login.free_failures_per_user"],
            settings["login.longest_wait_per_user_seconds"],
            forget_each,
        )
        self._of_address = Limits(
            settings["login.free_failures_per_address"],
            settings["login.longest_wait_per_address_seconds"],
            forget_each,
        )
        # Who has logged in there is hardly an attacker there, and may log in often at a time.
        self._of_place = replace(self._of_address, longest_seconds=self._of_user.longest_seconds)
        free = settings["login.free_failures_per_known_address"]
        # As much sooner forgotten as it takes more: the mistakes of many people come together here.
        self._of_known_address = Limits(
            free,
            self._of_user.longest_seconds,
            forget_each * (self._of_address.free + 1) / (free + 1),
        )
        shortest, longer = self._of_user.longest_seconds, self._of_address.longest_seconds
        if not 1 <= shortest < longer <= forget_each:
            raise StartError(
                "login.longest_wait_per_user_seconds must be less than "
                "login.longest_wait_per_address_seconds, and that no more than "
                "login.forget_a_failure_after_seconds."
            )

    def charge(self, connection: Connection, name_key: str, address: str) -> Charge:
        """Count an attempt before it is looked at; TooManyRequests where it comes too early.

        Counted afterwards, many at a time would all be looked at. `connection` is a transaction, so
        that an attempt that is refused is not counted at all.

        Rows stay locked until its end, and are locked in one order, here and in `refund`: of an
        address, of a user or of the known places of an address, of a place. A transaction that
        waits for one holds none that comes later in this order, so no two wait for each other.
        """
        place = _digest("place", name_key, address)
        counted = []
        if connection.scalar(queries.IS_KNOWN, {"subject": place, "known_for": KNOWN_FOR}):
            shared, limits = _digest("known address", address), self._of_known_address
        else:
            counted.append(self._count(connection, _digest("address", address), self._of_address))
            shared, limits = _digest("user", name_key), self._of_user
        others = _counted(connection, shared, limits)
        own = self._count(connection, place, self._of_place)
        if others:
            counted.append(others)
        elif not own.is_first:
            raise _too_early(connection, shared)
        return Charge((*counted, own), place)

    def refund(self, connection: Connection, charge: Charge) -> None:
        """Take back an attempt that has turned out to be right, and remember from where it came.

        What others have failed at stays counted: else a login of the user would set an attacker at
        liberty, and an attacker's own login the attacker's address.
        """
        for each in charge.counted:
            values = {"whose": each.subject, "charged_until": each.blocked_until}
            connection.execute(queries.REFUND, values)
        connection.execute(queries.REMEMBER, {"subject": charge.place})

    def forget(self, connection: Connection) -> None:
        """Remove what has become too old to matter. `connection` commits each statement."""
        limits = (self._of_user, self._of_address, self._of_place, self._of_known_address)
        unused_for = max(each.forgotten_after for each in limits)
        connection.execute(queries.FORGET_OLD, {"unused_for": unused_for})
        connection.execute(queries.FORGET_UNUSED, {"unused_for": KNOWN_FOR})

    def _count(self, connection: Connection, subject: str, limits: Limits) -> Counted:
        """Count an attempt; TooManyRequests where there is a wait."""
        counted = _counted(connection, subject, limits)
        if counted is None:
            raise _too_early(connection, subject)
        return counted


def _counted(connection: Connection, subject: str, limits: Limits) -> Counted | None:
    """Count an attempt; None where there is a wait, and then nothing is counted."""
    values = {
        "subject": subject,
        "free": limits.free,
        "most": limits.most,
        "longest": timedelta(seconds=limits.longest_seconds),
        "forget_each": limits.forget_each,
    }
    row = connection.execute(queries.CHARGE, values).one_or_none()
    return Counted(subject, row.blocked_until, row.failures) if row else None


def _too_early(connection: Connection, subject: str) -> TooManyRequests:
    seconds = connection.scalar(queries.SECONDS_TO_WAIT, {"subject": subject})
    return TooManyRequests(
        "Too many logins have failed. Retry-After says in how many seconds to come back.",
        retry_after=max(int(seconds or 0), 1),
    )


def _digest(*parts: str) -> str:
    """Return whom failures are counted for, in one form and length, for names of any kind.

    It keeps what was typed out of sight, and is no secret: whoever has the table finds the
    addresses, and the names that can be guessed, by trying.
    """
    return sha256("\0".join(parts).encode()).hexdigest()
