"""Hashes and verifies passwords with argon2id."""

import secrets
import unicodedata
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import HashingError, VerifyMismatchError

from ..chassis.failures import StartError
from ..chassis.settings import Settings
from . import names

SHORTEST_PASSWORD = 8
LONGEST_PASSWORD = 128

# The weakest of the parameters that OWASP's Password Storage Cheat Sheet takes for equally strong.
LEAST_MEMORY_KIB = 7168
LEAST_WORK = 5 * LEAST_MEMORY_KIB


class Passwords:
    """Makes and verifies hashes with the parameters that the settings give."""

    def __init__(self, settings: Settings) -> None:
        """Refuse with StartError, where users are served, parameters that are too weak."""
        time_cost, memory = settings["passwords.time_cost"], settings["passwords.memory_kib"]
        is_weak = memory < LEAST_MEMORY_KIB or time_cost * memory < LEAST_WORK
        if is_weak and not settings.is_for_developers:
            raise StartError(
                f"passwords.memory_kib must be at least {LEAST_MEMORY_KIB}, and "
                f"passwords.time_cost times it at least {LEAST_WORK}."
            )
        self._hasher = PasswordHasher(time_cost, memory, settings["passwords.parallelism"])
        # Each takes the whole memory: as many as there are threads would be more than a worker has.
        self._slots = BoundedSemaphore(max(settings["passwords.at_a_time"], 1))
        try:
            self._nobodys = self.hash(secrets.token_hex())
        except HashingError as error:
            raise StartError(f"The settings below passwords make no hash: {error}.") from None

    def hash(self, password: str) -> str:
        """Return a new hash, which says with which parameters it was made."""
        with self._slots:
            return self._hasher.hash(_normal(password))

    def verify(self, password: str, stored: str | None) -> bool:
        """Whether a hash is of this password.

        Where there is no hash, because there is no such user, the same work is done on the hash of
        a password that nobody has: the time does not tell the two apart. (It would of a user whose
        hash was made with other parameters, until the next login renews it.)
        """
        with self._slots:
            try:
                self._hasher.verify(stored or self._nobodys, _normal(password))
            except VerifyMismatchError:
                return False
        return stored is not None

    def is_outdated(self, stored: str) -> bool:
        """Whether a hash was made with other parameters than are used now."""
        return self._hasher.check_needs_rehash(stored)


def fault_in(password: str, username: str) -> str | None:
    """Return why nobody, and not this user, may have this password, as a sentence, or None."""
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        return f"Must have {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters."
    if "\0" in password:
        return "Has a character that no keyboard has."
    if names.key_of(password) == names.key_of(username):
        return "Must not be the name."
    if len(set(password)) == 1:
        return "Must not be one character many times."
    return None


def _normal(password: str) -> str:
    """Return the one form of a text that two keyboards may write in two, such as ü."""
    return unicodedata.normalize("NFKC", password)
