"""Which tokens are accepted, and that any other text is 401, whatever is in it."""

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from flask.testing import FlaskClient

from flask_chassis.settings import Settings

DEEP = 100_000


class Forger:
    """Makes tokens of any shape; what is not said is as a good token has it.

    By hand, as PyJWT refuses to make most of them. `header` and `claims` change parts, None takes
    one away; `raw_header` and `raw_claims` are texts instead of the whole.
    """

    def __init__(self, settings: Settings, key: Path) -> None:
        self.kid = key.stem
        self.public_pem = (key.parent.parent / "public" / key.name).read_bytes()
        self._settings = settings
        self._key = load_pem_private_key(key.read_bytes(), password=None)

    def __call__(
        self,
        header: dict[str, Any] | None = None,
        claims: dict[str, Any] | None = None,
        raw_header: str = "",
        raw_claims: str = "",
        sign: Callable[[bytes], bytes] | None = None,
    ) -> str:
        """Return a token."""
        parts = [
            raw_header or _json({"alg": "RS256", "typ": "JWT", "kid": self.kid}, header),
            raw_claims or _json(self.claims, claims),
        ]
        message = b".".join(_base64(part.encode()) for part in parts)
        signature = (sign or self.sign)(message)
        return (message + b"." + _base64(signature)).decode()

    @property
    def claims(self) -> dict[str, Any]:
        """The claims of a good token."""
        now = int(time.time())
        return {
            "sub": "7",
            "username": "ada",
            "scope": "read admin",
            "iat": now,
            "exp": now + 3600,
            "iss": self._settings["tokens.issuer"],
            "aud": self._settings["tokens.audience"],
        }

    def sign(self, message: bytes) -> bytes:
        """Sign with the issuer's key."""
        return self._key.sign(message, PKCS1v15(), SHA256())

    def sign_with_the_public_key(self, message: bytes) -> bytes:
        """Sign with what everybody has, as if it were a secret shared with the service."""
        return hmac.new(self.public_pem, message, hashlib.sha256).digest()


def _json(values: dict[str, Any], changes: dict[str, Any] | None) -> str:
    changed = values | (changes or {})
    return json.dumps({name: value for name, value in changed.items() if value is not None})


def _base64(part: bytes) -> bytes:
    return base64.urlsafe_b64encode(part).rstrip(b"=")


@pytest.fixture(scope="module")
def forge(settings: Settings, key: Path) -> Forger:
    """Make tokens of any shape, signed with the key that the service knows."""
    return Forger(settings, key)


def from_now(seconds: float) -> int:
    """Return a time in the form that tokens have it."""
    return int(time.time() + seconds)


GOOD: dict[str, Callable[[Forger], str]] = {
    "as the issuer makes it": lambda forge: forge(),
    "expired, but within the leeway": lambda forge: forge(claims={"exp": from_now(-20)}),
    "not valid before a moment within the leeway": lambda f: f(claims={"nbf": from_now(20)}),
    "issued within the leeway": lambda forge: forge(claims={"iat": from_now(20)}),
    "for several audiences": lambda f: f(claims={"aud": ["else", f.claims["aud"]]}),
    "with claims that nobody asked for": lambda forge: forge(claims={"jti": "1", "x": [1]}),
}


@pytest.mark.parametrize("sort", GOOD)
def test_a_good_token_says_who_calls(probe: FlaskClient, forge: Forger, sort: str) -> None:
    response = probe.get("/probes/mine/", headers={"Authorization": f"Bearer {GOOD[sort](forge)}"})
    assert response.status_code == 200
    assert response.json == {"subject": "7", "username": "ada", "scopes": ["admin", "read"]}


@pytest.mark.parametrize(
    ("scope", "scopes"),
    [("", []), ("admin", ["admin"]), ("admin orders:read", ["admin", "orders:read"])],
)
def test_scopes_are_words_with_a_space_between(
    probe: FlaskClient, forge: Forger, scope: str, scopes: list[str]
) -> None:
    token = forge(claims={"scope": scope})
    response = probe.get("/probes/mine/", headers={"Authorization": f"Bearer {token}"})
    assert response.json["scopes"] == scopes


@pytest.mark.parametrize("username", ["a", "x" * 50, "ünïcödé 🎈", "o'brien; --"])
def test_a_username_is_any_text_of_up_to_fifty_characters(
    probe: FlaskClient, forge: Forger, username: str
) -> None:
    token = forge(claims={"username": username})
    response = probe.get("/probes/mine/", headers={"Authorization": f"Bearer {token}"})
    assert response.json["username"] == username


NO_SCOPES = ["admin\n", "\tadmin", " admin", "admin ", "read  admin", "read\nadmin", "admin\u3000x"]
NO_SCOPES += [
    "read\u00a0admin",
    "admin\0",
    '"admin"',
    "admin\\",
    "ádmin",
    "admin\x1f",
    "admin\u2028",
]
# PyJWT takes whatever int() takes.
NO_TIMES = [1e18, 10**18, 10**400, 1e400, float("nan"), -1, -1e18, "4000000000", True, {}, []]

CLAIMS = ("sub", "username", "iat", "exp", "iss", "aud", "scope")

BAD: dict[str, Callable[[Forger], str]] = {
    # No token at all.
    "empty": lambda forge: "",
    "spaces": lambda forge: "   ",
    "garbage": lambda forge: "garbage",
    "dots": lambda forge: "..",
    "many dots": lambda forge: "." * 5000,
    "not ASCII": lambda forge: "ünï.cödé.tökén",
    "ten kilobytes": lambda forge: "x" * 10_000,
    "binary": lambda forge: "\x80\xff\x81.\x80.\x80",
    # Damaged.
    "without its signature": lambda forge: forge().rpartition(".")[0],
    "with an empty signature": lambda forge: forge(sign=lambda message: b""),
    "truncated": lambda forge: forge()[:-10],
    "with claims that were changed": lambda f: _with_claims_of(f(), f(claims={"sub": "8"})),
    "with a part too many": lambda forge: f"{forge()}.x",
    # Signed otherwise.
    "unsigned": lambda forge: forge({"alg": "none"}, sign=lambda message: b""),
    "unsigned, in capitals": lambda forge: forge({"alg": "NONE"}, sign=lambda message: b""),
    "signed with the public key": lambda f: f({"alg": "HS256"}, sign=f.sign_with_the_public_key),
    "ES256": lambda forge: forge({"alg": "ES256"}),
    "RS512": lambda forge: forge({"alg": "RS512"}),
    "an algorithm that is none": lambda forge: forge({"alg": ["RS256"]}),
    "no algorithm": lambda forge: forge({"alg": None}),
    # The key.
    "no key": lambda forge: forge({"kid": None}),
    "unknown key": lambda forge: forge({"kid": "unknown"}),
    "a key that is a number": lambda forge: forge({"kid": 1}),
    "a key that is a list": lambda forge: forge({"kid": ["tests"]}),
    "a key that is a path": lambda forge: forge({"kid": "../public/tests"}),
    "a key that is an absolute path": lambda forge: forge({"kid": "/etc/passwd"}),
    "a key with its ending": lambda forge: forge({"kid": "tests.pem"}),
    "a key with NUL": lambda forge: forge({"kid": "tests\0"}),
    "a key of half a character": lambda forge: forge({"kid": "\ud800"}),
    "a critical extension": lambda forge: forge({"crit": ["x"], "x": 1}),
    "a detached payload": lambda forge: forge({"b64": False, "crit": ["b64"]}),
    # The header and the claims as such.
    "a header that is a list": lambda forge: forge(raw_header="[]"),
    "a header that is a number": lambda forge: forge(raw_header="1"),
    "a header that is not JSON": lambda forge: forge(raw_header="{"),
    "a deep header": lambda forge: forge(raw_header="[" * DEEP),
    "a deep header in order": lambda forge: forge(raw_header=_deep()),
    "a header with a huge number": lambda f: f(raw_header='{"kid": ' + "9" * 5000 + "}"),
    "claims that are a list": lambda forge: forge(raw_claims="[]"),
    "claims that are no JSON": lambda forge: forge(raw_claims="claims"),
    "deep claims": lambda forge: forge(raw_claims="[" * DEEP),
    "deep claims in order": lambda forge: forge(raw_claims=_deep()),
    # When.
    "expired": lambda forge: forge(claims={"exp": from_now(-60)}),
    "not yet valid": lambda forge: forge(claims={"nbf": from_now(60)}),
    "issued in the future": lambda forge: forge(claims={"iat": from_now(60)}),
    "a time that is a text": lambda forge: forge(claims={"exp": "tomorrow"}),
    "a time that is a list": lambda forge: forge(claims={"exp": [from_now(60)]}),
    "a time without end": lambda forge: forge(claims={"exp": float("inf")}),
    "a time that is not a number": lambda forge: forge(claims={"exp": float("nan")}),
    "a huge time": lambda f: f(
        raw_claims=json.dumps(f.claims)[:-1] + ', "nbf": 1' + "0" * 5000 + "}"
    ),
    **{
        f"{claim} {value!r:.20}": lambda forge, claim=claim, value=value: forge(
            claims={claim: value}
        )
        for claim in ("exp", "iat", "nbf")
        for value in NO_TIMES
    },
    "issued at a text": lambda forge: forge(claims={"iat": "now"}),
    # By whom, for whom.
    "another issuer": lambda forge: forge(claims={"iss": "https://elsewhere.example"}),
    "an issuer that is a list": lambda f: f(claims={"iss": [f.claims["iss"]]}),
    "another audience": lambda forge: forge(claims={"aud": "somebody else"}),
    "an audience that is a number": lambda forge: forge(claims={"aud": 1}),
    "audiences that are numbers": lambda forge: forge(claims={"aud": [1, 2]}),
    **{f"no {claim}": lambda forge, claim=claim: forge(claims={claim: None}) for claim in CLAIMS},
    # Who.
    "a subject that is a number": lambda forge: forge(claims={"sub": 7}),
    "a username that is a number": lambda forge: forge(claims={"username": 7}),
    "a username that is a list": lambda forge: forge(claims={"username": ["ada"]}),
    "an empty username": lambda forge: forge(claims={"username": ""}),
    "a username that is too long": lambda forge: forge(claims={"username": "x" * 51}),
    "a username with NUL": lambda forge: forge(claims={"username": "ada\0"}),
    "a username of two lines": lambda forge: forge(claims={"username": "ada\nroot"}),
    "a username of half a character": lambda forge: forge(claims={"username": "\ud800"}),
    "a username that reads backwards": lambda forge: forge(claims={"username": "\u202eada"}),
    **{
        f"the scope {scope!r}": lambda forge, scope=scope: forge(claims={"scope": scope})
        for scope in NO_SCOPES
    },
    **{
        f"{claim} {value!r:.20}": lambda forge, claim=claim, value=value: forge(
            claims={claim: value}
        )
        for claim in ("sub", "jti")
        for value in ("", "a\0b", "a\n", "\ud800", "x" * 256, {"a": 1}, [], True)
    },
    "a scope that is a list": lambda forge: forge(claims={"scope": ["admin"]}),
    "a scope that is a number": lambda forge: forge(claims={"scope": 1}),
}


def _with_claims_of(token: str, other: str) -> str:
    header, _, signature = token.split(".")
    return ".".join([header, other.split(".")[1], signature])


def _deep() -> str:
    return '{"kid": ' + "[" * DEEP + "]" * DEEP + "}"


@pytest.mark.parametrize("sort", BAD)
def test_a_bad_token_is_401_and_told_why(probe: FlaskClient, forge: Forger, sort: str) -> None:
    headers = {"Authorization": f"Bearer {BAD[sort](forge)}".encode().decode("latin-1")}
    response = probe.get("/probes/mine/", headers=headers)
    assert response.status_code == 401
    assert response.mimetype == "application/json"
    assert response.json["message"]
    assert response.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize(
    ("sort", "reason"),
    [
        ("expired", "it has expired"),
        ("issued in the future", "it is not valid yet"),
        ("another audience", "it cannot be verified"),
        ("exp 1e+18", "its exp is not a time in seconds since 1970"),
        ("the scope 'admin\\n'", "its scope is not a list of words with one space between"),
    ],
)
def test_the_reason_is_told_to_callers_and_to_operators(
    probe: FlaskClient, forge: Forger, caplog: pytest.LogCaptureFixture, sort: str, reason: str
) -> None:
    token = BAD[sort](forge)
    with caplog.at_level("INFO"):
        response = probe.get("/probes/mine/", headers={"Authorization": f"Bearer {token}"})
    assert response.json["message"] == f"The token is not valid: {reason}."
    assert f"token refused: {reason}" in caplog.messages
    assert token not in caplog.text


def test_a_token_of_a_stranger_is_refused(
    probe: FlaskClient, settings: Settings, key: Path, other_key: Path
) -> None:
    strangers = Forger(settings, other_key)(header={"kid": key.stem})
    response = probe.get("/probes/mine/", headers={"Authorization": f"Bearer {strangers}"})
    assert response.status_code == 401
