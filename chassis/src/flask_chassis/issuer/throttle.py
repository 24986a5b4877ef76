"""Login throttling: rate-limits password guessing without locking users out.

The database counts failed logins, so that all workers share the counts. The first failed logins are
free. After each further one, the wait until the next attempt doubles, up to a maximum. An attempt
during the wait is rejected with 429: the password is not verified, and the wait does not grow.
Failed logins expire gradually.

A place is a user and an IP address together. It is known if the user has logged in from the address
recently. A failed login counts for its place, and also

at a new place     for the address, and for the user
at a known place   for all known places of the address together, but not for the user

A user without failed logins at a place always has one attempt there, whatever others have done to
the user from other addresses, or at other known places of the same address. So an attacker cannot
lock out a user who enters the right password, except from the same address if the place is new.

The cost of this rule: during an attack on a user, each additional address has one guess, and one
more for each failed login that expires. An attacker with many addresses has many guesses.

Names that do not exist are counted in the same way, so that responses do not reveal which exist.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from math import ceil, log2

from sqlalchemy import Connection
from werkzeug.exceptions import TooManyRequests

from flask_chassis.exceptions import ConfigurationError
from flask_chassis.issuer import throttle_queries as queries
from flask_chassis.settings import Settings

KNOWN_FOR = timedelta(days=30)
"""How long after a login its place is known."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The free failed logins, the maximum wait, and the seconds until one failed login expires."""

    free: int
    longest_seconds: int
    forget_each: float

    @property
    def most(self) -> int:
        """The highest count of failed logins, from which on the wait has its maximum."""
        return self.free + ceil(log2(self.longest_seconds)) + 1

    @property
    def forgotten_after(self) -> timedelta:
        """The time until the highest count has expired completely."""
        return timedelta(seconds=(self.most + 1) * self.forget_each)


@dataclass(frozen=True, slots=True)
class Counted:
    """A subject (user, address or place) for which an attempt was counted as a failed login."""

    subject: str
    blocked_until: datetime
    failures: float

    @property
    def is_first(self) -> bool:
        """Whether the subject has no other failed login."""
        return self.failures <= 1


@dataclass(frozen=True, slots=True)
class Charge:
    """A login attempt, which counts as a failed login until it is refunded."""

    counted: tuple[Counted, ...]
    place: str


class Throttle:
    """Counts login attempts, and rejects those that come too early."""

    def __init__(self, settings: Settings) -> None:
        """Raise ConfigurationError if the settings let one address lock a user out forever."""
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
        # A user who has logged in at a place is unlikely to be an attacker there, so the maximum
        # wait is shorter.
        self._of_place = replace(self._of_address, longest_seconds=self._of_user.longest_seconds)
        free = settings["login.free_failures_per_known_address"]
        # The failed logins of many users add up here, so more are free and they expire faster.
        self._of_known_address = Limits(
            free,
            self._of_user.longest_seconds,
            forget_each * (self._of_address.free + 1) / (free + 1),
        )
        shortest, longer = self._of_user.longest_seconds, self._of_address.longest_seconds
        if not 1 <= shortest < longer <= forget_each:
            raise ConfigurationError(
                "login.longest_wait_per_user_seconds must be at least 1 and less than "
                "login.longest_wait_per_address_seconds, which must not exceed "
                "login.forget_a_failure_after_seconds. Change these settings."
            )

    def charge(self, connection: Connection, name_key: str, address: str) -> Charge:
        """Count an attempt as a failed login before the password is verified.

        `name_key` is the result of `usernames.key_of`. `connection` must be in a transaction, so
        that a rejected attempt is not counted. An attempt is counted in advance because otherwise
        all of many concurrent attempts would be verified.

        Raises TooManyRequests if the attempt comes too early.

        The rows stay locked until the end of the transaction. To prevent deadlocks, this method and
        `refund` lock them in the same order: address, then user or known places of the address,
        then place.
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
        """Take back the count of a successful login, and store its place as known.

        Other failed logins stay counted. Otherwise a login of the user would end the wait of an
        attacker, and so would a login of the attacker with another name.
        """
        for each in charge.counted:
            values = {"whose": each.subject, "charged_until": each.blocked_until}
            connection.execute(queries.REFUND, values)
        connection.execute(queries.REMEMBER, {"subject": charge.place})

    def forget(self, connection: Connection) -> None:
        """Delete expired rows. `connection` must be in autocommit mode."""
        limits = (self._of_user, self._of_address, self._of_place, self._of_known_address)
        unused_for = max(each.forgotten_after for each in limits)
        connection.execute(queries.FORGET_OLD, {"unused_for": unused_for})
        connection.execute(queries.FORGET_UNUSED, {"unused_for": KNOWN_FOR})

    def _count(self, connection: Connection, subject: str, limits: Limits) -> Counted:
        """Count an attempt for a subject; raises TooManyRequests during a wait."""
        counted = _counted(connection, subject, limits)
        if counted is None:
            raise _too_early(connection, subject)
        return counted


def _counted(connection: Connection, subject: str, limits: Limits) -> Counted | None:
    """Count an attempt for a subject; returns None, and counts nothing, during a wait."""
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
        "Too many failed logins. Try again after the number of seconds in Retry-After.",
        retry_after=max(int(seconds or 0), 1),
    )


def _digest(*parts: str) -> str:
    """Return the digest of a subject, which has the same length for names of any length.

    It hides the input from view but is not secure: anyone with the table can find addresses and
    common names by brute force.
    """
    return sha256("\0".join(parts).encode()).hexdigest()
