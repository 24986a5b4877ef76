"""The services of examples/, running together as one system on one PostgreSQL."""

import secrets
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import requests

from .running_database import RunningDatabase
from .running_service import RunningService

USERS, THOUGHTS, FRONTEND = "users-backend", "thoughts-backend", "frontend"
NAMES = (USERS, THOUGHTS, FRONTEND)
"""The services, each after those that it calls."""

NO_PROXY = {"http.trusted_proxies": "0"}
"""Browsers call these services directly. Only the issuer has a proxy, the frontend, which
passes on the address of the client that signs in."""

TIMEOUT_SECONDS = 10


@dataclass(frozen=True)
class Login:
    """What a person signs in with."""

    username: str
    password: str


class Served(Protocol):
    """A service that runs, however it was started."""

    address: str
    metrics_address: str

    @property
    def name(self) -> str:
        """What it is called."""

    @property
    def resources(self) -> str:
        """What a `resource` owns, many of it."""

    def logged(self) -> str:
        """Return all that it has written."""

    def token(self, username: str, scope: str = "", minutes: int = 5) -> str:
        """Return a token that it accepts, if its keys are available."""


class Together(ABC):
    """Three services that run as one system, however they were started."""

    administrator: Login
    person: Login
    users: Served
    thoughts: Served
    frontend: Served

    @property
    @abstractmethod
    def services(self) -> Sequence[Served]:
        """The services, each after those that it calls."""

    @abstractmethod
    def start(self) -> None:
        """Start everything, and create an administrator and a person."""

    @abstractmethod
    def wait(self) -> None:
        """Wait until a service ends by itself, and show the last it had to say."""

    @abstractmethod
    def stop(self) -> None:
        """Stop everything."""

    def create_user(self, login: Login) -> None:
        """Create a user, as an administrator does."""
        answer = requests.post(
            f"{self.users.address}/admin/users/",
            json={"username": login.username, "password": login.password},
            headers=self.authorization(self.administrator),
            timeout=TIMEOUT_SECONDS,
        )
        answer.raise_for_status()

    def authorization(self, login: Login) -> dict[str, str]:
        """Sign somebody in, and return the header that opens the APIs."""
        answer = requests.post(
            f"{self.users.address}/api/login/",
            json={"username": login.username, "password": login.password},
            timeout=TIMEOUT_SECONDS,
        )
        answer.raise_for_status()
        return {"Authorization": answer.json()["Authorized"]}


class System(Together):
    """Three services on this machine: who has signed in to the frontend writes thoughts."""

    users: RunningService
    thoughts: RunningService
    frontend: RunningService

    def __init__(
        self,
        folders: Mapping[str, Path],
        private: Path,
        say: Callable[[str], None] = print,
        *,
        ports: Mapping[str, int] | None = None,
        supplied: Mapping[str, Mapping[str, str]] | None = None,
    ) -> None:
        """`folders` are those of the installed services, by their names in `NAMES`.

        `ports` are taken where they are free; `supplied` are further settings of each service.
        """
        self.administrator = Login("root", secrets.token_urlsafe(12))
        self.person = Login("ada", secrets.token_urlsafe(12))
        self.database = RunningDatabase(folders[USERS], private, say)

        def service(name: str, settings: Mapping[str, str]) -> RunningService:
            return RunningService(
                folders[name],
                private / name,
                lambda what: say(f"{name}: {what}"),
                port=(ports or {}).get(name, 0),
                database=self.database,
                supplied={**settings, **(supplied or {}).get(name, {})},
            )

        self.users = service(USERS, {})
        keys_url = f"{self.users.address}/.well-known/jwks.json"
        self.thoughts = service(THOUGHTS, {"tokens.keys_url": keys_url} | NO_PROXY)
        self.frontend = service(
            FRONTEND,
            NO_PROXY
            | {
                "upstream.users.url": self.users.address,
                "upstream.thoughts.url": self.thoughts.address,
                "session.secret_key": secrets.token_hex(),
            },
        )

    @property
    def services(self) -> tuple[RunningService, ...]:
        """The services, each after those that it calls."""
        return self.users, self.thoughts, self.frontend

    def start(self, *, with_person: bool = True) -> None:
        """Start everything, and create an administrator and, through the API, a person."""
        self.database.start()
        administrator = ["users.create-admin", f"--username={self.administrator.username}"]
        password = {"ADMINISTRATOR_PASSWORD": self.administrator.password}
        with ThreadPoolExecutor() as side_by_side:
            prepared = [
                side_by_side.submit(self.users.prepare, *administrator, **password),
                side_by_side.submit(self.thoughts.prepare),
                side_by_side.submit(self.frontend.prepare),
            ]
        for each in prepared:
            each.result()
        # Who verifies tokens fetches the keys as it starts, and not again at once.
        self.users.serve()
        self.thoughts.begin()
        self.frontend.serve()
        self.thoughts.wait_until_ready()
        if with_person:
            self.create_user(self.person)

    def wait(self) -> None:
        """Wait until a service ends by itself, and show the last it had to say."""
        while not (ended := [each for each in self.services if each.program.has_ended]):
            time.sleep(0.5)
        for service in ended:
            print(f"{service.service.name}:\n{service.program.last_lines()}")

    def stop(self) -> None:
        """Stop everything; what runs may finish, and the database goes last."""
        for service in self.services:
            service.ask_to_end()
        for service in self.services:
            service.stop()
        self.database.remove()
