"""Hashes and verifies passwords with argon2id."""

import secrets
import unicodedata
from threading import BoundedSemaphore, Lock

from argon2 import Parameters, PasswordHasher, extract_parameters
from argon2.exceptions import HashingError, VerifyMismatchError

from . import names
from .failures import StartError
from .settings import Settings

SHORTEST_PASSWORD = 8
LONGEST_PASSWORD = 128

# The weakest of the parameters that OWASP's Password Storage Cheat Sheet takes for equally strong.
LEAST_MEMORY_KIB = 7168
LEAST_WORK = 5 * LEAST_MEMORY_KIB

MOST_PARAMETERS = 4
"""How many parameters of stored hashes are kept in mind: each is work at each wrong password."""


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
        self._learning = Lock()
        try:
            nobodys = self.hash(secrets.token_hex())
        except HashingError as error:
            raise StartError(f"The settings below passwords make no hash: {error}.") from None
        # Hashes of passwords that nobody has: of these parameters, and then of those that are met.
        self._nobodys = [(extract_parameters(nobodys), nobodys)]

    def hash(self, password: str) -> str:
        """Return a new hash, which says with which parameters it was made."""
        with self._slots:
            return self._hasher.hash(_normal(password))

    def verify(self, password: str, stored: str | None) -> bool:
        """Whether a hash is of this password.

        Where it is not, or there is no hash because there is no such user, the work is one and the
        same: that of all parameters that stored hashes have been found to be made with, each once,
        if need be on the hash of a password that nobody has. So the time does not tell who exists.

        It does where a worker meets parameters for the first time, as it learns them then, and
        where there are more of them than are kept in mind.
        """
        given = _normal(password)
        with self._slots:
            if stored is not None and self._is_of(given, stored):
                return True
            own = None if stored is None else extract_parameters(stored)
            known = self._nobodys
            for parameters, nobodys in known:
                if parameters != own:
                    self._is_of(given, nobodys)
            if own is not None and own not in [parameters for parameters, _ in known]:
                self._learn(own)
        return False

    def is_outdated(self, stored: str) -> bool:
        """Whether a hash was made with other parameters than are used now."""
        return self._hasher.check_needs_rehash(stored)

    def _is_of(self, given: str, stored: str) -> bool:
        try:
            return self._hasher.verify(stored, given)
        except VerifyMismatchError:
            return False

    def _learn(self, parameters: Parameters) -> None:
        """Do the work of these parameters from now on, if need be in the place of the oldest."""
        with self._learning:
            if parameters in [known for known, _ in self._nobodys]:
                return
            nobodys = PasswordHasher.from_parameters(parameters).hash(secrets.token_hex())
            first, *others = self._nobodys
            latest = [*others, (parameters, nobodys)][1 - MOST_PARAMETERS :]
            # Replaced and not changed: another thread may be reading it.
            self._nobodys = [first, *latest]


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
