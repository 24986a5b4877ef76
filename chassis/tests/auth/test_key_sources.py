"""Where the public keys come from, as the settings say, and what a caller sees of it."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import MappingProxyType

import pytest

from flask_chassis.auth import jwks_client, key_sources
from flask_chassis.auth.public_keys import PublicKeys
from flask_chassis.auth.remote_keys import Bounds, RemoteKeys
from flask_chassis.exceptions import ConfigurationError
from flask_chassis.settings import Settings
from flask_chassis.testing import Bearer

from ..conftest import Make
from ..jwks_server import JwksServer
from ..probes import PLACES


@pytest.fixture
def server(key: Path) -> Iterator[JwksServer]:
    """An issuer that publishes the key of the tests."""
    with JwksServer() as made:
        made.publish_folder(key.parent.parent / "public")
        yield made


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Have a request wait for the issuer as long as it takes on a busy machine."""
    monkeypatch.setattr(key_sources, "Bounds", partial(Bounds, wait=30))
    monkeypatch.setattr(jwks_client, "SILENCE_SECONDS", 30.0)


def with_url(settings: Settings, url: str) -> Settings:
    """Return these settings with an address of keys."""
    return replace(settings, values=MappingProxyType({**settings.values, "tokens.keys_url": url}))


def test_without_an_address_the_keys_are_those_in_the_folder(settings: Settings) -> None:
    assert isinstance(key_sources.from_settings(settings), PublicKeys)


def test_with_an_address_the_keys_are_the_issuers(settings: Settings, server: JwksServer) -> None:
    keys = key_sources.from_settings(with_url(settings, server.url))
    assert isinstance(keys, RemoteKeys)
    assert keys.get("tests") is not None


@pytest.mark.parametrize(
    "url",
    [
        "users.example",
        "/jwks.json",
        "ftp://users/jwks.json",
        "file:///etc/passwd",
        "https://",
        "https://:443/",
        "https://users:port/",
        "https://users:0/",
        "https://[users/",
        "https://name:s3cret@users/",  # pragma: allowlist secret
        "http://name@users/",
    ],
)
def test_what_is_no_address_stops_the_start(settings: Settings, url: str) -> None:
    with pytest.raises(ConfigurationError, match=r"tokens\.keys_url must be") as refused:
        key_sources.from_settings(with_url(settings, url))
    assert "s3cret" not in str(refused.value)


def test_outside_development_the_issuer_must_be_who_it_says(production: Settings) -> None:
    with pytest.raises(ConfigurationError, match="https://<host>") as refused:
        key_sources.from_settings(with_url(production, "http://users/.well-known/jwks.json"))
    assert "http:" not in str(refused.value)


def test_on_this_machine_nobody_comes_between(production: Settings, server: JwksServer) -> None:
    keys = key_sources.from_settings(with_url(production, server.url))
    assert keys.get("tests") is not None


def test_a_cache_that_is_older_than_it_says_stops_the_start(settings: Settings) -> None:
    hasty = with_url(settings, "https://users.example/.well-known/jwks.json")
    values = MappingProxyType({**hasty.values, "tokens.keys_cache_seconds": 9})
    with pytest.raises(ConfigurationError, match=r"tokens\.keys_cache_seconds must be 10 or more"):
        key_sources.from_settings(replace(hasty, values=values))


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1.users.example/", "http://localhost.example/", "http://10.0.0.1/"]
)
def test_what_only_looks_like_this_machine_is_not(production: Settings, url: str) -> None:
    with pytest.raises(ConfigurationError, match="https://<host>"):
        key_sources.from_settings(with_url(production, url))


@pytest.mark.parametrize("place", PLACES)
def test_a_token_of_a_published_key_is_accepted(
    make: Make, server: JwksServer, bearer: Bearer, place: str
) -> None:
    client = make(tokens__keys_url=server.url).test_client()
    assert client.get(f"{place}/mine/", headers=bearer("ada")).json["username"] == "ada"
    assert client.get("/health/ready").json["checks"]["token_keys"] == "ok"


@pytest.mark.parametrize("place", PLACES)
def test_while_there_are_no_keys_the_service_is_alive_not_ready_and_answers_503(
    make: Make, server: JwksServer, bearer: Bearer, place: str
) -> None:
    server.stop()
    client = make(tokens__keys_url=server.url).test_client()
    assert client.get("/health/live").status_code == 200
    ready = client.get("/health/ready")
    assert (ready.status_code, ready.json["checks"]["token_keys"]) == (503, "unreachable")
    assert client.get(f"{place}/free/").status_code == 200
    assert client.get(f"{place}/mine/").status_code == 401
    response = client.get(f"{place}/mine/", headers=bearer("ada"))
    assert response.status_code == 503
    assert response.headers["Retry-After"]
    assert "issuer" in response.json["message"]
    garbage = client.get(f"{place}/mine/", headers={"Authorization": "Bearer garbage"})
    assert garbage.status_code == 401


def test_a_token_of_a_key_that_the_issuer_does_not_know_is_401(
    make: Make, server: JwksServer, settings: Settings, other_key: Path
) -> None:
    client = make(tokens__keys_url=server.url).test_client()
    response = client.get("/probes/mine/", headers=Bearer(settings, other_key)("ada"))
    assert response.status_code == 401
