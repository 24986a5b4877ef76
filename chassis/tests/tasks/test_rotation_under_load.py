"""A whole rotation, with an issuer that signs and two services that verify all the while.

One service reads the folder, the other the issuer's JWKS, over HTTP. The clock of the rotation, of
the cache and of the tokens' lives is the test's own, so that hours pass in a moment; threads,
files, server and signatures are real.
"""

import threading
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import jwt
import pytest

from flask_chassis.auth import jwks_client, signing_key
from flask_chassis.auth import public_keys as chassis_keys
from flask_chassis.auth.public_keys import ALGORITHM, PublicKeys
from flask_chassis.auth.remote_keys import Bounds, RemoteKeys
from flask_chassis.auth.signing_key import SigningKey
from flask_chassis.auth.tokens import BadTokenError, Verifier
from flask_chassis.tasks import keys
from flask_chassis.tasks.key_files import KeyFiles
from flask_chassis.tasks.key_rotation import Rotation, Waits

from ..jwks_server import JwksServer

LIFE = 3600
CACHE = 300
PATIENT = 60


class System:
    """An issuer, two services that accept its tokens, and callers that never rest."""

    def __init__(self, root: Path, url: str) -> None:
        self.ahead = 0.0
        self.refused: list[str] = []
        self.kids: set[str] = set()
        self._verified = 0
        self._issued: list[tuple[float, str]] = []
        # Time makes no leap between the choice of a token and its use: it would be expired by then.
        self._leap = threading.Lock()
        self._counted = threading.Condition()
        self._over = threading.Event()
        self._signing = SigningKey(root / "private")
        fetch = partial(jwks_client.fetch, url, timeout_seconds=PATIENT)
        remote = RemoteKeys(fetch, Bounds(cache=CACHE, wait=PATIENT), self.clock)
        sources = {"folder": PublicKeys(root / "public"), "jwks": remote}
        self.services = {
            name: Verifier(source, "issuer", "audience", leeway_seconds=0)
            for name, source in sources.items()
        }

    def clock(self) -> float:
        """Return the time."""
        return time.time() + self.ahead

    def issue(self) -> str:
        """Return a new token; to the services' clock it does not expire while the test runs."""
        kid, key = self._signing.current()
        now = int(time.time())
        claims = {"sub": "7", "username": "ada", "scope": "", "iat": now, "exp": now + 10 * LIFE}
        claims |= {"iss": "issuer", "aud": "audience"}
        self.kids.add(kid)
        return jwt.encode(claims, key, ALGORITHM, headers={"kid": kid})

    def call(self) -> None:
        """Sign in and call both services, with the new token and the oldest that is still valid."""
        while not self._over.is_set():
            with self._leap:
                now = self.clock()
                self._issued = [pair for pair in self._issued if pair[0] > now]
                self._issued.append((now + LIFE, self.issue()))
                for _, token in (self._issued[-1], self._issued[0]):
                    self._verify(token)
            with self._counted:
                self._verified += 1
                self._counted.notify_all()

    def _verify(self, token: str) -> None:
        for name, service in self.services.items():
            try:
                service.verify(token)
            except Exception as error:  # noqa: BLE001  (any is a refusal)
                self.refused.append(f"{name}: {error!r}")

    def wait_for_calls(self, number: int = 20) -> None:
        """Wait until there have been some more calls."""
        with self._counted:
            until = self._verified + number
            assert self._counted.wait_for(lambda: self._verified >= until, PATIENT)

    def pass_time(self, seconds: float) -> None:
        """Let time pass, while calls go on."""
        self.wait_for_calls()
        with self._leap:
            self.ahead += seconds
        self.wait_for_calls()

    def stop(self) -> None:
        """Have the callers stop."""
        self._over.set()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """The issuer's folder with one pair, `first`."""
    keys.write_pair(tmp_path, "first", bits=2048)
    return tmp_path


@pytest.fixture
def system(root: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[System]:
    """The system under load."""
    monkeypatch.setattr(chassis_keys, "LOOK_AGAIN_AFTER_SECONDS", 0.0)
    monkeypatch.setattr(jwks_client, "SILENCE_SECONDS", float(PATIENT))
    monkeypatch.setattr(signing_key, "LOOK_AGAIN_AFTER_SECONDS", 0.0)
    with JwksServer() as server:
        server.publish_folder(root / "public")
        made = System(root, server.url)
        callers = [threading.Thread(target=made.call, daemon=True) for _ in range(4)]
        for caller in callers:
            caller.start()
        yield made
        made.stop()
        for caller in callers:
            caller.join(PATIENT)


def test_a_rotation_refuses_no_valid_token_and_at_its_end_the_old_key(
    root: Path, system: System
) -> None:
    files = KeyFiles(root, system.clock)
    steps = Rotation(files, Waits(CACHE + 5, LIFE + 5))
    system.wait_for_calls()
    old = system.issue()
    list(steps.go_on())
    for wait in (CACHE + 6, LIFE + 6):
        system.pass_time(wait)
        list(steps.go_on())
    new = files.active()
    assert new != "first"
    for _ in range(3):  # the caches learn that the old key has gone
        system.pass_time(CACHE + 1)
    system.stop()

    assert system.refused == []
    assert system.kids == {"first", new}
    for service in system.services.values():
        assert service.verify(system.issue()).username == "ada"
        with pytest.raises(BadTokenError, match="unknown key"):
            service.verify(old)


def test_a_switch_before_the_key_is_published_is_seen_as_refused(
    root: Path, system: System
) -> None:
    """The fault that the steps are there to avoid; it shows that the test above would see it."""
    files = KeyFiles(root)
    files.pin_the_only_key()
    files.make("second", bits=2048)
    system.wait_for_calls()
    files.sign_with("second")
    system.wait_for_calls()
    system.stop()
    assert {refused.partition(":")[0] for refused in system.refused} == {"folder", "jwks"}
