"""A folder of public keys, one `<kid>.pem` each, re-read when it changes.

Several keys are valid at once, so that keys can be rotated without refusing a valid token. A secret
that Kubernetes mounts changes in place; no restart is needed for a key to come or go.
"""

import logging
import threading
import time
from pathlib import Path
from typing import Protocol

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_pem_public_key
from werkzeug.exceptions import ServiceUnavailable

from flask_chassis.exceptions import ConfigurationError

ALGORITHM = "RS256"
"""The only accepted signature algorithm, whatever the header of a token says."""

LOOK_AGAIN_AFTER_SECONDS = 1.0
"""Shortest time between two looks at the folder; a removed key works for as long."""

SMALLEST_KEY_BITS = 2048

log = logging.getLogger(__name__)

Signature = tuple[tuple[str, int, int], ...]


class KeysUnavailableError(ServiceUnavailable):
    """Answer 503: the keys cannot be read now, so the token may well be valid."""

    description = "The service cannot reach the issuer of tokens. Try again in a moment."

    def __init__(self) -> None:
        """Set the `Retry-After` header."""
        super().__init__(retry_after=2)


class KeySource(Protocol):
    """The interface of public keys that a token verifier uses, whatever their source."""

    def get(self, kid: str) -> RSAPublicKey | None:
        """Return the key with this id, or None; KeysUnavailableError if the source is down."""

    def is_ready(self) -> bool:
        """Return whether keys have been read at least once."""


class PublicKeys:
    """The public keys in a folder, by key id (the file's name without `.pem`)."""

    def __init__(self, folder: Path) -> None:
        """Read the folder; ConfigurationError if it is missing or has no usable key."""
        self._folder = folder
        self._lock = threading.Lock()
        self._looked_at = 0.0
        self._signature: Signature = ()
        self._keys: dict[str, RSAPublicKey] = {}
        if not folder.is_dir():
            raise ConfigurationError(
                f"There is no folder of public keys at {folder}. {HOW_TO_GET_KEYS}"
            )
        self._refresh()
        if not self._keys:
            raise ConfigurationError(
                f"There is no usable public key in {folder}. {HOW_TO_GET_KEYS}"
            )

    def get(self, kid: str) -> RSAPublicKey | None:
        """Return the key with this id, or None."""
        self._refresh_in_time()
        return self._keys.get(kid)

    def all(self) -> dict[str, RSAPublicKey]:
        """Return all keys by their ids."""
        self._refresh_in_time()
        return dict(self._keys)

    def is_ready(self) -> bool:
        """Return True: without a key, the service does not start."""
        return True

    def _refresh_in_time(self) -> None:
        if time.monotonic() - self._looked_at > LOOK_AGAIN_AFTER_SECONDS:
            self._refresh()

    def _refresh(self) -> None:
        with self._lock:
            self._looked_at = time.monotonic()
            signature = _signature(self._folder)
            if signature == self._signature:
                return
            self._keys = _read(self._folder)
            self._signature = signature
            log.info("public keys: %s", ", ".join(sorted(self._keys)) or "none")


HOW_TO_GET_KEYS = (
    "Set tokens.public_keys_folder to a folder with one <kid>.pem for each key of the issuer; "
    "a developer makes keys with the task keys.generate."
)


def _signature(folder: Path) -> Signature:
    """Return a fingerprint of the folder, from the names, sizes and times of its files."""
    states = []
    for path in sorted(folder.glob("*.pem")):
        try:
            state = path.stat()
        except OSError:
            continue  # removed since the folder was listed, or a link that leads nowhere
        states.append((path.name, state.st_mtime_ns, state.st_size))
    return tuple(states)


def _read(folder: Path) -> dict[str, RSAPublicKey]:
    """Read the keys. Log and skip those that cannot be used."""
    keys = {}
    for path in sorted(folder.glob("*.pem")):
        try:
            key = load_pem_public_key(path.read_bytes())
        except (OSError, ValueError, UnsupportedAlgorithm) as error:
            log.error("%s is not a public key in PEM form: %s", path, error)
            continue
        if not isinstance(key, RSAPublicKey) or key.key_size < SMALLEST_KEY_BITS:
            log.error("%s is not an RSA key of %s bits or more", path, SMALLEST_KEY_BITS)
            continue
        keys[path.stem] = key
    return keys
