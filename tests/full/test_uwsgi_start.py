"""How a rendered service starts under uWSGI, and what stops it: infra/uwsgi.yaml at work."""

import os
import re
import signal
import time
from itertools import count
from pathlib import Path
from shutil import copyfile
from typing import Any

import pytest
import yaml

from tasks.ports import free_port
from tests.full.uwsgi_process import (
    APPS,
    Rendered,
    Uwsgi,
    app_of,
    eventually,
    package_of,
    sections,
    started,
)


def test_it_is_yaml_without_a_key_twice(rendered_service: Rendered) -> None:
    class NoKeyTwice(yaml.SafeLoader):
        pass

    def mapping(loader: yaml.SafeLoader, node: yaml.MappingNode) -> dict[Any, Any]:
        keys = [key.value for key, _ in node.value]
        assert len(keys) == len(set(keys)), keys
        return loader.construct_mapping(node, deep=True)

    NoKeyTwice.add_constructor("tag:yaml.org,2002:map", mapping)
    text = (rendered_service.path / "infra/uwsgi.yaml").read_text()
    found = yaml.load(text, NoKeyTwice)  # noqa: S506 - a safe loader
    assert set(found) == {
        "uwsgi",
        app_of(rendered_service),
        "development",
        "production",
        "gevent",
    }


def test_uwsgi_reads_in_it_what_yaml_reads(rendered_service: Rendered) -> None:
    text = (rendered_service.path / "infra/uwsgi.yaml").read_text()
    plain = {
        name: dict(re.findall(r"^  ([a-z0-9-]+): (.+?) *$", lines, re.MULTILINE))
        for name, lines in sections(rendered_service).items()
    }
    read = {
        name: {key: str(value) for key, value in options.items()}
        for name, options in yaml.safe_load(text).items()
    }
    assert {
        name: {key: {"true": "True"}.get(value, value) for key, value in options.items()}
        for name, options in plain.items()
    } == read


def test_it_works_after_a_formatter(rendered_service: Rendered, tmp_path: Path) -> None:
    read = yaml.safe_load((rendered_service.path / "infra/uwsgi.yaml").read_text())
    formatted = tmp_path / "uwsgi.yaml"
    formatted.write_text(yaml.safe_dump(read, sort_keys=False, width=1000, explicit_start=True))
    with started(rendered_service, tmp_path, config=formatted) as uwsgi:
        assert uwsgi.ask("/items/1/").status == 200
        uwsgi.send(signal.SIGTERM)
        assert uwsgi.wait_for_end() == 0
        assert uwsgi.records(logger="access", route="/items/<int:number>/")


def test_libraries_are_imported_once_for_all_workers_and_the_service_by_each(
    served: Uwsgi, rendered_service: Rendered
) -> None:
    imported = set(served.ask("/imported").json["by_the_master"])
    assert {"flask_restx", "jwt", "psycopg2", "sqlalchemy.orm"} <= imported
    package = package_of(rendered_service)
    assert {f"{package}.app", f"{package}.domain", f"{package}.wsgi"}.isdisjoint(imported)


def test_a_misspelt_option_stops_the_start(rendered_service: Rendered, tmp_path: Path) -> None:
    config = tmp_path / "uwsgi.yaml"
    text = (rendered_service.path / "infra/uwsgi.yaml").read_text()
    config.write_text(text.replace("  need-app:", "  ned-app:"))
    uwsgi = Uwsgi(rendered_service, tmp_path, config=config)
    assert uwsgi.wait_for_end() == 1
    assert uwsgi.says("ned-app")
    assert uwsgi.stderr == ""


@pytest.mark.parametrize("stage", ["prodution", "uwsgi:", "mule"])
def test_a_section_that_does_not_exist_stops_the_start(
    rendered_service: Rendered, tmp_path: Path, stage: str
) -> None:
    uwsgi = Uwsgi(rendered_service, tmp_path, stage=stage)
    assert uwsgi.wait_for_end() == 2
    [record] = uwsgi.records()
    assert f"no section {stage}" in record["message"]
    assert "production, development" in record["message"]


def test_a_missing_file_stops_the_start(rendered_service: Rendered, tmp_path: Path) -> None:
    uwsgi = Uwsgi(rendered_service, tmp_path, config=tmp_path / "uwsgi.yaml")
    assert uwsgi.wait_for_end() == 2
    assert uwsgi.says("does not exist")


@pytest.mark.parametrize(
    ("application", "exception"),
    [("missing:application", "ModuleNotFoundError"), ("broken", "this application is broken")],
)
def test_an_application_that_cannot_be_imported_stops_the_start(
    rendered_service: Rendered, tmp_path: Path, application: str, exception: str
) -> None:
    uwsgi = Uwsgi(rendered_service, tmp_path, application=application)
    assert uwsgi.wait_for_end() == 22
    uncaught = uwsgi.records(logger="uncaught", level="CRITICAL")
    assert uncaught
    assert all(exception in record["exc_info"] for record in uncaught)
    assert uwsgi.stderr == ""


def test_a_port_in_use_stops_the_start(
    served: Uwsgi, rendered_service: Rendered, tmp_path: Path
) -> None:
    uwsgi = Uwsgi(rendered_service, tmp_path, port=served.port)
    assert uwsgi.wait_for_end() == 1
    assert uwsgi.says("Address already in use")
    assert uwsgi.records()


def test_it_serves_without_its_metrics_where_their_port_is_in_use(
    served: Uwsgi, rendered_service: Rendered, tmp_path: Path
) -> None:
    uwsgi = Uwsgi(rendered_service, tmp_path, metrics_port=served.metrics_port)
    try:
        eventually(lambda: uwsgi.ask().status == 200, "it does not answer", uwsgi)
        eventually(
            lambda: uwsgi.says("cannot listen on the metrics port"), "it does not say why", uwsgi
        )
    finally:
        uwsgi.end()


def test_the_ports_are_those_of_the_file_unless_others_are_asked_for(
    rendered_service: Rendered, tmp_path: Path
) -> None:
    config = tmp_path / "uwsgi.yaml"
    text = (rendered_service.path / "infra/uwsgi.yaml").read_text()
    port, metrics_port = free_port(), free_port()
    text, first = re.subn(r"(set-placeholder: port)=\d+", rf"\1={port}", text)
    text, second = re.subn(r"(set-ph: metrics-port)=\d+", rf"\1={metrics_port}", text)
    assert (first, second) == (1, 1)
    config.write_text(text)
    with started(rendered_service, tmp_path, config=config) as asked_for_others:
        assert asked_for_others.port != port
    uwsgi = Uwsgi(rendered_service, tmp_path, config=config, port=port, metrics_port=metrics_port)
    try:
        uwsgi.wait_until_ready()
    finally:
        uwsgi.end()


def test_the_plain_command_works_too(rendered_service: Rendered, tmp_path: Path) -> None:
    with started(rendered_service, tmp_path, plainly=True) as uwsgi:
        assert uwsgi.ask("/items/1/").json == {"number": 1}
        assert uwsgi.requests_counted(route="/items/<int:number>/") == 1
        uwsgi.send(signal.SIGTERM)
        assert uwsgi.wait_for_end() == 0
        assert uwsgi.records(logger="access", route="/items/<int:number>/")
        # uWSGI's lines from before its logs are set up.
        assert re.fullmatch(r"(\[(uWSGI|log-encoder)\] .*\n)*", uwsgi.stderr)


def test_a_change_of_the_code_reloads_it_in_development(
    rendered_service: Rendered, tmp_path: Path
) -> None:
    changed = tmp_path / "changing.py"
    copyfile(APPS / "misbehaving.py", changed)
    with started(
        rendered_service,
        tmp_path,
        f"--pythonpath={tmp_path}",
        stage="development",
        application="changing:application",
    ) as uwsgi:
        before = uwsgi.ask().json["pid"]
        times = count(time.time())

        def reloaded() -> bool:
            os.utime(changed, (0, next(times)))
            return bool(uwsgi.ask().json["pid"] != before)

        eventually(reloaded, "it was not reloaded", uwsgi)
