"""How passwords are hashed, and which are refused."""

from concurrent.futures import ThreadPoolExecutor
from threading import Lock

import pytest
from argon2 import PasswordHasher, Type, extract_parameters

from flask_chassis.exceptions import ConfigurationError
from flask_chassis.issuer import passwords
from flask_chassis.issuer.passwords import Passwords
from flask_chassis.settings import Settings, load
from flask_chassis.testing import changed

PASSWORD = "correct horse"


@pytest.fixture
def hasher(settings: Settings) -> Passwords:
    """What hashes in the tests."""
    return Passwords(settings)


def test_a_hash_is_argon2id_with_the_parameters_of_the_settings(settings: Settings) -> None:
    given = changed(settings, passwords__time_cost=3, passwords__memory_kib=64)
    stored = Passwords(given).hash(PASSWORD)
    made_with = extract_parameters(stored)
    assert (made_with.type, made_with.time_cost, made_with.memory_cost) == (Type.ID, 3, 64)
    assert PASSWORD not in stored


def test_no_two_hashes_are_the_same(hasher: Passwords) -> None:
    assert hasher.hash(PASSWORD) != hasher.hash(PASSWORD)


def test_a_hash_is_of_its_password_alone(hasher: Passwords) -> None:
    stored = hasher.hash(PASSWORD)
    assert hasher.verify(PASSWORD, stored)
    assert not hasher.verify(PASSWORD.upper(), stored)
    assert not hasher.verify(PASSWORD, hasher.hash("another"))


def test_a_password_is_the_same_from_every_keyboard(hasher: Passwords) -> None:
    assert hasher.verify("u\u0308ber alles", hasher.hash("über alles"))


def test_where_there_is_no_user_no_password_is_right(
    hasher: Passwords, verified: list[object]
) -> None:
    stored = hasher.hash(PASSWORD)
    assert not hasher.verify(PASSWORD, None)
    assert not hasher.verify("wrong", stored)
    nobodys, somebodys = verified
    assert nobodys == somebodys


@pytest.fixture
def hashes(settings: Settings) -> list[str]:
    """Hashes of one password, each made with other parameters than all others and the settings."""
    return [
        Passwords(changed(settings, passwords__time_cost=cost)).hash(PASSWORD)
        for cost in range(2, 4 + passwords.MAX_PARAMETERS)
    ]


def work_of(verified: list[object], hasher: Passwords, stored: str | None) -> list[str]:
    """Return the parameters of the hashes that a wrong password is compared with."""
    verified.clear()
    assert not hasher.verify("wrong", stored)
    return sorted(map(str, verified))


def test_a_user_whose_hash_was_made_with_other_parameters_does_not_stand_out(
    hasher: Passwords, hashes: list[str], verified: list[object]
) -> None:
    """The work is compared and not the time, which varies with what else the machine does."""
    current, older, oldest = hasher.hash(PASSWORD), *hashes[:2]
    for met in (older, oldest):
        hasher.verify("wrong", met)
    work = [work_of(verified, hasher, each) for each in (None, current, older, oldest)]
    assert work == [work[0]] * 4
    assert len(set(work[0])) == len(work[0]) == 3


def test_a_right_password_is_no_more_work_than_its_own(
    hasher: Passwords, hashes: list[str], verified: list[object]
) -> None:
    for met in hashes:
        hasher.verify("wrong", met)
    verified.clear()
    assert hasher.verify(PASSWORD, hashes[0])
    assert verified == [extract_parameters(hashes[0])]


def test_a_password_for_parameters_that_were_met_lets_nobody_in(
    hasher: Passwords, hashes: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("secrets.token_hex", lambda: "guessed")
    hasher.verify("wrong", hashes[0])
    assert not hasher.verify("guessed", None)
    assert not hasher.verify("guessed", hashes[0])
    assert not hasher.verify("guessed", hasher.hash(PASSWORD))


def test_of_the_parameters_that_were_met_the_latest_are_kept_in_mind(
    hasher: Passwords, hashes: list[str], verified: list[object]
) -> None:
    current = extract_parameters(hasher.hash(PASSWORD))
    for met in hashes:
        hasher.verify("wrong", met)
    kept = [current, *map(extract_parameters, hashes[1 - passwords.MAX_PARAMETERS :])]
    assert work_of(verified, hasher, None) == sorted(map(str, kept))


def test_parameters_that_many_meet_at_a_time_are_learned_once(
    settings: Settings, hashes: list[str], verified: list[object]
) -> None:
    hasher = Passwords(settings)
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda _: hasher.verify("wrong", hashes[0]), range(16)))
    assert len(work_of(verified, hasher, None)) == 2


def test_the_password_that_nobody_has_lets_nobody_in(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("secrets.token_hex", lambda: PASSWORD)
    assert not Passwords(settings).verify(PASSWORD, None)


def test_a_hash_with_other_parameters_is_outdated(settings: Settings, hasher: Passwords) -> None:
    stored = hasher.hash(PASSWORD)
    assert not hasher.is_outdated(stored)
    assert Passwords(changed(settings, passwords__time_cost=2)).is_outdated(stored)


@pytest.mark.parametrize(
    ("time_cost", "memory_kib"), [(1, 8), (1, 19456), (100, 7167), (4, 7168), (0, 10**6)]
)
def test_weak_parameters_stop_the_start_where_users_are_served(
    settings: Settings, time_cost: int, memory_kib: int
) -> None:
    weak = {"passwords__time_cost": time_cost, "passwords__memory_kib": memory_kib}
    with pytest.raises(ConfigurationError, match=r"passwords\.memory_kib must be at least 7168"):
        Passwords(changed(settings, "production.kubernetes", **weak))


@pytest.mark.parametrize("name", ["time_cost", "memory_kib", "parallelism"])
def test_parameters_that_make_no_hash_stop_the_start(settings: Settings, name: str) -> None:
    with pytest.raises(ConfigurationError, match="settings below passwords"):
        Passwords(changed(settings, **{f"passwords__{name}": 0}))


def test_the_parameters_that_users_are_served_with_do(settings: Settings) -> None:
    served = load("development.local").values
    names = [key for key in served if key.startswith("passwords.")]
    given = {name.replace(".", "__"): served[name] for name in names}
    Passwords(changed(settings, "production.kubernetes", **given))


def test_only_so_many_are_hashed_at_a_time(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    hasher = Passwords(changed(settings, passwords__at_a_time=2, passwords__memory_kib=4096))
    lock, running, most = Lock(), 0, 0
    verify = PasswordHasher.verify

    def counted(self: PasswordHasher, hash: str, password: str) -> object:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        try:
            return verify(self, hash, password)
        finally:
            with lock:
                running -= 1

    monkeypatch.setattr(PasswordHasher, "verify", counted)
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda _: hasher.verify(PASSWORD, None), range(32)))
    assert answers == [False] * 32
    assert most <= 2


@pytest.mark.parametrize("password", ["12345678", "x" * 127 + "y", "päßwörter 🎈", "        a"])
def test_a_password_is_nearly_any_text(password: str) -> None:
    assert passwords.fault_in(password, "ada") is None


@pytest.mark.parametrize(
    ("password", "fault"),
    [
        ("", "8 to 128"),
        ("1234567", "8 to 128"),
        ("xy" * 64 + "x", "8 to 128"),
        ("1234567\0", "null character"),
        ("Ada Lovelace", "same as the name"),
        ("aaaaaaaaaa", "repeated character"),
    ],
)
def test_a_password_that_cannot_be_is_told_why(password: str, fault: str) -> None:
    assert fault in str(passwords.fault_in(password, "ada lovelace"))
