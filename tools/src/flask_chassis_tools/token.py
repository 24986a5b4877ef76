"""Tasks about tokens."""

from pathlib import Path

from flask_chassis import settings
from flask_chassis.auth import signing, signing_key
from flask_chassis.settings import Settings
from flask_chassis.tasks import keys
from invoke import Context, Exit, task


@task(
    help={
        "username": "The user that the token is for",
        "scope": "Scopes, separated by spaces: admin",
        "minutes": "Lifetime; by default that of the issuer's tokens",
        "folder": "Folder with private/<kid>.pem",
    }
)
def issue(
    context: Context,
    username: str = "developer",
    scope: str = "",
    minutes: int = 0,
    folder: str = "",
) -> None:
    """Print a token for development and tests; in other environments only the issuer signs."""
    wanted = settings.load()
    if not wanted.is_for_developers:
        raise Exit(f"Tokens for {wanted.environment} are issued only by the issuer.", 1)
    root = Path(folder) if folder else keys.default_folder()
    seconds = minutes * 60 or wanted["tokens.life_seconds"]
    print(sign(wanted, signing_key.find(root / "private"), username, scope, seconds))


def sign(wanted: Settings, key: Path, username: str, scope: str = "", seconds: int = 3600) -> str:
    """Return a token, signed with the private key in a file <kid>.pem."""
    signer = signing.Signer(wanted, signing_key.SigningKey(key.parent, key.stem))
    return signer.sign(username, username, scope, seconds)
