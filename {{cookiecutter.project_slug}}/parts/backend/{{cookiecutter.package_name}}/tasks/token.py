"""Tasks about tokens."""

from pathlib import Path

from invoke import Context, Exit, task

from ..chassis import settings, signing, signing_key
from ..chassis.settings import Settings
from . import keys


@task(
    help={
        "username": "Whose token it is",
        "scope": "What it allows, with spaces between: admin",
        "minutes": "How long it is valid; by default as long as the issuer's",
        "folder": "Where private/<kid>.pem is",
    }
)
def issue(
    context: Context,
    username: str = "developer",
    scope: str = "",
    minutes: int = 0,
    folder: str = "",
) -> None:
    """Print a token, for development and tests; elsewhere only the issuer signs tokens."""
    wanted = settings.load()
    if not wanted.is_for_developers:
        raise Exit(f"Tokens are not issued in {wanted.environment}: the issuer does that.", 1)
    root = Path(folder) if folder else keys.default_folder()
    seconds = minutes * 60 or wanted["tokens.life_seconds"]
    print(sign(wanted, signing_key.find(root / "private"), username, scope, seconds))


def sign(wanted: Settings, key: Path, username: str, scope: str = "", seconds: int = 3600) -> str:
    """Return a token signed with a private key, whose file's name is its id."""
    signer = signing.Signer(wanted, signing_key.SigningKey(key.parent, key.stem))
    return signer.sign(username, username, scope, seconds)
