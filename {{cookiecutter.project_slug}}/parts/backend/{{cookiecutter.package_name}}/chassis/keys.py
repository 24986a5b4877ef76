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

from .failures import StartError

ALGORITHM = "RS256"
"""The one that tokens are signed with: what a token says of it is compared, not believed."""

LOOK_AGAIN_AFTER_SECONDS = 1.0
"""How often the folder is looked at, at most; so long does a removed key still work."""

SMALLEST_KEY_BITS = 2048

log = logging.getLogger(__name__)

Signature = tuple[tuple[str, int, int], ...]


class KeysUnavailableError(ServiceUnavailable):
    """Whether there is such a key cannot be said: 503, for the token may well be a good one."""

    description = "The service cannot reach the issuer of tokens. Try again in a moment."

    def __init__(self) -> None:
        """Say when to try again."""
        super().__init__(retry_after=2)


class KeySource(Protocol):
    """What a verifier of tokens needs of public keys, wherever they are from."""

    def get(self, kid: str) -> RSAPublicKey | None:
        """Return the key of this id, or None; KeysUnavailableError where it cannot be said."""

    def is_ready(self) -> bool:
        """Return whether there are keys, or have been."""


class PublicKeys:
    """The public keys in a folder, by key id (the file's name without `.pem`)."""

    def __init__(self, folder: Path) -> None:
        """Read the folder; StartError where it is missing or holds no usable key."""
        self._folder = folder
        self._lock = threading.Lock()
        self._looked_at = 0.0
        self._signature: Signature = ()
        self._keys: dict[str, RSAPublicKey] = {}
        if not folder.is_dir():
            raise StartError(f"There is no folder of public keys at {folder}. {HOW_TO_GET_KEYS}")
        self._refresh()
        if not self._keys:
            raise StartError(f"There is no usable public key in {folder}. {HOW_TO_GET_KEYS}")

    def get(self, kid: str) -> RSAPublicKey | None:
        """Return the key of this id, or None."""
        self._refresh_in_time()
        return self._keys.get(kid)

    def all(self) -> dict[str, RSAPublicKey]:
        """Return all keys by their ids."""
        self._refresh_in_time()
        return dict(self._keys)

    def is_ready(self) -> bool:
        """Return True: it has not started without a key."""
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
    """Return what tells one state of the folder from another, without reading the files."""
    states = []
    for path in sorted(folder.glob("*.pem")):
        try:
            state = path.stat()
        except OSError:
            continue  # removed since the folder was listed, or a link that leads nowhere
        states.append((path.name, state.st_mtime_ns, state.st_size))
    return tuple(states)


def _read(folder: Path) -> dict[str, RSAPublicKey]:
    """Read the keys; one that cannot be used is logged and left out, the others go on serving."""
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
