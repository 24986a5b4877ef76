"""The edge in front of two instances of each service: restarts under load, slow clients, routes."""

import json
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import pytest
import requests

from tasks.checks.visitor import Visitor
from tasks.edge import TRUST, Edge, host
from tasks.ports import free_port
from tasks.running_service import RunningService
from tasks.system import FRONTEND, NAMES, THOUGHTS, USERS, System
from tests.docker.load import Load
from tests.full.edge import program
from tests.system.conftest import Folders
from tests.waiting import eventually

TIMEOUT_SECONDS = 20

PAUSE_SECONDS = {USERS: 0.25, THOUGHTS: 0.05, FRONTEND: 0.05}
"""Of each caller between two requests. A login takes a tenth of a second of CPU time."""


@dataclass(frozen=True)
class Fronted:
    """Two instances of each service, and the edge in front of them."""

    system: System
    twins: dict[str, RunningService]
    edge: Edge

    def instances(self, name: str) -> tuple[RunningService, RunningService]:
        """Return the two instances of a service."""
        [one] = [each for each in self.system.services if each.name == name]
        return one, self.twins[name]

    def call(
        self, method: str, name: str, path: str, session: object = requests, **more: object
    ) -> requests.Response:
        """Call a service at the edge."""
        headers = {"Host": host(name), **more.pop("headers", {})}  # type: ignore[dict-item]  # passed on
        return session.request(  # type: ignore[attr-defined,no-any-return]  # requests has it as well
            method,
            f"{self.edge.address}{path}",
            headers=headers,
            timeout=TIMEOUT_SECONDS,
            allow_redirects=False,
            **more,
        )

    def logged(self) -> list[dict[str, str]]:
        """Return the records of the edge's access log."""
        lines = self.edge.log.read_text("utf-8").splitlines()
        return [json.loads(line) for line in lines if line.startswith("{")]


@pytest.fixture(scope="module")
def fronted(folders: Folders, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fronted]:
    """The system behind an edge, which the services call each other through as well."""
    program()
    folder = tmp_path_factory.mktemp("fronted")
    internal = {name: free_port() for name in (USERS, THOUGHTS)}
    calls = {name: f"http://127.0.0.1:{port}" for name, port in internal.items()}
    supplied = dict.fromkeys(NAMES, TRUST) | {
        FRONTEND: TRUST
        | {"upstream.users.url": calls[USERS], "upstream.thoughts.url": calls[THOUGHTS]},
    }
    with ExitStack() as stack:
        system = System(folders, folder, supplied=supplied)
        stack.callback(system.stop)
        twins = {each.name: each.twin(folder / f"{each.name}-two") for each in system.services}
        edge = Edge(folder, [*system.services, *twins.values()], internal=internal)
        stack.callback(edge.stop)
        # Before the frontend, which calls the others through it.
        edge.start()
        system.start()
        for twin in twins.values():
            stack.callback(twin.stop)
            twin.serve()
        yield Fronted(system, twins, edge)


def of_thoughts(fronted: Fronted) -> Callable[[requests.Session], requests.Response]:
    """Return what reads and writes thoughts in turn."""
    token = fronted.system.authorization(fronted.system.person)
    path = f"/api/me/{fronted.system.thoughts.resources}/"

    def post(session: requests.Session) -> requests.Response:
        body = {"text": "under load"}
        return fronted.call("POST", THOUGHTS, path, session, json=body, headers=token)

    return in_turn(
        lambda session: fronted.call("GET", THOUGHTS, f"{path}?limit=2", session, headers=token),
        post,
    )


def of_users(fronted: Fronted) -> Callable[[requests.Session], requests.Response]:
    """Return what asks for the keys and logs in, in turn."""
    person = fronted.system.person
    body = {"username": person.username, "password": person.password}
    return in_turn(
        lambda session: fronted.call("GET", USERS, "/.well-known/jwks.json", session),
        lambda session: fronted.call("POST", USERS, "/api/login/", session, json=body),
    )


def of_the_site(fronted: Fronted) -> Callable[[requests.Session], requests.Response]:
    """Return what reads a page and sends its form, in turn."""
    visitor = Visitor(fronted.system)
    visitor.sign_in()
    form = {"csrf_token": visitor.token_of("/thoughts/new"), "text": "from the form"}
    headers = {"Cookie": visitor.cookies}
    return in_turn(
        lambda session: fronted.call("GET", FRONTEND, "/thoughts/", session, headers=headers),
        lambda session: fronted.call(
            "POST", FRONTEND, "/thoughts/new", session, data=form, headers=headers
        ),
    )


def in_turn(
    get: Callable[[requests.Session], requests.Response],
    post: Callable[[requests.Session], requests.Response],
) -> Callable[[requests.Session], requests.Response]:
    """Return what calls one after the other: first a GET, which fails if the POST does."""

    def both(session: requests.Session) -> requests.Response:
        answer = get(session)
        return post(session) if answer.ok else answer

    return both


def answers_follow(loads: list[Load]) -> None:
    """Wait until each load has had a few more answers."""
    before = [load.statuses.total() for load in loads]
    eventually(
        lambda: all(
            load.statuses.total() > count + 5 for load, count in zip(loads, before, strict=True)
        )
    )


def wait_until_asked(fronted: Fronted, instance: RunningService) -> None:
    """Wait until the edge has found an instance again."""
    place, known = f"127.0.0.1:{instance.port}", len(fronted.logged())
    eventually(
        lambda: any(
            each["backends"] == place and each["status"] < "400"
            for each in fronted.logged()[known:]
        )
    )


LOADS = {THOUGHTS: of_thoughts, USERS: of_users, FRONTEND: of_the_site}


def test_no_request_fails_while_each_instance_is_taken_out_and_restarted(fronted: Fronted) -> None:
    """Reads and writes on kept connections; of the service itself, and of pages that need it."""
    for instance in fronted.instances(THOUGHTS):
        with loads_that_all_succeed(fronted) as loads:
            fronted.edge.take_out(instance)
            answers_follow(loads)
            assert instance.end() == 0
            # The other instance answers alone.
            answers_follow(loads)
            fronted.edge.put_in(instance)
            instance.serve()
            wait_until_asked(fronted, instance)
            answers_follow(loads)


@pytest.mark.parametrize("name", NAMES)
def test_no_request_fails_though_nobody_takes_the_instance_out_first(
    fronted: Fronted, name: str
) -> None:
    """What waits for it is served, what comes later refused, and so sent to the other one."""
    instance = fronted.instances(name)[0]
    with loads_that_all_succeed(fronted) as loads:
        assert instance.end() == 0
        answers_follow(loads)
        instance.serve()
        wait_until_asked(fronted, instance)
        answers_follow(loads)


@contextmanager
def loads_that_all_succeed(fronted: Fronted) -> Iterator[list[Load]]:
    """Send requests to all services until the block ends, none of which may fail."""
    with ExitStack() as stack:
        loads = [
            stack.enter_context(Load(make(fronted), callers=2, pause=PAUSE_SECONDS[name]))
            for name, make in LOADS.items()
        ]
        answers_follow(loads)
        yield loads
    faults = [fault for load in loads for fault in load.faults]
    assert [load.failed for load in loads] == [0, 0, 0], faults


def test_nobody_waits_for_clients_that_send_slowly(fronted: Fronted) -> None:
    """More of them than the services have threads; no service sees any of their requests."""
    head = f"POST /api/login/ HTTP/1.1\r\nHost: {host(USERS)}\r\nContent-Length: 500\r\n"
    before = logins(fronted)
    with ExitStack() as stack:
        for number in range(80):
            client = stack.enter_context(connected(fronted))
            # Half of them have not even sent all headers.
            client.sendall((head if number % 2 else f"{head}\r\nx").encode())
        asked = time.monotonic()
        for name in NAMES:
            path = "/" if name == FRONTEND else "/openapi.json"
            assert fronted.call("GET", name, path).status_code == 200
        assert time.monotonic() - asked < TIMEOUT_SECONDS
    assert logins(fronted) == before


def logins(fronted: Fronted) -> int:
    """Return how often the instances of the issuer have logged a login."""
    return sum(each.logged().count('"/api/login/"') for each in fronted.instances(USERS))


def connected(fronted: Fronted) -> socket.socket:
    """Return a connection to the edge."""
    return socket.create_connection(("127.0.0.1", fronted.edge.port), timeout=TIMEOUT_SECONDS)


HIDDEN = [
    *("/health/live", "/health/ready", "/metrics", "/admin/version/", "/admin/users/"),
    *("/api/../admin/version/", "/api/..%2fadmin/version/", "/api/%2e%2e/admin/version/"),
    *("//admin/version/", "/%61dmin/version/", "/./admin/version/", "/admin/version/?/api/"),
    *("/api/;/../../admin/version/", "http://x/admin/version/", "/login/../health/ready"),
]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("target", HIDDEN)
def test_what_is_not_public_is_not_reached_however_it_is_written(
    fronted: Fronted, name: str, target: str
) -> None:
    known = len(fronted.logged())
    with connected(fronted) as client:
        head = f"GET {target} HTTP/1.1\r\nHost: {host(name)}\r\nConnection: close\r\n\r\n"
        client.sendall(head.encode())
        answer = b"".join(iter(lambda: client.recv(4096), b""))
    assert answer.split(b" ", 2)[1] in {b"400", b"404"}, answer
    assert not any(word in answer for word in (b"commit", b"checks", b"# HELP"))
    # And no service was asked.
    eventually(lambda: len(fronted.logged()) > known)
    assert [each["backends"] for each in fronted.logged()[known:] if each["host"] != "-"] == [""]
