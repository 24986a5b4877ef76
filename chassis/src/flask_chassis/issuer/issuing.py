"""Issues access tokens (JWTs), signed with the private key of the issuer."""

from functools import partial

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from flask import Flask, current_app

from flask_chassis import project
from flask_chassis.auth import signing
from flask_chassis.auth.public_keys import PublicKeys
from flask_chassis.auth.signing_key import SigningKey
from flask_chassis.exceptions import ConfigurationError
from flask_chassis.settings import Settings


def init_app(app: Flask, settings: Settings) -> None:
    """Load the private key that signs tokens.

    Raises ConfigurationError if the key is missing or its public key is not published.
    """
    folder = project.working_folder() / settings["tokens.private_keys_folder"]
    published: PublicKeys = app.extensions["key_set"]
    check = partial(_is_published, published)
    try:
        signing_key = SigningKey(folder, settings["tokens.signing_kid"], check)
    except ConfigurationError as error:
        raise ConfigurationError(f"{error} {HOW_TO_GIVE_A_KEY}") from None
    app.extensions["signer"] = signing.Signer(settings, signing_key)
    app.extensions["token_life"] = settings["tokens.life_seconds"]


HOW_TO_GIVE_A_KEY = (
    "tokens.private_keys_folder is the folder with <kid>.pem, usually a mounted secret. If it "
    "contains several keys, tokens.signing_kid selects one. In development, generate keys with the "
    "task keys.generate."
)


def _is_published(published: PublicKeys, kid: str, private: RSAPrivateKey) -> None:
    """Raise ConfigurationError unless the public key of a private key is published.

    It is called at the start and at each change of the signing key.
    """
    public = published.get(kid)
    if public is None or public.public_numbers() != private.public_key().public_numbers():
        raise ConfigurationError(
            f"tokens.public_keys_folder has no {kid}.pem that belongs to the private key of "
            "that name: every token would be rejected. Publish the public key first."
        )


def authorization_for(subject: str, username: str, scope: str) -> str:
    """Return the value of the `Authorization` header with a new token for a user.

    `subject` is the id of the user; `scope` contains the scopes, separated by spaces.
    """
    signer: signing.Signer = current_app.extensions["signer"]
    life: int = current_app.extensions["token_life"]
    return f"Bearer {signer.sign(subject, username, scope, life)}"
