"""What is in a token, and that others accept it."""

import time
from pathlib import Path

import jwt
import pytest
from flask import Flask

from flask_chassis.auth.public_keys import PublicKeys
from flask_chassis.auth.signing import Signer
from flask_chassis.auth.signing_key import SigningKey
from flask_chassis.auth.tokens import BadTokenError, Claims, Verifier
from flask_chassis.settings import Settings


@pytest.fixture
def signer(settings: Settings, key: Path) -> Signer:
    """What signs with the key of the tests."""
    return Signer(settings, SigningKey(key.parent, key.stem))


def test_a_token_is_accepted_and_says_what_was_signed(probed: Flask, signer: Signer) -> None:
    verifier: Verifier = probed.extensions["tokens"]
    claims = verifier.verify(signer.sign("7", "ada", "read admin", 60))
    assert (claims.subject, claims.username) == ("7", "ada")
    assert claims.scopes == {"read", "admin"}
    assert claims.token_id
    assert abs(claims.expires - time.time() - 60) < 30


def test_a_token_says_which_key_has_signed_it(signer: Signer, key: Path) -> None:
    header = jwt.get_unverified_header(signer.sign("7", "ada", "", 60))
    assert header == {"alg": "RS256", "typ": "JWT", "kid": key.stem}


def test_a_token_has_all_claims_that_services_ask_for(signer: Signer, settings: Settings) -> None:
    token = signer.sign("7", "ada", "", 60)
    claims = jwt.decode(token, options={"verify_signature": False})
    names = {"sub", "username", "iat", "exp", "iss", "aud", "scope", "jti"}
    assert claims.keys() == names
    assert claims["exp"] - claims["iat"] == 60
    assert claims["iss"] == settings["tokens.issuer"]
    assert claims["aud"] == settings["tokens.audience"]


def test_no_two_tokens_have_one_id(probed: Flask, signer: Signer) -> None:
    tokens = [signer.sign("7", "ada", "", 60) for _ in range(5)]
    assert len({probed.extensions["tokens"].verify(token).token_id for token in tokens}) == 5


def test_a_token_can_be_refused_that_is_valid_otherwise(
    settings: Settings, signer: Signer, key: Path
) -> None:
    verifier = Verifier(
        PublicKeys(key.parent.parent / "public"),
        settings["tokens.issuer"],
        settings["tokens.audience"],
        leeway_seconds=0,
    )
    asked: list[Claims] = []

    def is_adas(claims: Claims) -> bool:
        asked.append(claims)
        return claims.username == "ada"

    verifier.refuse(is_adas)
    assert verifier.verify(signer.sign("8", "bob", "", 60)).username == "bob"
    with pytest.raises(BadTokenError, match="revoked"):
        verifier.verify(signer.sign("7", "ada", "", 60))
    with pytest.raises(BadTokenError, match="expired"):
        verifier.verify(signer.sign("7", "ada", "", -60))
    assert [claims.username for claims in asked] == ["bob", "ada"]
