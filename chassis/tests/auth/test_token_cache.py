"""How long a verified token is remembered, and what makes it be forgotten."""

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey, generate_private_key

from flask_chassis.auth import token_cache
from flask_chassis.auth.token_cache import VerifiedTokens

from ..clock import Clock

TOKEN, KID = "a.b.c", "key"


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """The clock that the tokens are remembered by."""
    clock = Clock()
    monkeypatch.setattr(token_cache, "time", clock)
    return clock


@pytest.fixture(scope="module")
def key() -> RSAPublicKey:
    """A key."""
    return generate_private_key(65537, 2048).public_key()


@pytest.fixture
def keys(key: RSAPublicKey) -> dict[str, RSAPublicKey]:
    """The keys that there are."""
    return {KID: key}


@pytest.fixture
def tokens(clock: Clock, key: RSAPublicKey, keys: dict[str, RSAPublicKey]) -> VerifiedTokens[str]:
    """Tokens of which one, good for an hour, has been verified."""
    tokens: VerifiedTokens[str] = VerifiedTokens(keys.get)
    tokens.add(TOKEN, "ada", KID, key, clock.now + 3600)
    return tokens


def test_a_verified_token_is_remembered_and_no_other_is(tokens: VerifiedTokens[str]) -> None:
    assert tokens.get(TOKEN) == "ada"
    for other in ("", TOKEN[:-1], TOKEN + "c", TOKEN.upper(), "\ud800"):
        assert tokens.get(other) is None


def test_it_is_remembered_for_half_a_minute(tokens: VerifiedTokens[str], clock: Clock) -> None:
    assert token_cache.SECONDS <= 30
    clock.now += token_cache.SECONDS - 1
    assert tokens.get(TOKEN) == "ada"
    clock.now += 1
    assert tokens.get(TOKEN) is None


def test_it_is_forgotten_when_it_expires(
    tokens: VerifiedTokens[str], clock: Clock, key: RSAPublicKey
) -> None:
    tokens.add(TOKEN, "ada", KID, key, clock.now + 5)
    clock.now += 4
    assert tokens.get(TOKEN) == "ada"
    clock.now += 1
    assert tokens.get(TOKEN) is None


def test_it_is_verified_anew_when_the_clock_has_been_put_back(
    tokens: VerifiedTokens[str], clock: Clock
) -> None:
    """It may not be valid yet."""
    clock.now -= 1
    assert tokens.get(TOKEN) is None


def test_it_is_forgotten_with_its_key(
    tokens: VerifiedTokens[str], keys: dict[str, RSAPublicKey]
) -> None:
    keys[KID] = generate_private_key(65537, 2048).public_key()
    assert tokens.get(TOKEN) is None
    del keys[KID]
    assert tokens.get(TOKEN) is None


def test_so_many_are_remembered_and_no_more(
    tokens: VerifiedTokens[str], clock: Clock, key: RSAPublicKey
) -> None:
    for number in range(3 * token_cache.MOST):
        tokens.add(str(number), "ada", KID, key, clock.now + 3600)
        assert len(tokens) <= token_cache.MOST
    assert tokens.get(str(3 * token_cache.MOST - 1)) == "ada"


def test_what_is_kept_is_no_token(tokens: VerifiedTokens[str]) -> None:
    assert TOKEN not in repr(vars(tokens))
