"""Tasks about tokens."""

import time
from pathlib import Path

import jwt
from invoke import Context, Exit, task

from ..chassis import settings
from ..chassis.settings import Settings
from ..chassis.tokens import ALGORITHM
from . import keys


@task(
    help={
        "username": "Whose token it is",
        "scope": "What it allows, with spaces between: admin",
        "minutes": "How long it is valid",
        "folder": "Where private/<kid>.pem is",
    }
)
def issue(
    context: Context,
    username: str = "developer",
    scope: str = "",
    minutes: int = 60,
    folder: str = "",
) -> None:
    """Print a token, for development and tests; elsewhere only the issuer signs tokens."""
    wanted = settings.load()
    if not wanted.is_for_developers:
        raise Exit(f"Tokens are not issued in {wanted.environment}: the issuer does that.", 1)
    root = Path(folder) if folder else keys.default_folder()
    print(sign(wanted, newest_key(root), username, scope, minutes * 60))


def newest_key(root: Path) -> Path:
    """Return the newest private key below `root`."""
    found = sorted((root / "private").glob("*.pem"), key=lambda path: path.stat().st_mtime_ns)
    if not found:
        raise Exit(f"There is no private key in {root / 'private'}: run keys.generate first.", 1)
    return found[-1]


def sign(wanted: Settings, key: Path, username: str, scope: str = "", seconds: int = 3600) -> str:
    """Return a token signed with a private key, whose file's name is its id."""
    now = int(time.time())
    claims = {
        "sub": username,
        "username": username,
        "iat": now,
        "exp": now + seconds,
        "iss": wanted["tokens.issuer"],
        "aud": wanted["tokens.audience"],
        "scope": scope,
    }
    return jwt.encode(claims, key.read_bytes(), ALGORITHM, headers={"kid": key.stem})
