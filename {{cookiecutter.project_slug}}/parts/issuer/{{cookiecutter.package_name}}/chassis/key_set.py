"""The public keys as a JSON Web Key Set, for services that do not mount them."""

from flask import Blueprint, Flask, Response, current_app

from . import jwks, project_files, responses
from .access import public
from .keys import PublicKeys
from .settings import Settings

blueprint = Blueprint("key_set", __name__)

# Services keep the keys for `tokens.keys_cache_seconds`, and rotations wait so long. With
# a cache on the way that kept them too, a service could have keys that are twice as old.
NOT_KEPT_ON_THE_WAY = {"Cache-Control": "no-cache"}


def init_app(app: Flask, settings: Settings) -> None:
    """Serve the set. It is no part of the API, and not in its document: its RFC describes it."""
    folder = project_files.working_folder() / settings["tokens.public_keys_folder"]
    app.extensions["key_set"] = PublicKeys(folder)
    app.register_blueprint(blueprint)


@blueprint.get("/.well-known/jwks.json")
@public
def key_set() -> Response:
    """Answer with all keys."""
    published: PublicKeys = current_app.extensions["key_set"]
    return responses.json(jwks.document(published.all()), headers=NOT_KEPT_ON_THE_WAY)
