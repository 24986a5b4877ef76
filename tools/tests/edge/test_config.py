"""The configuration of the edge follows the manifests of the services."""

import os
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from flask_chassis.project import Project

from flask_chassis_tools.edge import config, limits, routes
from flask_chassis_tools.edge.faults import EdgeError
from flask_chassis_tools.resources import ingress

from ..conftest import Run
from ..services import KINDS
from .conftest import Copy

INGRESS = Path("infra/kubernetes/base/ingress.yaml")

NGINX = shutil.which("nginx", path=f"{os.environ['PATH']}{os.pathsep}/usr/sbin")


def rendered(*folders: Path, **backends: list[str]) -> str:
    """Return the configuration for services; names of back ends have underscores for hyphens."""
    services = [routes.read(folder, "development") for folder in folders]
    named = {name.replace("_", "-"): each for name, each in backends.items()}
    return config.render(services, named, config.Edge())


def locations(text: str) -> set[str]:
    """Return the locations that lead to a service."""
    return set(re.findall(r"location (\S[^{]*?) \{\n +proxy_pass", text))


def edit(folder: Path, old: str, new: str, name: Path = INGRESS) -> None:
    """Replace a text in a manifest, which has to have it."""
    text = (folder / name).read_text()
    assert old in text
    (folder / name).write_text(text.replace(old, new))


@pytest.mark.skipif(NGINX is None, reason="nginx is not installed")
def test_nginx_accepts_the_configuration_of_all_kinds(copy: Copy, tmp_path: Path) -> None:
    (tmp_path / "nginx.conf").write_text(rendered(*map(copy, KINDS)))
    words = [str(NGINX), "-t", "-p", str(tmp_path), "-c", "nginx.conf", "-e", "stderr"]
    done = subprocess.run(words, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "warn" not in done.stderr.replace('the "user" directive', ""), done.stderr


@pytest.mark.skipif(
    NGINX is None or shutil.which("openssl") is None, reason="nginx or openssl is not installed"
)
def test_with_a_certificate_clients_use_tls_and_services_do_not(copy: Copy, tmp_path: Path) -> None:
    words = ["openssl", "req", "-x509", "-nodes", "-newkey=rsa:2048", "-subj=/CN=localhost"]
    made = [*words, "-keyout=key.pem", "-out=certificate.pem"]
    pairs = [part for word in made[3:] for part in word.split("=", 1)]
    subprocess.run([*made[:3], *pairs], cwd=tmp_path, check=True, capture_output=True)
    service = routes.read(copy("resource"), "development")
    files = {"certificate": f"{tmp_path}/certificate.pem", "key": f"{tmp_path}/key.pem"}
    internal = {service.name: "127.0.0.1:81"}
    text = config.render([service], {}, config.Edge(internal=internal, **files))
    assert text.count("listen 127.0.0.1:8088 ssl") == 2
    assert "listen 127.0.0.1:81;" in text
    (tmp_path / "nginx.conf").write_text(text)
    checked = [str(NGINX), "-t", "-p", str(tmp_path), "-c", "nginx.conf", "-e", "stderr"]
    done = subprocess.run(checked, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_the_locations_are_the_paths_of_the_ingress(copy: Copy) -> None:
    assert locations(rendered(copy("issuer"))) == {
        *("= /", "= /api", "/api/", "= /openapi.json", "= /swagger-ui", "/swagger-ui/"),
        "= /.well-known/jwks.json",
    }


def test_a_resource_that_is_added_is_at_the_edge_without_another_edit(copy: Copy) -> None:
    """If the Ingress has a path for each resource, resource.add adds the path that is missing."""
    service = copy("resource")
    edit(service, "- path: /api\n", "- path: /api/me/thoughts\n")
    before = locations(rendered(service))
    assert "/api/me/thoughts/" in before
    text = ingress.with_path((service / INGRESS).read_text(), "/api/purchase_orders")
    assert text
    (service / INGRESS).write_text(text)
    assert locations(rendered(service)) - before == {
        "= /api/purchase_orders",
        "/api/purchase_orders/",
    }
    (service / INGRESS).write_text(ingress.without_path(text, "/api/purchase_orders"))
    assert locations(rendered(service)) == before


def test_the_host_is_that_of_the_stage(copy: Copy) -> None:
    service = copy("resource")
    assert routes.read(service, "development").host == "planted-resource.localhost"
    production = routes.read(service, "production").host
    assert production.startswith("planted-resource.")
    assert not production.endswith((".localhost", ".invalid"))


def test_two_services_may_share_a_host_but_no_path(copy: Copy) -> None:
    one, two = copy("frontend"), copy("issuer")
    overlay = Path("infra/kubernetes/overlays/development/kustomization.yaml")
    edit(two, "planted-issuer.localhost", "planted-frontend.localhost", overlay)
    with pytest.raises(EdgeError, match=r"both have / at planted-frontend\.localhost.*host"):
        rendered(one, two)
    edit(two, "- path: /\n", "- path: /documentation\n")
    text = rendered(one, two)
    assert text.count("server_name planted-frontend.localhost;") == 1
    assert {"= /documentation", "/thoughts/"} <= locations(text)


@pytest.mark.parametrize("kind", KINDS)
def test_the_limits_that_are_rendered_fit_the_service(
    services: Callable[[str], Project], kind: str
) -> None:
    folder = services(kind).folder.parent
    found = routes.read(folder, "development").limits
    settings = yaml.safe_load((folder / "settings.yaml").read_text())["default"]
    assert found["proxy-body-size"] == "1m"
    assert settings["http"]["max_body_bytes"] == 1024 * 1024
    harakiri = re.search(r"^  harakiri: (\d+)$", (folder / "infra/uwsgi.yaml").read_text(), re.M)
    assert harakiri
    assert int(found["proxy-read-timeout"]) > int(harakiri[1])


def test_limits_are_the_annotations_of_the_ingress(copy: Copy) -> None:
    service = copy("resource")
    edit(service, "proxy-body-size: 1m", "proxy-body-size: 20m")
    edit(service, 'proxy-read-timeout: "50"', 'proxy-read-timeout: "120"')
    text = rendered(service)
    assert "client_max_body_size 20m;" in text
    assert "proxy_read_timeout 120s;" in text


def test_a_service_that_has_no_annotations_has_the_same_limits(copy: Copy) -> None:
    service = copy("resource")
    before = rendered(service)
    path = service / INGRESS
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(line for line in lines if limits.PREFIX not in line))
    edit(service, "  annotations:\n", "")
    assert rendered(service) == before


def test_back_ends_are_where_they_are_said_to_be(copy: Copy) -> None:
    service = copy("resource")
    assert "server 127.0.0.1:8080 " in rendered(service)
    text = rendered(service, planted_resource=["10.0.0.5:80", "[::1]:8080"])
    assert re.findall(r" server (\S+) max_fails", text) == ["10.0.0.5:80", "[::1]:8080"]


def test_instances_that_are_left_out_have_a_file_in_the_folder(copy: Copy) -> None:
    service = routes.read(copy("resource"), "development")
    two = {service.name: ["127.0.0.1:80", "127.0.0.1:81"]}
    text = config.render([service], two, config.Edge(health="/run/edge"))
    out = re.findall(r'if \(-f "/run/edge/(\S+)"\) \{\n +set \S+ (\S+);', text)
    # What a person takes out is left out, whatever is not ready.
    assert out == [
        (f"planted-resource@127.0.0.1:80.{suffix}", "planted-resource-without-1")
        if port == 80
        else (f"planted-resource@127.0.0.1:81.{suffix}", "planted-resource-without-2")
        for suffix in ("down", "out")
        for port in (80, 81)
    ]
    # The only one there is gets everything.
    assert "if (" not in config.render([service], {}, config.Edge(health="/run/edge"))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("- path: /api\n", "- path: /admin/users\n", "routes /admin, which is internal"),
        ("- path: /api\n", "- path: /admin\n", "routes /admin, which is internal.*Remove"),
        ("- path: /api\n", "- path: /health\n", "routes /health, which is internal"),
        ("- path: /api\n", '- path: "/a;}"\n', "is not a plain path"),
        ("pathType: Exact", "pathType: ImplementationSpecific", "depends on the controller"),
        ("proxy-body-size: 1m", "proxy-body-size: 1m; }", "does not understand.*1m"),
        ("next-upstream: error timeout", "next-upstream: error non_idempotent", "POST.*Remove"),
        (
            "name: planted-resource\n                port",
            "name: other\n                port",
            "other",
        ),
    ],
)
def test_what_the_edge_must_not_do_is_refused(copy: Copy, old: str, new: str, message: str) -> None:
    service = copy("resource")
    edit(service, old, new)
    with pytest.raises(EdgeError, match=message):
        rendered(service)


def test_what_does_not_fit_together_is_refused(copy: Copy, tmp_path: Path) -> None:
    service = copy("resource")
    with pytest.raises(EdgeError, match=r"not found\. Give the folder"):
        routes.read(tmp_path / "none", "development")
    with pytest.raises(EdgeError, match="Give each service once"):
        rendered(service, service)
    with pytest.raises(EdgeError, match="The folder of other is not given"):
        rendered(service, other=["127.0.0.1:80"])
    with pytest.raises(EdgeError, match="Give both"):
        config.render([routes.read(service, "development")], {}, config.Edge(key="/a"))
    with pytest.raises(EdgeError, match="is not an absolute path"):
        config.render([routes.read(service, "development")], {}, config.Edge(health="a b"))
    with pytest.raises(EdgeError, match="is not an address"):
        rendered(service, planted_resource=["127.0.0.1:80; }"])


@pytest.mark.parametrize("kind", ["resource", "frontend"])
def test_the_task_writes_the_configuration(
    run: Run, services: Callable[[str], Project], tmp_path: Path, kind: str
) -> None:
    folder = services(kind).folder.parent
    name = f"planted-{kind}"
    printed = run("edge.config", f"--services={folder}", "--listen=127.0.0.1:80")
    assert printed.code == 0, printed.error
    assert "listen 127.0.0.1:80;" in printed.out
    assert (
        run("edge.config", f"--services={folder}", f"--internal={name}=127.0.0.1:81").out.count(
            "listen 127.0.0.1:81;"
        )
        == 1
    )
    into = tmp_path / "nginx.conf"
    backend = f"--backends={name}=10.0.0.5:80,10.0.0.6:80"
    assert run("edge.config", f"--services={folder}", backend, f"--into={into}").code == 0
    assert "server 10.0.0.6:80 " in into.read_text()
    for words, message in (
        ([], "Name the services' folders"),
        ([f"--services={folder}", "--backends=a"], "a has no address"),
        ([f"--services={folder}", "--user=a;"], "is not the name of a user"),
        ([f"--services={tmp_path}"], "not found"),
    ):
        refused = run("edge.config", *words)
        assert refused.code
        assert message in refused.error
