"""What makes services a system: a click is traced through them, versions gate their starts."""

import json
import re
import time
from pathlib import Path
from typing import Any

import pytest
import requests
import yaml
from invoke import Exit

from tasks.checks.visitor import Visitor
from tasks.running_service import RunningService
from tasks.system import FRONTEND, System
from tests.system.conftest import NewSystem
from tests.waiting import eventually, soon


def answered(service: RunningService, identifier: str) -> list[tuple[str, int]]:
    """Return which requests of one id a service has answered, and how."""
    whole, _, _ = service.log.read_text("utf-8").rpartition("\n")
    lines: list[dict[str, Any]] = [json.loads(line) for line in whole.splitlines()]
    return [
        (f"{line['method']} {line['path']}", line["status"])
        for line in lines
        if line.get("request_id") == identifier and line["logger"] == "access"
    ]


def assert_answered(
    service: RunningService, identifier: str, expected: list[tuple[str, int]]
) -> None:
    """See what a service has answered; the line is written a moment after the answer."""
    assert soon(lambda: answered(service, identifier), expected) == expected


def click(visitor: Visitor, path: str, **fields: str) -> str:
    """Send a form and return the id that the answer names."""
    data = {"csrf_token": visitor.token_of(path), **fields}
    answer = requests.post(
        visitor.system.frontend.address + path,
        data=data,
        headers={"Cookie": visitor.cookies},
        allow_redirects=False,
        timeout=30,
    )
    assert answer.status_code == 303
    return answer.headers["X-Request-ID"]


def test_one_id_finds_all_lines_of_a_click(system: System) -> None:
    visitor = Visitor(system)
    login = {"username": system.person.username, "password": system.person.password}
    identifier = click(visitor, "/login/", **login)
    assert_answered(system.frontend, identifier, [("POST /login/", 303)])
    # The login, and who has logged in: the name as the issuer has it.
    login_and_name = [("POST /api/login/", 200), ("GET /api/me/", 200)]
    assert_answered(system.users, identifier, login_and_name)
    assert answered(system.thoughts, identifier) == []
    visitor.sign_in()
    identifier = click(visitor, "/thoughts/new", text="Traced")
    assert_answered(system.frontend, identifier, [("POST /thoughts/new", 303)])
    assert_answered(system.thoughts, identifier, [("POST /api/me/thoughts/", 201)])
    # Whether the session has been revoked.
    assert_answered(system.users, identifier, [("GET /api/me/", 200)])


def test_an_id_of_the_proxy_in_front_is_taken_up_and_handed_on(system: System) -> None:
    headers = {"X-Request-ID": "of-the-proxy-17"}
    requests.get(f"{system.frontend.address}/search?search=x", headers=headers, timeout=30)
    assert_answered(system.frontend, "of-the-proxy-17", [("GET /search", 200)])
    assert_answered(system.thoughts, "of-the-proxy-17", [("GET /api/thoughts/", 200)])


def test_a_page_of_an_error_names_the_id_that_the_logs_have(system: System) -> None:
    system.thoughts.program.kill()
    try:
        answer = requests.get(system.frontend.address, timeout=30)
        identifier = answer.headers["X-Request-ID"]
        assert answer.status_code == 503
        assert identifier in answer.text
    finally:
        system.thoughts.serve()
    said = system.frontend.log.read_text("utf-8")
    reasons = [line for line in said.splitlines() if identifier in line and "WARNING" in line]
    assert len(reasons) == 1
    assert "GET /api/thoughts/ failed: thoughts: " in reasons[0]


def test_a_frontend_waits_for_the_version_that_it_needs(new_system: NewSystem) -> None:
    minima = {
        "upstream.thoughts.minimum_version": "v1.10",
        "upstream.users.minimum_version": "v1.6",
    }
    system = new_system({FRONTEND: minima})
    system.thoughts.version, system.users.version = "v1.9", "v1.6-17-g2257f9c"
    system.database.start()
    for service in (system.users, system.thoughts):
        service.prepare()
        service.serve()

    with pytest.raises(Exit) as refused:
        system.frontend.run("dependencies.check", "--timeout=1")
    sentence = f"thoughts at {system.thoughts.address}: v1.10 or newer is needed; v1.9 is there."
    assert str(refused.value.message).splitlines()[-1] == sentence
    assert "users at" not in str(refused.value.message)

    # The roll-out goes on in the right order by itself: who is early, waits.
    frontend = system.frontend.begin()
    eventually(lambda: "thoughts: waiting; v1.9 is there." in frontend.last_lines())
    time.sleep(1)
    assert not system.frontend.is_ready()
    system.thoughts.end()
    system.thoughts.version = "v1.10"
    system.thoughts.serve()
    system.frontend.wait_until_ready()
    assert requests.get(system.frontend.address, timeout=30).status_code == 200


def test_versions_that_are_none_are_an_error_and_no_reason_to_wait(new_system: NewSystem) -> None:
    system = new_system({FRONTEND: {"upstream.users.minimum_version": "v1.6"}})
    system.database.start()
    system.users.prepare()
    for version in ("BAD VERSION", "newest", "2257f9c"):
        system.users.version = version
        system.users.serve()
        with pytest.raises(Exit) as refused:
            system.frontend.run("dependencies.check", "--timeout=3600")
        said = str(refused.value.message).splitlines()
        assert f"users at {system.users.address}: v1.6 or newer is needed; " in said[-1]
        assert f"'{version}' is not a valid version." in said[-1]
        # It was not started: all that is wrong is told together.
        assert "any version is needed; it cannot be reached" in said[-2]
        system.users.end()


CALLS: dict[str, list[str]] = {"orders": [], "customers": [], "shop": ["orders", "customers"]}
"""The services of the runbook's example, and whom they call."""


def test_the_runbook_for_contracts_shows_what_its_command_prints(
    system: System, tmp_path: Path
) -> None:
    runbook = (system.frontend.folder / "docs" / "changing-a-contract.md").read_text("utf-8")
    found = re.search(r"```shell\nacme-tasks (.+graph .+)\n```\n\n```\n([^`]+)\n```", runbook)
    assert found
    for name, called in CALLS.items():
        upstream = {each: {"url": f"http://{each}:8080"} for each in called}
        default = {"service": {"name": name}, "upstream": upstream}
        (tmp_path / name).mkdir()
        (tmp_path / name / "settings.yaml").write_text(yaml.safe_dump({"default": default}))
    command = found[1].replace("../", f"{tmp_path}/").split()
    assert system.frontend.run(*command) == found[2]
