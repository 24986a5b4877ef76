"""What an `issuer` does, over HTTP."""

import requests

from ..system import Login, Together
from .caller import Headers, answer
from .verdict import Check


def log_in(system: Together, username: str, password: str, expected: int) -> requests.Response:
    """Log in at the issuer."""
    credentials = {"username": username, "password": password}
    return answer(system.users, "POST", "/api/login/", expected, json=credentials)


def create(system: Together, login: Login, expected: int, headers: Headers) -> None:
    """Create a user."""
    user = {"username": login.username, "password": login.password}
    answer(system.users, "POST", "/admin/users/", expected, headers=headers, json=user)


def publishes_its_keys(system: Together) -> None:
    """the issuer publishes the keys that tokens are verified with, and only their public half"""
    keys = answer(system.users, "GET", "/.well-known/jwks.json", 200).json()["keys"]
    assert len(keys) == 1, keys
    assert keys[0].keys() == {"kty", "use", "alg", "kid", "n", "e"}, keys[0].keys()


def logs_in(system: Together) -> None:
    """a user logs in, however the name is written, and gets a token"""
    person = system.person
    for username in (person.username, person.username.upper()):
        token = log_in(system, username, person.password, 200).json()["Authorized"]
        assert token.startswith("Bearer "), token


def gives_nothing_away(system: Together) -> None:
    """a wrong password and an unknown name are refused in the same words"""
    wrong = log_in(system, system.administrator.username, "this is not it", 401)
    unknown = log_in(system, "nobody-of-this-name", "this is not it", 401)
    assert wrong.json() == unknown.json(), (wrong.json(), unknown.json())


def creates_users(system: Together) -> None:
    """an administrator creates users, whose names are unique, and nobody else does"""
    grace = Login("Grace O\u2019Hopper", "nanoseconds matter")
    person, root = system.authorization(system.person), system.authorization(system.administrator)
    create(system, grace, 401, {})
    create(system, grace, 403, person)
    create(system, grace, 201, root)
    log_in(system, "grace o\u2019hopper", grace.password, 200)
    create(system, Login(grace.username.upper(), grace.password), 409, root)


def logs_out(system: Together) -> None:
    """who has logged out is refused with the same token"""
    linus = Login("linus", "a good long password")
    system.create_user(linus)
    token = system.authorization(linus)
    answer(system.users, "POST", "/api/logout/", 204, headers=token)
    answer(system.users, "POST", "/api/logout/", 401, headers=token)


CHECKS: tuple[Check[Together], ...] = (
    publishes_its_keys,
    logs_in,
    gives_nothing_away,
    creates_users,
    logs_out,
)
