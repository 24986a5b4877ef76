"""What holds for the code as such. Each check is a function that a planted fault is shown to."""

import ast
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from flask import Flask
from flask.typing import RouteCallable

from {{ cookiecutter.package_name }}.chassis import project_files, settings
from {{ cookiecutter.package_name }}.chassis.access import decision, public

PACKAGE = project_files.PACKAGE
TEMPLATES = [PACKAGE / "chassis", PACKAGE / "tasks"]

Sources = dict[str, str]
"""Texts of Python files by their names."""


def sources(*folders: Path) -> Sources:
    """Read all Python files below some folders."""
    return {
        str(path.relative_to(PACKAGE)): path.read_text(encoding="utf-8")
        for folder in folders
        for path in sorted(folder.rglob("*.py"))
    }


def nodes(found: Sources) -> Iterator[tuple[str, ast.AST]]:
    """Yield the nodes of all syntax trees, with the names of their files."""
    for name, text in found.items():
        for node in ast.walk(ast.parse(text)):
            yield name, node


# Who may call what.


def undecided(app: Flask) -> list[str]:
    """Return the routes of which nobody has said who may call them."""
    found = []
    for rule in app.url_map.iter_rules():
        for method in sorted(set(rule.methods or ()) - {"HEAD", "OPTIONS"}):
            view: Any = app.view_functions[rule.endpoint]
            handler = getattr(getattr(view, "view_class", None), method.lower(), None)
            if decision(view) is None and (handler is None or decision(handler) is None):
                found.append(f"{method} {rule.rule}")
    return found


def test_of_every_route_it_is_said_who_may_call_it(service: Flask) -> None:
    assert undecided(service) == []


def test_a_route_of_which_it_is_not_said_is_found() -> None:
    app = Flask("planted", static_folder=None)
    views: dict[str, RouteCallable] = {"/decided": public(lambda: ""), "/planted": lambda: ""}
    for path, view in views.items():
        app.add_url_rule(path, path, view, methods=["GET", "POST"])
    assert undecided(app) == ["GET /planted", "POST /planted"]


# Settings.


def settings_read(found: Sources) -> set[str]:
    """Return the dotted keys that code reads: `settings["database.host"]`."""
    return {
        node.slice.value
        for _, node in nodes(found)
        if isinstance(node, ast.Subscript)
        and isinstance(node.slice, ast.Constant)
        and ast.unparse(node.value) != "environ"  # which has wsgi.input
        and re.fullmatch(r"[a-z_]+(\.[a-z_]+)+", str(node.slice.value))
    }


def test_every_setting_that_is_read_is_declared_and_the_other_way_round() -> None:
    declared = set(settings.declared_in(settings.DEFAULT_ENVIRONMENT))
    by_name = {key for key in declared if key.startswith("upstream.")}  # see below
    assert settings_read(sources(PACKAGE)) == declared - by_name


def test_a_setting_that_is_not_declared_is_found() -> None:
    planted = {"planted.py": 'host = settings["database.hots"]; x = row["text"]; y = rows[0]'}
    assert settings_read(planted) == {"database.hots"}


# Services that are called.


def declared_services() -> set[str]:
    """Return the services that the default section of `settings.yaml` declares as called."""
    default = yaml.safe_load(project_files.find("settings.yaml").read_text())["default"]
    return set(default.get("upstream", {}))


def called_services(found: Sources) -> set[str]:
    """Return the services that code calls: `upstream.service("users")`."""
    return {
        node.args[0].value
        for _, node in nodes(found)
        if isinstance(node, ast.Call)
        and ast.unparse(node.func) == "upstream.service"
        and isinstance(node.args[0], ast.Constant)
    }


def test_every_service_that_is_called_is_declared_and_the_other_way_round() -> None:
    assert called_services(sources(PACKAGE)) == declared_services()


def test_a_service_that_is_not_declared_is_found() -> None:
    planted = {"planted.py": "upstream.service('mail').get('/'); service('x'); upstream.init(1)"}
    assert called_services(planted) - declared_services() == {"mail"}


# What imports what.


def imports_from_outside(found: Sources) -> list[str]:
    """Return what files in a folder of the package import from elsewhere in the package."""
    faults = []
    for name, node in nodes(found):
        if isinstance(node, ast.ImportFrom):
            is_outside = node.level > 1 or (node.module or "").split(".")[0] == PACKAGE.name
        elif isinstance(node, ast.Import):
            is_outside = any(alias.name.split(".")[0] == PACKAGE.name for alias in node.names)
        else:
            continue
        if is_outside:
            faults.append(f"{name}: {ast.unparse(node)}")
    return faults


def test_the_chassis_imports_nothing_of_what_the_service_is_about() -> None:
    assert imports_from_outside(sources(PACKAGE / "chassis")) == []


@pytest.mark.parametrize(
    "planted",
    [
        "from .. import domain",
        "from ..models import METADATA",
        f"from {PACKAGE.name} import domain",
        f"from {PACKAGE.name}.domain import init_app",
        f"import {PACKAGE.name}.domain",
        f"def later():\n    import os, {PACKAGE.name}.domain",
    ],
)
def test_an_import_of_what_the_service_is_about_is_found(planted: str) -> None:
    assert len(imports_from_outside({"chassis/planted.py": planted})) == 1
    assert imports_from_outside({"chassis/right.py": "from . import keys\nimport os"}) == []


# What the template has left behind.


def leftovers(found: Sources) -> list[str]:
    """Return the lines that were meant for those who wrote the file."""
    left = re.compile(r"\{\{ ?cookiecutter|\{[%#{]\s|\b(?:TODO|FIXME|XXX)\b|\bbreakpoint\(")
    return [
        f"{name}:{number}: {line.strip()}"
        for name, text in found.items()
        for number, line in enumerate(text.splitlines(), start=1)
        if left.search(line)
    ]


def test_the_templates_files_have_no_leftovers() -> None:
    assert leftovers(sources(*TEMPLATES)) == []


def test_a_leftover_is_found() -> None:
    planted = ["name = '" + "{" * 2 + " cookiecutter.x " + "}" * 2, "{" + "% if x %}", "# TODO: y"]
    assert len(leftovers({"planted.py": "\n".join([*planted, "a = {1: {2: 3}}"])})) == 3


# Facts that are written in two places.


def number(name: str, pattern: str) -> int:
    """Return the number that a file of the service has at a place."""
    [found] = re.findall(pattern, project_files.find(name).read_text(), re.MULTILINE)
    return int(found)


def test_the_port_is_the_same_everywhere() -> None:
    served = number("infra/uwsgi.yaml", r"^  set-(?:ph|placeholder): port=(\d+)$")
    assert number(".flaskenv", r"^FLASK_RUN_PORT=(\d+)$") == served
    assert number("infra/docker/Dockerfile", r"^EXPOSE (\d+) \d+$") == served
    assert published() == {served, served_metrics()}


def served_metrics() -> int:
    """Return the port that uWSGI's mule serves the metrics on."""
    return number("infra/uwsgi.yaml", r"^  set-(?:ph|placeholder): metrics-port=(\d+)$")


def published() -> set[int]:
    """Return the ports of the container that the compose file publishes."""
    compose = yaml.safe_load(project_files.find("docker-compose.yaml").read_text())
    ports = compose["services"]["service"]["ports"]
    assert all(port.startswith("127.0.0.1:") for port in ports)
    return {int(port.rpartition(":")[2]) for port in ports}


def test_the_image_exposes_the_port_of_the_metrics() -> None:
    assert number("infra/docker/Dockerfile", r"^EXPOSE \d+ (\d+)$") == served_metrics()


def test_the_first_choice_of_bootstrap_is_the_python_of_the_image() -> None:
    python = r"python:3\.(\d+)-slim-bookworm$"
    assert number("infra/docker/Dockerfile", f"^ARG PYTHON_IMAGE={python}") == number(
        "bootstrap", r"set -- python3\.(\d+) python3 python$"
    )


def test_health_is_asked_for_where_it_is_told(service: Flask) -> None:
    routes = {rule.rule for rule in service.url_map.iter_rules()}
    asked = {
        path
        for name in ("infra/docker/Dockerfile", "docker-compose.yaml")
        for path in re.findall(r"/health/\w+(?=\"?\])", project_files.find(name).read_text())
    }
    assert asked == {"/health/live", "/health/ready"}
    assert asked <= routes


def test_each_thread_of_a_worker_can_have_a_connection() -> None:
    threads = max(
        int(found)
        for found in re.findall(
            r"^  threads: (\d+)$", project_files.find("infra/uwsgi.yaml").read_text(), re.MULTILINE
        )
    )
    assert number("settings.yaml", r"^    pool_size: (\d+)$") >= threads


def test_every_environment_has_a_stage_that_is_known() -> None:
    sections = yaml.safe_load(project_files.find("settings.yaml").read_text())
    stages = {name.partition(".")[0] for name in sections if name != "default"}
    assert stages <= {"development", "tests", "staging", "production"}


def test_every_folder_of_tests_can_be_imported() -> None:
    """Two tests of one name are told apart by their packages."""
    tests = Path(__file__).parent
    without: Iterable[Path] = {path.parent for path in tests.rglob("test_*.py")}
    assert [folder for folder in without if not (folder / "__init__.py").is_file()] == []
