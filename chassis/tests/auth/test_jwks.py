"""The JWKS document: what is published of a key, and which keys of a document are taken."""

import json
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from flask_chassis.auth import jwks
from flask_chassis.auth.jwks import JwksError
from flask_chassis.auth.public_keys import PublicKeys


@pytest.fixture
def entry(key: Path) -> dict[str, Any]:
    """A good key, as the issuer publishes it."""
    [made] = jwks.document(PublicKeys(key.parent.parent / "public").all())["keys"]
    return dict(made)


def read(*entries: Any) -> list[str]:
    """Return the ids of the keys that are taken of these."""
    return list(jwks.read(json.dumps({"keys": entries}).encode()))


def test_a_folder_becomes_a_document_of_public_parts_alone(key: Path) -> None:
    [made] = jwks.document(PublicKeys(key.parent.parent / "public").all())["keys"]
    assert made.keys() == {"kid", "kty", "use", "alg", "n", "e"}
    assert (made["kid"], made["kty"], made["use"], made["alg"]) == ("tests", "RSA", "sig", "RS256")


def test_what_is_published_is_read_as_the_same_keys(key: Path, other_key: Path) -> None:
    keys = {
        path.stem: PublicKeys(path.parent.parent / "public").all()[path.stem]
        for path in (key, other_key)
    }
    assert jwks.read(json.dumps(jwks.document(keys)).encode()) == keys


def test_what_an_entry_need_not_say_may_be_left_out(entry: dict[str, Any]) -> None:
    del entry["use"], entry["alg"]
    assert read(entry | {"key_ops": ["verify"], "x5t": "more"}) == ["tests"]


def rsa_entry(bits: int) -> dict[str, Any]:
    """Return a key of an odd size."""
    key = rsa.generate_private_key(65537, bits).public_key()
    return dict(RSAAlgorithm.to_jwk(key, as_dict=True))


BAD: dict[str, dict[str, Any]] = {
    "no kid": {"kid": None},
    "an empty kid": {"kid": ""},
    "a kid that is a number": {"kid": 1},
    "a long kid": {"kid": "x" * 101},
    "a kid of two lines": {"kid": "a\nb"},
    "a kid of half a character": {"kid": "\ud800"},
    "another type": {"kty": "oct"},
    "a type that is a list": {"kty": ["RSA"]},
    "no type": {"kty": None},
    "another algorithm": {"alg": "HS256"},
    "no algorithm at all": {"alg": "none"},
    "an algorithm for keys": {"alg": "RSA-OAEP"},
    "for encryption": {"use": "enc"},
    "for signing alone": {"key_ops": ["sign"]},
    "operations that are a number": {"key_ops": 1},
    "no modulus": {"n": None},
    "a modulus that is a number": {"n": 5},
    "a modulus that is a list": {"n": []},
    "a modulus that is empty": {"n": ""},
    "a modulus that is no Base64": {"n": "!!! ünï"},
    "an even exponent": {"e": "Ag"},
    "an exponent of one": {"e": "AQ"},
    "an exponent of zero": {"e": "AA"},
    "a weak key": rsa_entry(1024),
    "a huge key": {"n": "_" * 1400},
    **{f"the private part {part}": {part: "AQAB"} for part in sorted(jwks.PRIVATE_PARTS)},
}


@pytest.mark.parametrize("sort", BAD)
def test_a_key_that_cannot_be_used_is_left_out_and_logged(
    entry: dict[str, Any], sort: str, caplog: pytest.LogCaptureFixture
) -> None:
    changed = entry | {"kid": "bad"} | BAD[sort]
    assert read(changed, entry) == ["tests"]
    assert "is left out" in caplog.text
    assert str(entry["n"]) not in caplog.text


@pytest.mark.parametrize("odd", [None, 1, "key", [], [[]], {}, {"kid": {}}, True])
def test_an_entry_that_is_no_key_is_left_out(entry: dict[str, Any], odd: Any) -> None:
    assert read(odd, entry, odd) == ["tests"]


def test_other_keys_are_left_out(entry: dict[str, Any], key: Path) -> None:
    elliptic = ECAlgorithm.to_jwk(ec.generate_private_key(ec.SECP256R1()).public_key(), True)
    private = load_pem_private_key(key.read_bytes(), password=None)
    assert isinstance(private, rsa.RSAPrivateKey)
    whole = RSAAlgorithm.to_jwk(private, as_dict=True)
    assert read(elliptic | {"kid": "ec"}, whole | {"kid": "whole"}, entry) == ["tests"]


def test_of_two_keys_of_one_id_the_first_is_taken(entry: dict[str, Any]) -> None:
    taken = jwks.read(json.dumps({"keys": [entry, rsa_entry(2048) | {"kid": "tests"}]}).encode())
    assert jwks.document(taken)["keys"] == [entry]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff\xfe",
        b"<html>",
        b"[]",
        b"null",
        b'"keys"',
        b"{}",
        b'{"keys": null}',
        b'{"keys": {}}',
        b'{"keys": []}',
        b'{"keys": [1]}',
        b"[" * 60_000,
        b'{"keys": ' + b"9" * 5000 + b"}",
    ],
)
def test_a_document_without_a_usable_key_is_none(body: bytes) -> None:
    with pytest.raises(JwksError):
        jwks.read(body)
