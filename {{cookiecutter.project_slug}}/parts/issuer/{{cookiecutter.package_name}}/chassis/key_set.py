"""The public keys as a JSON Web Key Set, for services that do not mount them."""

from dataclasses import dataclass

from flask import Blueprint, Flask, Response, current_app

from . import jwks, project_files, responses
from .access import public
from .keys import PublicKeys
from .settings import Settings

blueprint = Blueprint("key_set", __name__)


@dataclass(frozen=True, slots=True)
class Published:
    """The keys that tokens may be signed with, now or soon, and how long others may keep them."""

    keys: PublicKeys
    cache_seconds: int


def init_app(app: Flask, settings: Settings) -> None:
    """Serve the set. It is no part of the API, and not in its document: its RFC describes it."""
    folder = project_files.working_folder() / settings["tokens.public_keys_folder"]
    cache_seconds = settings["tokens.keys_cache_seconds"]
    app.extensions["key_set"] = Published(PublicKeys(folder), cache_seconds)
    app.register_blueprint(blueprint)


@blueprint.get("/.well-known/jwks.json")
@public
def key_set() -> Response:
    """Answer with all keys."""
    published: Published = current_app.extensions["key_set"]
    headers = {"Cache-Control": f"public, max-age={published.cache_seconds}"}
    return responses.json(jwks.document(published.keys.all()), headers=headers)
