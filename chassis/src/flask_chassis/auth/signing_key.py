"""Says which of several private keys signs: one of the issuer's files, and never a guess.

The setting `tokens.signing_kid` names the key. If it is empty, the file `signing-kid` in the key
folder names it. Without either, the folder has to hold exactly one key. The file lets a
rotation switch keys in one step, in a folder and in a mounted secret alike, without a restart.
"""

import logging
import threading
import time
from collections.abc import Callable
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from flask_chassis.auth.public_keys import LOOK_AGAIN_AFTER_SECONDS, SMALLEST_KEY_BITS
from flask_chassis.exceptions import ConfigurationError

SIGNING_KID = "signing-kid"
"""The file's name. It has no ending, and so is none of the keys."""

log = logging.getLogger(__name__)


def find(folder: Path, kid: str = "") -> Path:
    """Return the path of the private key that signs; `kid` is the setting `tokens.signing_kid`.

    Only files of the folder are keys: a kid with a path in it is refused. Raises ConfigurationError
    if there is no key, or if several could sign and none is named.
    """
    keys = {path.stem: path for path in sorted(folder.glob("*.pem"))}
    if not keys:
        raise ConfigurationError(f"There is no private key in {folder}: run keys.generate first.")
    named = kid or named_in(folder)
    if not named and len(keys) == 1:
        return next(iter(keys.values()))
    if named not in keys:
        raise ConfigurationError(
            f"{f'The signing key {named} does not exist' if named else 'No signing key is named'}: "
            f"write one of {', '.join(keys)} to {folder / SIGNING_KID}."
        )
    return keys[named]


def named_in(folder: Path) -> str:
    """Return the kid in the file `signing-kid`, or an empty string if there is no such file."""
    try:
        return (folder / SIGNING_KID).read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return ""
    except (OSError, ValueError) as error:
        raise ConfigurationError(f"{folder / SIGNING_KID} cannot be read: {error}") from error


Check = Callable[[str, RSAPrivateKey], None]
"""Raises ConfigurationError where a key, by its kid, must not sign."""


class SigningKey:
    """The private key that signs, looked at again while the service runs."""

    def __init__(self, folder: Path, kid: str = "", check: Check | None = None) -> None:
        """Read the key; ConfigurationError if it is missing, not usable, or fails the check."""
        self._folder = folder
        self._kid = kid
        self._check = check
        self._lock = threading.Lock()
        self._looked_at = time.monotonic()
        self._current = self._read(find(folder, kid))

    def current(self) -> tuple[str, RSAPrivateKey]:
        """Return kid and key; where the folder is at fault, the last ones that were right."""
        if time.monotonic() - self._looked_at >= LOOK_AGAIN_AFTER_SECONDS:
            with self._lock:
                self._look_again()
        return self._current

    def _look_again(self) -> None:
        self._looked_at = time.monotonic()
        try:
            path = find(self._folder, self._kid)
            if path.stem != self._current[0]:
                self._current = self._read(path)
                log.info("tokens are signed with key %s", path.stem)
        except ConfigurationError as error:
            log.error("tokens are still signed with key %s: %s", self._current[0], error)

    def _read(self, path: Path) -> tuple[str, RSAPrivateKey]:
        try:
            key = load_pem_private_key(path.read_bytes(), password=None)
        except (OSError, ValueError, TypeError, UnsupportedAlgorithm) as error:
            # What the error says stays unsaid: it may quote the file.
            raise ConfigurationError(
                f"{path} is not a private key in PEM form without a passphrase "
                f"({type(error).__name__})."
            ) from None
        if not isinstance(key, RSAPrivateKey) or key.key_size < SMALLEST_KEY_BITS:
            raise ConfigurationError(
                f"{path} is not an RSA key of {SMALLEST_KEY_BITS} bits or more."
            )
        if self._check:
            self._check(path.stem, key)
        return path.stem, key
