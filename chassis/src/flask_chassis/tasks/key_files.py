"""The files of an issuer's keys. What they are called says what they are and where a rotation is.

    private/<kid>.pem       for the issuer alone
    private/signing-kid     names the one that signs
    public/<kid>.pem        published: what services accept
    public/<kid>.pem.new    made, and not yet published

A kid that is made here is the time, so that of two keys the newer is known by its name:
copies and mounted secrets keep names, but not the times of files.
"""

import fcntl
import os
import re
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from invoke import Exit

from flask_chassis.auth import signing_key

BITS = 3072

TIMED = re.compile(r"\d{8}-\d{6}-\d{6}")


def new_kid(now: float) -> str:
    """Return an id for a new key, from the time in UTC: 20261121-044546-123456."""
    moment = datetime.fromtimestamp(now, UTC)
    return f"{moment:%Y%m%d-%H%M%S-%f}"


def is_newer(kid: str, than: str) -> bool:
    """Return whether one key was created after the other; a kid without a time is the oldest."""
    if not TIMED.fullmatch(kid):
        return False
    return not TIMED.fullmatch(than) or kid > than


class KeyFiles:
    """The files below one folder."""

    def __init__(self, root: Path, clock: Callable[[], float] = time.time) -> None:
        self.root = root
        self.clock = clock

    def private(self, kid: str) -> Path:
        """Return the path of a private key."""
        return self.root / "private" / f"{kid}.pem"

    def public(self, kid: str) -> Path:
        """Return the path of a published public key."""
        return self.root / "public" / f"{kid}.pem"

    def draft(self, kid: str) -> Path:
        """Return the path of an unpublished public key, which no service reads."""
        return self.root / "public" / f"{kid}.pem.new"

    @property
    def asked_for_file(self) -> Path:
        """The file with the number of the manual step that is not yet confirmed."""
        return self.root / "asked-for"

    @property
    def signing_kid_file(self) -> Path:
        """The file with the kid of the signing key."""
        return self.root / "private" / signing_key.SIGNING_KID

    def private_kids(self) -> set[str]:
        """Return the ids of the private keys."""
        return {path.stem for path in (self.root / "private").glob("*.pem")}

    def public_kids(self) -> set[str]:
        """Return the ids of the published keys."""
        return {path.stem for path in (self.root / "public").glob("*.pem")}

    def active(self) -> str:
        """Return the kid of the signing key; raises ConfigurationError if it is missing."""
        return signing_key.find(self.root / "private").stem

    def pin_the_only_key(self) -> None:
        """Record the only private key as the signing key, before a second key is created."""
        if not self.signing_kid_file.exists() and len(self.private_kids()) == 1:
            self.sign_with(*self.private_kids())

    def make(self, kid: str, bits: int = BITS) -> None:
        """Create a key pair without publishing the public key."""
        key = rsa.generate_private_key(public_exponent=65537, key_size=bits)
        self.private(kid).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.draft(kid).parent.mkdir(parents=True, exist_ok=True)
        # The public key is written first, so that an interruption leaves no private key alone.
        _write(self.draft(kid), _public_half(key), mode=0o644)
        pem = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        _write(self.private(kid), pem, mode=0o600)

    def publish(self, kid: str) -> None:
        """Publish the public key to the services that read this folder."""
        if not self.draft(kid).is_file():
            _write(self.draft(kid), self._derived_public_half(kid), mode=0o644)
        self._changes_now(self.draft(kid))
        self.draft(kid).rename(self.public(kid))

    def check(self, kid: str) -> None:
        """Raise Exit if a private key is not usable or does not match the published public key."""
        if _published(self.public(kid)) != self._derived_public_half(kid):
            raise Exit(
                f"{self.public(kid)} does not belong to {self.private(kid)}: replace it with the "
                "public key of this private key.",
                1,
            )

    def sign_with(self, kid: str) -> None:
        """Set the signing key."""
        _write(self.signing_kid_file, f"{kid}\n".encode(), mode=0o600)
        self._changes_now(self.signing_kid_file)

    def remove(self, kid: str) -> None:
        """Remove the private and the public key."""
        for path in (self.private(kid), self.draft(kid), self.public(kid)):
            path.unlink(missing_ok=True)

    def ask_for(self, step: int) -> None:
        """Record the manual step that the operator has been asked to do."""
        _write(self.asked_for_file, f"{step}\n".encode(), mode=0o600)

    def asked_for(self) -> int:
        """Return the recorded manual step, or 0."""
        try:
            return int(self.asked_for_file.read_text())
        except (FileNotFoundError, ValueError):
            return 0

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Lock the files while the `with` block runs; raises Exit if another process has them."""
        folder = os.open(self.root, os.O_RDONLY)
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield
        except BlockingIOError:
            raise Exit(
                f"Another process is changing the keys in {self.root}. Try again later.", 1
            ) from None
        finally:
            os.close(folder)

    def _changes_now(self, path: Path) -> None:
        os.utime(path, (self.clock(), self.clock()))

    def _derived_public_half(self, kid: str) -> bytes:
        try:
            pem = self.private(kid).read_bytes()
            key = serialization.load_pem_private_key(pem, password=None)
        except (ValueError, TypeError) as error:
            raise Exit(f"{self.private(kid)} is not a private key: remove it.", 1) from error
        if not isinstance(key, rsa.RSAPrivateKey):
            raise Exit(f"{self.private(kid)} is not an RSA key: remove it.", 1)
        return _public_half(key)


def _published(path: Path) -> bytes | None:
    return path.read_bytes() if path.is_file() else None


def _public_half(key: rsa.RSAPrivateKey) -> bytes:
    return key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def _write(path: Path, content: bytes, mode: int) -> None:
    """Write a file atomically.

    Root gives it to the owner of the folder, so that the issuer can read it.
    """
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(content)
        if os.geteuid() == 0:
            folder = path.parent.stat()
            os.fchown(file.fileno(), folder.st_uid, folder.st_gid)
    part.rename(path)
