"""Issues tokens, signed with the private key that this service alone has."""

from functools import partial

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from flask import Flask, current_app

from . import project_files, signing
from .failures import StartError
from .keys import PublicKeys
from .settings import Settings
from .signing_key import SigningKey


def init_app(app: Flask, settings: Settings) -> None:
    """Read the private key; StartError where there is none, or nobody could verify its tokens."""
    folder = project_files.working_folder() / settings["tokens.private_keys_folder"]
    published: PublicKeys = app.extensions["key_set"]
    check = partial(_is_published, published)
    try:
        signing_key = SigningKey(folder, settings["tokens.signing_kid"], check)
    except StartError as error:
        raise StartError(f"{error} {HOW_TO_GIVE_A_KEY}") from None
    app.extensions["signer"] = signing.Signer(settings, signing_key)
    app.extensions["token_life"] = settings["tokens.life_seconds"]


HOW_TO_GIVE_A_KEY = (
    "tokens.private_keys_folder is a folder with <kid>.pem, a mounted secret; tokens.signing_kid "
    "names one of several. A developer makes keys with the task keys.generate."
)


def _is_published(published: PublicKeys, kid: str, private: RSAPrivateKey) -> None:
    """Refuse a key that nobody could verify with, at the start and when keys are switched."""
    public = published.get(kid)
    if public is None or public.public_numbers() != private.public_key().public_numbers():
        raise StartError(
            f"tokens.public_keys_folder has no {kid}.pem that belongs to the private key of "
            "that name: every token would be refused. Publish it before it is used."
        )


def authorization_for(subject: str, username: str, scope: str) -> str:
    """Return what a user puts into the header `Authorization`: a new token, short-lived."""
    signer: signing.Signer = current_app.extensions["signer"]
    life: int = current_app.extensions["token_life"]
    return f"Bearer {signer.sign(subject, username, scope, life)}"
