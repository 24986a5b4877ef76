"""Tasks about the keys that tokens are signed with."""

import re
import secrets
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from invoke import Context, Exit, task

from ..chassis import project_files

BITS = 3072

# It names files, and is sent in the header of every token.
_KID = re.compile(r"[A-Za-z0-9_-]{1,64}")


@task(
    help={
        "kid": "The key's id, and so its files' name; by default a random one",
        "folder": "Where to put private/<kid>.pem and public/<kid>.pem",
    }
)
def generate(context: Context, kid: str = "", folder: str = "") -> None:
    """Make a pair of keys: a private one for the issuer alone, a public one for the services."""
    root = Path(folder) if folder else default_folder()
    print(f"Made {write_pair(root, kid or secrets.token_hex(8))} and its public half.")


def default_folder() -> Path:
    """Return where a developer's keys are; git does not track it."""
    return project_files.working_folder() / "keys"


def write_pair(root: Path, kid: str, bits: int = BITS) -> Path:
    """Write a new pair below `root` and return the private key's path."""
    if not _KID.fullmatch(kid):
        raise Exit(f"{kid!r} is no id for a key: give up to 64 letters, digits, - and _.", 1)
    private, public = root / "private" / f"{kid}.pem", root / "public" / f"{kid}.pem"
    if private.exists() or public.exists():
        raise Exit(f"There is a key {kid} in {root} already. Choose another --kid.", 1)
    key = rsa.generate_private_key(public_exponent=65537, key_size=bits)
    private.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    public.parent.mkdir(parents=True, exist_ok=True)
    private.touch(mode=0o600)
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    public.write_bytes(
        key.public_key().public_bytes(
            serialization.Encoding.PEM,
            serialization.PublicFormat.SubjectPublicKeyInfo,
        )
    )
    return private
