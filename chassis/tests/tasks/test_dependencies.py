"""What gates the start: that the services which are called are there, and new enough."""

import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import yaml
from invoke import Context, Exit

from flask_chassis.exceptions import ConfigurationError
from flask_chassis.tasks import dependencies
from flask_chassis.testing.upstream import Reply, Service

from ..conftest import use_checkout
from .conftest import program

PREFIX = "BILLING"
VERSION = "/admin/version/"

Declare = Callable[..., None]


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in list(os.environ):
        if name.startswith(f"{PREFIX}_"):
            monkeypatch.delenv(name)


@pytest.fixture
def users() -> Iterator[Service]:
    """A service that is called."""
    with Service() as service:
        yield service


@pytest.fixture
def declare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, users: Service) -> Declare:
    """Write a settings.yaml: `declare(users="v1.6")`."""
    use_checkout(tmp_path, monkeypatch)

    def declares(url: str = users.url, **minima: str) -> None:
        upstream = {
            name: {"url": url, "minimum_version": minimum} for name, minimum in minima.items()
        }
        calls = {
            "connect_timeout_seconds": 20.0,
            "read_timeout_seconds": 20.0,
            "total_timeout_seconds": 20.0,
            "max_answer_bytes": 1000,
        }
        default = {"service": {"name": "probe"}, "calls": calls, "upstream": upstream}
        sections = {"default": default, "development.local": {}, "production.kubernetes": {}}
        (tmp_path / "settings.yaml").write_text(yaml.safe_dump(sections))

    return declares


def says(version: object) -> Reply:
    """Answer with a version, as every service does."""
    return Reply(json={"commit": "2257f9c", "version": version})


@pytest.mark.parametrize(
    ("found", "needed"),
    [
        ("v1.6", "v1.6"),
        ("v1.6", "v1.6-rc1"),
        ("v1.10", "v1.9"),
        ("v2.3-17-g2257f9c", "v2.3"),
        ("v0.1", ""),
        ("demo", ""),
    ],
)
def test_a_version_that_is_new_enough_passes(
    declare: Declare,
    users: Service,
    capsys: pytest.CaptureFixture[str],
    found: str,
    needed: str,
) -> None:
    declare(users=needed)
    users.on("GET", VERSION, says(found))
    dependencies.check(Context(), timeout=0)
    assert f"users: {found} is there" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("found", "needed"),
    [("v1.6-rc1", "v1.6"), ("v1.9", "v1.10"), ("v2.3", "v2.3-17-g2257f9c")],
)
def test_an_older_version_is_told_with_what_is_needed(
    declare: Declare, users: Service, found: str, needed: str
) -> None:
    declare(users=needed)
    users.on("GET", VERSION, says(found))
    with pytest.raises(Exit) as told:
        dependencies.check(Context(), timeout=0)
    assert told.value.code == 1
    assert told.value.message == (
        f"users at {users.url}: {needed} or newer is needed; {found} is there."
    )


@pytest.mark.parametrize(
    "reply",
    [
        says("BAD VERSION"),
        says(""),
        says(None),
        says(17),
        says("2257190"),
        says("latest"),
        Reply(json=["v1.6"]),
        Reply(json={}),
    ],
    ids=lambda reply: str(reply.json),
)
def test_what_is_no_version_fails_at_once(declare: Declare, users: Service, reply: Reply) -> None:
    declare(users="v1.6")
    users.on("GET", VERSION, reply, says("v1.6"))
    with pytest.raises(
        Exit, match=r"users at .*: v1\.6 or newer is needed; .*(not a valid|no) version"
    ):
        dependencies.check(Context(), timeout=3600)


@pytest.mark.parametrize(
    "reply",
    [
        says("v1.5"),
        Reply(404),
        Reply(500),
        Reply(503),
        Reply(raw=b""),
        Reply(raw=b"garbage\r\n\r\n"),
        Reply(body=b"<html>"),
        Reply(body=b"x" * 2000),
        Reply(302, headers={"Location": "/"}),
    ],
    ids=lambda reply: str(reply.json or reply.raw or reply.body or reply.status)[:20],
)
def test_what_may_change_is_waited_for(
    declare: Declare, users: Service, capsys: pytest.CaptureFixture[str], reply: Reply
) -> None:
    declare(users="v1.6")
    users.on("GET", VERSION, reply, says("v1.6"))
    dependencies.check(Context(), timeout=3600)
    printed = capsys.readouterr().out.splitlines()
    assert len(printed) == 2
    assert printed[0].startswith("users: waiting; ")
    assert printed[1] == "users: v1.6 is there, v1.6 or newer is needed."


def test_a_service_that_is_not_there_is_told(declare: Declare, users: Service) -> None:
    declare(users="v1.6")
    users.stop()
    fault = r"users at .*: v1\.6 or newer is needed; it cannot be reached \(Connection refused\)"
    with pytest.raises(Exit, match=fault):
        dependencies.check(Context(), timeout=0)


def test_all_that_is_wrong_is_told_together(declare: Declare, users: Service) -> None:
    declare(users="v1.6", thoughts="v1.7", others="v1.5")
    users.on("GET", VERSION, says("v1.5"))
    with pytest.raises(Exit) as told:
        dependencies.check(Context(), timeout=0)
    lines = str(told.value.message).splitlines()
    assert [line.partition(" ")[0] for line in lines] == ["thoughts", "users"]


def test_a_developer_may_run_what_has_no_version(
    declare: Declare, users: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    declare(users="v1.6")
    users.on("GET", VERSION, says("development"))
    dependencies.check(Context(), timeout=0)
    monkeypatch.setenv(f"{PREFIX}_ENVIRONMENT", "production.kubernetes")
    with pytest.raises(Exit, match="'development' is not a valid version"):
        dependencies.check(Context(), timeout=0)


def test_what_is_said_before_the_services_log_is_a_part_of_it(
    declare: Declare,
    users: Service,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv(f"{PREFIX}_ENVIRONMENT", "production.kubernetes")
    declare(users="v1.6")
    users.on("GET", VERSION, says("v1.5"), says("v1.6"))
    dependencies.check(Context(), timeout=3600)
    waiting, there = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert waiting["message"].startswith("users: waiting; ")
    assert there["message"] == "users: v1.6 is there, v1.6 or newer is needed."
    assert {line["level"] for line in (waiting, there)} == {"INFO"}


def test_a_minimum_that_is_no_version_is_a_fault_of_this_service(declare: Declare) -> None:
    declare(users="newest")
    with pytest.raises(ConfigurationError, match=r"^upstream\.users\.minimum_version: 'newest'"):
        dependencies.check(Context(), timeout=0)


def test_what_no_waiting_mends_is_told_at_once_with_all_the_rest(
    declare: Declare, users: Service, capsys: pytest.CaptureFixture[str]
) -> None:
    declare(users="v1.6", others="v1.7")
    users.on("GET", VERSION, says("v1.6"), says("BAD VERSION"))
    with pytest.raises(Exit) as told:
        dependencies.check(Context(), timeout=3600)
    assert str(told.value.message).splitlines() == [
        f"others at {users.url}: v1.7 or newer is needed; v1.6 is there.",
        f"users at {users.url}: v1.6 or newer is needed; 'BAD VERSION' is not a valid version.",
    ]
    assert capsys.readouterr().out == ""


def test_a_number_that_is_none_is_a_sentence(
    declare: Declare, capsys: pytest.CaptureFixture[str]
) -> None:
    declare(users="v1.6")
    with pytest.raises(SystemExit) as end:
        program().run(["tasks", "dependencies.check", "--timeout=soon"])
    assert "'soon'" in str(end.value.code)


def test_who_calls_nobody_waits_for_nobody(declare: Declare) -> None:
    declare()
    dependencies.check(Context(), timeout=0)


def test_it_gates_what_comes_after_it(
    declare: Declare, users: Service, capsys: pytest.CaptureFixture[str]
) -> None:
    declare(users="v1.6")
    users.on("GET", VERSION, says("v1.5"))
    words = ["tasks", "dependencies.check", "--timeout=0", "config.validate"]
    with pytest.raises(SystemExit) as end:
        program().run(words)
    assert end.value.code == 1
    captured = capsys.readouterr()
    assert "settings.yaml is valid" not in captured.out
    assert "v1.5 is there" in captured.err
    users.on("GET", VERSION, says("v1.6"))
    program().run(words, exit=False)
    assert "settings.yaml is valid" in capsys.readouterr().out


def test_a_foreign_api_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, users: Service
) -> None:
    """The settings of `calls` are those of the chassis."""
    use_checkout(tmp_path, monkeypatch)
    upstream = {"payments": {"url": users.url, "foreign": True}}
    sections = {"default": {"upstream": upstream}, "development.local": {}}
    (tmp_path / "settings.yaml").write_text(yaml.safe_dump(sections))
    dependencies.check(Context(), timeout=0)
    assert users.requests == []
