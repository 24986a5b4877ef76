"""JWKS endpoint: serves the public keys as a JSON Web Key Set, for services without key files."""

from flask import Blueprint, Flask, Response, current_app

from flask_chassis import project
from flask_chassis.auth import jwks
from flask_chassis.auth.access import public
from flask_chassis.auth.public_keys import PublicKeys
from flask_chassis.http import responses
from flask_chassis.settings import Settings

blueprint = Blueprint("key_set", __name__)

# Services cache the keys for `tokens.keys_cache_seconds`, and a key rotation waits as long. With an
# HTTP cache in between, the keys of a service could be twice as old.
NO_CACHE = {"Cache-Control": "no-cache"}


def init_app(app: Flask, settings: Settings) -> None:
    """Register the endpoint. It is specified by RFC 7517 and not part of the OpenAPI document."""
    folder = project.working_folder() / settings["tokens.public_keys_folder"]
    app.extensions["key_set"] = PublicKeys(folder)
    app.register_blueprint(blueprint)


@blueprint.get("/.well-known/jwks.json")
@public
def key_set() -> Response:
    """Respond with all published public keys."""
    published: PublicKeys = current_app.extensions["key_set"]
    return responses.json(jwks.document(published.all()), headers=NO_CACHE)
