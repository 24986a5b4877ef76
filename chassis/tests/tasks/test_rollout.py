"""The order in which services are rolled out."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from invoke import Context, Exit

from flask_chassis.tasks import dependencies


def write(root: Path, name: str, environments: dict[str, Any] | None = None, **urls: str) -> str:
    """Write the settings of a service, which calls others at some addresses; return its folder."""
    folder = root / name
    folder.mkdir()
    upstream = {called: {"url": url, "minimum_version": ""} for called, url in urls.items()}
    sections = {"default": {"service": {"name": name}, "upstream": upstream}}
    (folder / "settings.yaml").write_text(yaml.safe_dump(sections | (environments or {})))
    return str(folder)


def printed(capsys: pytest.CaptureFixture[str], *services: str) -> list[str]:
    """Return the lines of the graph."""
    dependencies.graph(Context(), services=list(services))
    return capsys.readouterr().out.splitlines()


def test_the_called_come_before_their_callers(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    frontend = write(
        tmp_path, "frontend", thoughts="http://thoughts-backend:8080", users="http://users.acme:80"
    )
    thoughts = write(tmp_path, "thoughts-backend", keys="https://users.acme.svc/")
    users = write(tmp_path, "users")
    in_order = [
        "1. users",
        "2. thoughts-backend, calls users",
        "3. frontend, calls thoughts-backend, users",
    ]
    assert printed(capsys, frontend, thoughts, users) == in_order
    assert printed(capsys, f"{users},{frontend}", thoughts) == in_order


def test_the_address_of_any_environment_tells_who_is_called(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The default section may leave it open, and a developer's is 127.0.0.1."""
    environments = {
        "development.local": {"upstream": {"u": {"url": "http://127.0.0.1:8080"}}},
        "production.kubernetes": {"upstream": {"u": {"url": "http://users-backend:8080"}}},
        "staging.kubernetes": None,
    }
    caller = write(tmp_path, "caller", environments, u="__required__")
    called = write(tmp_path, "users-backend")
    assert printed(capsys, caller, called) == ["1. users-backend", "2. caller, calls users-backend"]


def test_a_name_does_where_no_address_tells(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    caller, called = write(tmp_path, "caller", users="__required__"), write(tmp_path, "users")
    assert printed(capsys, caller, called) == ["1. users", "2. caller, calls users"]


def test_those_that_do_not_wait_for_one_another_have_one_number(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    services = [write(tmp_path, name) for name in ("b", "a")]
    services.append(write(tmp_path, "c", a="http://a", b="http://b"))
    assert printed(capsys, *services) == ["1. a", "1. b", "2. c, calls a, b"]


def test_who_is_called_and_not_given_is_told(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    caller = write(tmp_path, "caller", mail="http://mail:25")
    assert printed(capsys, caller) == ["1. caller, calls mail (not given)"]


def test_a_circle_is_told(tmp_path: Path) -> None:
    services = [
        write(tmp_path, "a", b="http://b"),
        write(tmp_path, "b", c="http://c"),
        write(tmp_path, "c", a="http://a"),
    ]
    with pytest.raises(Exit, match=r"circle: (a calls b calls c calls a|b calls c|c calls a)"):
        dependencies.graph(Context(), services=services)


def test_a_service_that_calls_itself_is_a_circle(tmp_path: Path) -> None:
    with pytest.raises(Exit, match="circle: a calls a"):
        dependencies.graph(Context(), services=[write(tmp_path, "a", a="http://a")])


def test_no_folder_is_no_question() -> None:
    with pytest.raises(Exit, match="Name the services' folders"):
        dependencies.graph(Context(), services=[])


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (None, "is not the folder of a service"),
        ("a: [", "is not valid YAML"),
        ("[]", r"has no default\.service\.name"),
        ("default:", r"has no default\.service\.name"),
        ("default: text", r"has no default\.service\.name"),
        ("default: {service: {name: }}", r"has no default\.service\.name"),
        ("default: {service: {name: 7}}", r"has no default\.service\.name"),
        ("a: \udcff", "is not valid YAML"),
    ],
)
def test_a_folder_of_no_service_is_told(tmp_path: Path, content: str | None, fault: str) -> None:
    if content is not None:
        (tmp_path / "settings.yaml").write_text(content, errors="surrogateescape")
    with pytest.raises(Exit, match=fault):
        dependencies.graph(Context(), services=[str(tmp_path)])


@pytest.mark.parametrize(
    "upstream", ["[a]", "text", "", "{x: }", "{x: text}", "{x: {url: }}", "{x: {url: 'http://['}}"]
)
def test_what_is_declared_wrongly_is_none_that_is_given(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], upstream: str
) -> None:
    """Its own `dependencies.check` says what is wrong."""
    content = f"default:\n  service:\n    name: odd\n  upstream: {upstream}\nothers: text\n"
    (tmp_path / "settings.yaml").write_text(content)
    calls = ", calls x (not given)" if "{x" in upstream else ""
    assert printed(capsys, str(tmp_path)) == [f"1. odd{calls}"]


def test_one_service_twice_is_told(tmp_path: Path) -> None:
    folder = write(tmp_path, "users")
    with pytest.raises(Exit, match="Two of the folders have a service users"):
        dependencies.graph(Context(), services=[folder, folder])
