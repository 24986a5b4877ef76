"""Issues tokens, signed with the private key that this service alone has."""

from flask import Flask, current_app
from sqlalchemy import Row

from ..chassis import project_files, signing
from ..chassis.failures import StartError
from ..chassis.settings import Settings
from ..chassis.signing_key import SigningKey


def init_app(app: Flask, settings: Settings) -> None:
    """Read the private key; StartError where there is none, or nobody could verify its tokens."""
    folder = project_files.working_folder() / settings["tokens.private_keys_folder"]
    try:
        signing_key = SigningKey(folder, settings["tokens.signing_kid"])
    except StartError as error:
        raise StartError(f"{error} {HOW_TO_GIVE_A_KEY}") from None
    kid, private = signing_key.current()
    published = app.extensions["key_set"].keys.get(kid)
    if published is None or published.public_numbers() != private.public_key().public_numbers():
        raise StartError(
            f"tokens.public_keys_folder has no {kid}.pem that belongs to the private key of "
            "that name: every token would be refused. Publish it before it is used."
        )
    app.extensions["signer"] = signing.Signer(settings, signing_key)
    app.extensions["token_life"] = settings["tokens.life_seconds"]


HOW_TO_GIVE_A_KEY = (
    "tokens.private_keys_folder is a folder with <kid>.pem, a mounted secret; tokens.signing_kid "
    "names one of several. A developer makes keys with the task keys.generate."
)


def authorization_for(user: Row[int, str, str, str]) -> str:
    """Return what a user puts into the header `Authorization`: a new token, short-lived."""
    signer: signing.Signer = current_app.extensions["signer"]
    life: int = current_app.extensions["token_life"]
    return f"Bearer {signer.sign(str(user.id), user.name, user.scope, life)}"
