"""Tasks about the keys that tokens are signed with."""

import re
from pathlib import Path

from invoke import Context, Exit, task

from ..chassis import project_files, settings
from . import key_files, rotation
from .key_files import BITS, KeyFiles
from .rotation import Rotation

# It names files, and is sent in the header of every token.
_KID = re.compile(r"[A-Za-z0-9_-]{1,64}")


@task(
    help={
        "kid": "The key's id, and so its files' name; by default the time",
        "folder": "Where to put private/<kid>.pem and public/<kid>.pem",
        "once": "Leave it where there is a pair already",
    }
)
def generate(context: Context, kid: str = "", folder: str = "", once: bool = False) -> None:
    """Make a pair of keys: a private one for the issuer alone, a public one for the services."""
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
    """Change the key that signs without refusing a token: six steps, one or two at each call."""
    found = settings.load(section="tokens")
    files = KeyFiles(Path(folder) if folder else default_folder())
    steps = Rotation(files, rotation.waits(found), by_hand=rotation.is_by_hand(found))
    if status:
        print("\n".join(steps.status()))
        return
    rotation.refuse_another_signer(found, files)
    try:
        with files.locked():
            for line in steps.go_on(applied=applied, now=now):
                print(line)
    except OSError as error:
        raise Exit(f"The keys in {files.root} cannot be changed: {error}", 1) from None


def default_folder() -> Path:
    """Return where a developer's keys are; git does not track it."""
    return project_files.working_folder() / "keys"


def write_pair(root: Path, kid: str, bits: int = BITS) -> Path:
    """Write a new pair below `root` and return the private key's path."""
    if not _KID.fullmatch(kid):
        raise Exit(f"{kid!r} is no id for a key: give up to 64 letters, digits, - and _.", 1)
    files = KeyFiles(root)
    if files.private(kid).exists() or files.public(kid).exists():
        raise Exit(f"There is a key {kid} in {root} already. Choose another --kid.", 1)
    files.make(kid, bits)
    files.publish(kid)
    return files.private(kid)
