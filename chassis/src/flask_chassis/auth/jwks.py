"""Public keys as a JWKS document (RFC 7517): what the issuer publishes and the others read.

GET /.well-known/jwks.json  ->  {"keys": [{"kid": ..., "kty": "RSA", "n": ..., "e": ..., ...}]}
"""

import json
import logging
from collections.abc import Mapping
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from jwt.algorithms import RSAAlgorithm

from flask_chassis.auth.public_keys import ALGORITHM, SMALLEST_KEY_BITS

LARGEST_KEY_BITS = 8192
"""A larger key makes every verification slow, and no issuer of ours has one."""

LONGEST_KID = 100

PRIVATE_PARTS = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})

log = logging.getLogger(__name__)

Keys = dict[str, RSAPublicKey]


class JwksError(Exception):
    """There is no document of public keys to be had; the message says why."""


def document(keys: Mapping[str, RSAPublicKey]) -> dict[str, Any]:
    """Return the document of these keys: `jwks.document(PublicKeys(folder).all())`."""
    return {"keys": [_published(kid, key) for kid, key in sorted(keys.items())]}


def read(body: bytes) -> Keys:
    """Return the usable keys of a JWKS document.

    Unusable keys are logged and left out. Raises JwksError if the document is not a key set or has
    no usable key.
    """
    try:
        found = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise JwksError("it is not JSON") from error
    entries = found.get("keys") if isinstance(found, dict) else None
    if not isinstance(entries, list):
        raise JwksError("it has no list of keys")
    keys: Keys = {}
    for entry in entries:
        try:
            kid, key = _usable(entry)
            if kid in keys:
                raise JwksError("its kid is another key's as well")
        except JwksError as error:
            log.error("key %.200r of the JWKS is left out: %s", _name(entry), error)
            continue
        keys[kid] = key
    if not keys:
        raise JwksError("it has no usable key")
    return keys


def _published(kid: str, key: RSAPublicKey) -> dict[str, Any]:
    numbers = RSAAlgorithm.to_jwk(key, as_dict=True)
    # The members are chosen one by one: whatever else a library may come to add stays here.
    return {
        "kid": kid,
        "kty": "RSA",
        "alg": ALGORITHM,
        "use": "sig",
        "n": numbers["n"],
        "e": numbers["e"],
    }


def _usable(entry: Any) -> tuple[str, RSAPublicKey]:
    """Return an entry's kid and key; JwksError says why it cannot be used."""
    if not isinstance(entry, dict):
        raise JwksError("it is not an object")
    kid = entry.get("kid")
    if not isinstance(kid, str) or not 1 <= len(kid) <= LONGEST_KID or not kid.isprintable():
        raise JwksError(f"its kid is not a text of 1 to {LONGEST_KID} characters")
    if not PRIVATE_PARTS.isdisjoint(entry):
        raise JwksError("IT HAS PRIVATE PARTS. Anyone who has read them can sign: rotate it")
    for member, only in {"kty": "RSA", "use": "sig", "alg": ALGORITHM}.items():
        if entry.get(member, only) != only:
            raise JwksError(f"its {member} is not {only}")
    operations = entry.get("key_ops", ["verify"])
    if not isinstance(operations, list) or "verify" not in operations:
        raise JwksError("its key_ops do not let it verify")
    try:
        key = jwt.PyJWK(entry, ALGORITHM).key
    except (jwt.PyJWTError, ValueError, TypeError, OverflowError) as error:
        raise JwksError("it cannot be read") from error
    if not isinstance(key, RSAPublicKey):
        raise JwksError("it is not a public key")
    if not SMALLEST_KEY_BITS <= key.key_size <= LARGEST_KEY_BITS:
        raise JwksError(f"it has {key.key_size} bits, not {SMALLEST_KEY_BITS} or more")
    return kid, key


def _name(entry: Any) -> Any:
    """Return what tells an entry from the others in a log line: never its content."""
    return entry.get("kid") if isinstance(entry, dict) else type(entry).__name__
