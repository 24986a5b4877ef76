"""Hashes and verifies passwords with Argon2id."""

import secrets
import unicodedata
from threading import BoundedSemaphore, Lock

from argon2 import Parameters, PasswordHasher, extract_parameters
from argon2.exceptions import HashingError, VerifyMismatchError

from flask_chassis.exceptions import ConfigurationError
from flask_chassis.issuer import usernames
from flask_chassis.settings import Settings

SHORTEST_PASSWORD = 8
LONGEST_PASSWORD = 128

# The minimum parameters that OWASP's Password Storage Cheat Sheet recommends.
MIN_MEMORY_KIB = 7168
MIN_WORK = 5 * MIN_MEMORY_KIB

MAX_PARAMETERS = 4
"""The number of parameters of stored hashes to remember. Each slows down every wrong password."""


class Passwords:
    """Hashes and verifies passwords with the Argon2id parameters of the settings."""

    def __init__(self, settings: Settings) -> None:
        """Raise ConfigurationError if the parameters are not valid, or too weak for production."""
        time_cost, memory = settings["passwords.time_cost"], settings["passwords.memory_kib"]
        is_weak = memory < MIN_MEMORY_KIB or time_cost * memory < MIN_WORK
        if is_weak and not settings.is_for_developers:
            raise ConfigurationError(
                f"passwords.memory_kib must be at least {MIN_MEMORY_KIB}, and "
                f"passwords.time_cost * passwords.memory_kib at least {MIN_WORK}."
            )
        self._hasher = PasswordHasher(time_cost, memory, settings["passwords.parallelism"])
        # Each hash takes the configured memory. With one for each thread, a worker would run out.
        self._slots = BoundedSemaphore(max(settings["passwords.at_a_time"], 1))
        self._lock = Lock()
        try:
            dummy = self.hash(secrets.token_hex())
        except HashingError as error:
            raise ConfigurationError(
                f"The settings below passwords are not valid parameters of Argon2: {error}."
            ) from None
        # Dummy hashes of random passwords: first one with the parameters of the settings, then one
        # for each other combination of parameters found in stored hashes.
        self._dummies = [(extract_parameters(dummy), dummy)]

    def hash(self, password: str) -> str:
        """Return a new hash of a password, which contains its parameters and salt."""
        with self._slots:
            return self._hasher.hash(_normalized(password))

    def verify(self, password: str, stored: str | None) -> bool:
        """Return whether a password matches a stored hash; None if the user does not exist.

        For a wrong password and for a user that does not exist, the work is the same, so that
        timing does not reveal which users exist: it computes a hash with each combination of
        parameters found in stored hashes so far, if necessary by verifying a dummy hash.

        Timing differs only when a worker finds a combination for the first time, and if there are
        more than MAX_PARAMETERS.
        """
        given = _normalized(password)
        with self._slots:
            if stored is not None and self._matches(given, stored):
                return True
            own = None if stored is None else extract_parameters(stored)
            known = self._dummies
            for parameters, dummy in known:
                if parameters != own:
                    self._matches(given, dummy)
            if own is not None and own not in [parameters for parameters, _ in known]:
                self._add_dummy(own)
        return False

    def is_outdated(self, stored: str) -> bool:
        """Return whether the parameters of a stored hash differ from those of the settings."""
        return self._hasher.check_needs_rehash(stored)

    def _matches(self, given: str, stored: str) -> bool:
        try:
            return self._hasher.verify(stored, given)
        except VerifyMismatchError:
            return False

    def _add_dummy(self, parameters: Parameters) -> None:
        """Add a dummy hash with these parameters; the oldest is removed if there are too many."""
        with self._lock:
            if parameters in [known for known, _ in self._dummies]:
                return
            dummy = PasswordHasher.from_parameters(parameters).hash(secrets.token_hex())
            first, *others = self._dummies
            latest = [*others, (parameters, dummy)][1 - MAX_PARAMETERS :]
            # Replaces the list instead of changing it, because another thread may be reading it.
            self._dummies = [first, *latest]


def fault_in(password: str, username: str) -> str | None:
    """Return the validation error of a user's new password, or None if it is acceptable."""
    if not SHORTEST_PASSWORD <= len(password) <= LONGEST_PASSWORD:
        return f"Must have {SHORTEST_PASSWORD} to {LONGEST_PASSWORD} characters."
    if "\0" in password:
        return "Must not contain a null character."
    if usernames.key_of(password) == usernames.key_of(username):
        return "Must not be the same as the name."
    if len(set(password)) == 1:
        return "Must not be a single repeated character."
    return None


def _normalized(password: str) -> str:
    """Return a password in Unicode normalization form NFKC: keyboards may encode ü in two ways."""
    return unicodedata.normalize("NFKC", password)
