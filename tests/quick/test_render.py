"""Rendering itself."""

import re
from pathlib import Path

import yaml

from tasks.folders import EXAMPLES, ROOT
from tasks.render import render
from tests.quick.test_pairs import files_of


def contents(folder: Path) -> dict[str, tuple[int, bytes]]:
    """Return each file's mode and bytes, by its name."""
    return {
        str(path.relative_to(folder)): (path.stat().st_mode, path.read_bytes())
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_rendering_twice_gives_the_same_bytes(plain: Path, tmp_path: Path) -> None:
    assert contents(render(tmp_path, {})) == contents(plain)


def test_the_resource_names_everything_that_it_should(tmp_path: Path) -> None:
    service = render(tmp_path, {"resource_name": "blog_post", "project_name": "Blog"})
    assert (service / "blog" / "blog_posts" / "model.py").is_file()
    assert (service / "migrations" / "versions" / "0002_create_blog_posts.py").is_file()
    assert (service / "tests" / "blog_posts" / "test_routes.py").is_file()
    model = (service / "blog" / "blog_posts" / "model.py").read_text("utf-8")
    assert "class BlogPost(Base):" in model
    assert '__tablename__ = "blog_posts"' in model
    everything = " ".join(path.read_text("utf-8") + str(path) for path in files_of(service))
    assert "thought" not in everything.lower()


def test_only_the_chosen_ci_system_is_there(tmp_path: Path) -> None:
    owners = {
        ".teamcity": "teamcity",
        ".github": "github",
        ".gitlab": "gitlab",
        ".gitlab-ci.yml": "gitlab",
    }
    for answer in ("teamcity", "github", "gitlab", "none"):
        service = render(tmp_path / answer, {"ci_system": answer})
        there = {name for name in owners if (service / name).exists()}
        assert there == {name for name, owner in owners.items() if owner == answer}


def test_the_defaults_of_all_kinds_run_beside_each_other(tmp_path: Path) -> None:
    """And the frontend's defaults reach the other two."""
    ports, services = {}, {}
    for kind in ("resource", "issuer", "frontend"):
        services[kind] = render(tmp_path / kind, {"kind": kind})
        uwsgi = (services[kind] / "infra" / "uwsgi.yaml").read_text("utf-8")
        ports[kind] = re.findall(r"^  set-\w+: (?:metrics-)?port=(\d+)$", uwsgi, re.MULTILINE)
        assert len(ports[kind]) == 2  # of requests and of metrics
    taken = [port for each in ports.values() for port in each]
    assert len(set(taken)) == len(taken)
    settings = yaml.safe_load((services["frontend"] / "settings.yaml").read_text("utf-8"))
    for environment in ("development.local", "development.compose", "production.kubernetes"):
        called = settings[environment]["upstream"]
        assert called["thoughts"]["url"].endswith(f":{ports['resource'][0]}")
        assert called["users"]["url"].endswith(f":{ports['issuer'][0]}")
    flows = (services["frontend"] / "infra" / "flows.yaml").read_text("utf-8")
    for kind in ("resource", "issuer"):
        assert f"ports: [{ports[kind][0]}/TCP]" in flows
    page = (ROOT / "docs" / "reference" / "kind-resource.md").read_text("utf-8")
    assert f"keys_url: http://127.0.0.1:{ports['issuer'][0]}/" in page


def test_the_examples_have_the_ports_of_their_kind(tmp_path: Path) -> None:
    for path in sorted(EXAMPLES.glob("*.yaml")):
        answers = yaml.safe_load(path.read_text("utf-8"))
        service = render(tmp_path / path.stem, {"kind": answers["kind"]})
        assert f"FLASK_RUN_PORT={answers['port']}" in (service / ".flaskenv").read_text("utf-8")


def test_ports_and_names_are_those_of_the_answers(tmp_path: Path) -> None:
    service = render(tmp_path, {"port": "9000", "database_name": "stories"})
    settings = yaml.safe_load((service / "settings.yaml").read_text("utf-8"))
    assert settings["default"]["database"]["name"] == "stories"
    assert "FLASK_RUN_PORT=9000" in (service / ".flaskenv").read_text("utf-8")
    assert "port=9000" in (service / "infra" / "uwsgi.yaml").read_text("utf-8")
