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

from ..chassis import signing_key

BITS = 3072

TIMED = re.compile(r"\d{8}-\d{6}-\d{6}")


def new_kid(now: float) -> str:
    """Return an id for a new key, from the time in UTC: 20261121-044546-123456."""
    moment = datetime.fromtimestamp(now, UTC)
    return f"{moment:%Y%m%d-%H%M%S-%f}"


def is_newer(kid: str, than: str) -> bool:
    """Return whether one key was made after the other; one without a time is as old as any."""
    if not TIMED.fullmatch(kid):
        return False
    return not TIMED.fullmatch(than) or kid > than


class KeyFiles:
    """The files below one folder."""

    def __init__(self, root: Path, clock: Callable[[], float] = time.time) -> None:
        self.root = root
        self.clock = clock

    def private(self, kid: str) -> Path:
        """Return where a private key is."""
        return self.root / "private" / f"{kid}.pem"

    def public(self, kid: str) -> Path:
        """Return where a public key is once it is published."""
        return self.root / "public" / f"{kid}.pem"

    def draft(self, kid: str) -> Path:
        """Return where a public key is before; no service reads a file of that name."""
        return self.root / "public" / f"{kid}.pem.new"

    @property
    def asked_for_file(self) -> Path:
        """The file that names the step which is done by hand, and not yet said to be done."""
        return self.root / "asked-for"

    @property
    def signing_kid_file(self) -> Path:
        """The file that names the key that signs."""
        return self.root / "private" / signing_key.SIGNING_KID

    def private_kids(self) -> set[str]:
        """Return the ids of the private keys."""
        return {path.stem for path in (self.root / "private").glob("*.pem")}

    def public_kids(self) -> set[str]:
        """Return the ids of the published keys."""
        return {path.stem for path in (self.root / "public").glob("*.pem")}

    def active(self) -> str:
        """Return the id of the key that signs; StartError where there is none."""
        return signing_key.find(self.root / "private").stem

    def pin_the_only_key(self) -> None:
        """Write down which key signs, as long as there is no doubt: a second key would be one."""
        if not self.signing_kid_file.exists() and len(self.private_kids()) == 1:
            self.sign_with(*self.private_kids())

    def make(self, kid: str, bits: int = BITS) -> None:
        """Make a pair whose public half is not yet published."""
        key = rsa.generate_private_key(public_exponent=65537, key_size=bits)
        self.private(kid).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.draft(kid).parent.mkdir(parents=True, exist_ok=True)
        # The draft first: a private key without it would be a pair that is half made.
        _write(self.draft(kid), _public_half(key), mode=0o644)
        pem = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        _write(self.private(kid), pem, mode=0o600)

    def publish(self, kid: str) -> None:
        """Let the services that read this folder have the public half: from now on they wait."""
        if not self.draft(kid).is_file():
            _write(self.draft(kid), self._derived_public_half(kid), mode=0o644)
        self._changes_now(self.draft(kid))
        self.draft(kid).rename(self.public(kid))

    def check(self, kid: str) -> None:
        """Exit where a private key is not usable, or its public half is not what is published."""
        if _published(self.public(kid)) != self._derived_public_half(kid):
            raise Exit(f"{self.public(kid)} does not belong to {self.private(kid)}: mend that.", 1)

    def sign_with(self, kid: str) -> None:
        """Name the key that signs from now on."""
        _write(self.signing_kid_file, f"{kid}\n".encode(), mode=0o600)
        self._changes_now(self.signing_kid_file)

    def remove(self, kid: str) -> None:
        """Remove both halves of a key."""
        for path in (self.private(kid), self.draft(kid), self.public(kid)):
            path.unlink(missing_ok=True)

    def ask_for(self, step: int) -> None:
        """Write down which step somebody has been asked to do by hand."""
        _write(self.asked_for_file, f"{step}\n".encode(), mode=0o600)

    def asked_for(self) -> int:
        """Return which step that is; 0 where it is none."""
        try:
            return int(self.asked_for_file.read_text())
        except (FileNotFoundError, ValueError):
            return 0

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep others from changing the files meanwhile; Exit where somebody is at it."""
        folder = os.open(self.root, os.O_RDONLY)
        try:
            fcntl.flock(folder, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield
        except BlockingIOError:
            raise Exit(f"Somebody else is changing the keys in {self.root} right now.", 1) from None
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
    """Write a file in one step: it is there as a whole or not at all, whatever comes in between.

    It belongs to whom the folder belongs: the issuer has to read what root has made for it.
    """
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        file.write(content)
        if os.geteuid() == 0:
            folder = path.parent.stat()
            os.fchown(file.fileno(), folder.st_uid, folder.st_gid)
    part.rename(path)
