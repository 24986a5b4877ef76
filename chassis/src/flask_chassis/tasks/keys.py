"""Tasks for the signing keys of tokens: key generation and key rotation."""

import re
from pathlib import Path

from invoke import Context, Exit, task

from flask_chassis import project, settings
from flask_chassis.tasks import key_files, key_rotation
from flask_chassis.tasks.key_files import BITS, KeyFiles
from flask_chassis.tasks.key_rotation import Rotation

# It names files, and is sent in the header of every token.
_KID = re.compile(r"[A-Za-z0-9_-]{1,64}")


@task(
    help={
        "kid": "The id of the key and the name of its files; by default the time",
        "folder": "The folder for private/<kid>.pem and public/<kid>.pem",
        "once": "Do nothing if a key pair exists",
    }
)
def generate(context: Context, kid: str = "", folder: str = "", once: bool = False) -> None:
    """Generate a key pair: a private key for the issuer, a public key for the other services."""
    root = Path(folder) if folder else default_folder()
    files = KeyFiles(root)
    if once and files.private_kids() & files.public_kids():
        print(f"There are keys in {root}.")
        return
    files.pin_the_only_key()
    made = write_pair(root, kid or key_files.new_kid(files.clock()))
    files.pin_the_only_key()
    print(f"Made {made} and its public half.")


@task(
    help={
        "folder": "Where private/ and public/ are",
        "status": "Say where the rotation is, and change nothing",
        "applied": "In Kubernetes: what the last call asked for is done and has been rolled out",
        "now": "Do not wait: the next step refuses tokens if it comes too early",
    }
)
def rotate(
    context: Context,
    folder: str = "",
    status: bool = False,
    applied: bool = False,
    now: bool = False,
) -> None:
    """Rotate the signing key in six steps, one or two at each call, without rejecting tokens."""
    found = settings.load(section="tokens")
    files = KeyFiles(Path(folder) if folder else default_folder())
    steps = Rotation(files, key_rotation.waits(found), by_hand=key_rotation.is_by_hand(found))
    if status:
        print("\n".join(steps.status()))
        return
    key_rotation.refuse_another_signer(found, files)
    try:
        with files.locked():
            for line in steps.go_on(applied=applied, now=now):
                print(line)
    except OSError as error:
        raise Exit(f"The keys in {files.root} cannot be changed: {error}", 1) from None


def default_folder() -> Path:
    """Return the folder of the keys for development, which git ignores."""
    return project.working_folder() / "keys"


def write_pair(root: Path, kid: str, bits: int = BITS) -> Path:
    """Write a new key pair below `root` and return the path of the private key.

    Raises Exit if `kid` is not valid or exists already.
    """
    if not _KID.fullmatch(kid):
        raise Exit(f"{kid!r} is not a valid key id: use up to 64 letters, digits, - and _.", 1)
    files = KeyFiles(root)
    if files.private(kid).exists() or files.public(kid).exists():
        raise Exit(f"There is a key {kid} in {root} already. Choose another --kid.", 1)
    files.make(kid, bits)
    files.publish(kid)
    return files.private(kid)
