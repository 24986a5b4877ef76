"""An index that asks who one is: the secret netrc answers, and without it nothing is built."""

import base64
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tasks.engine import engine
from tasks.render import example, render
from tasks.wheels import VENDOR
from tests.docker.conftest import PREFIX
from tests.docker.engine import ask, docker
from tests.docker.test_image import copy_of
from tests.services import InstalledService
from tests.serving import serving

LOGIN, PASSWORD = "ada", "planted-for-an-index"

MAY_ENTER = "Basic " + base64.b64encode(f"{LOGIN}:{PASSWORD}".encode()).decode()


class Index(ThreadingHTTPServer):
    """Sends whoever may enter on to the public index, and remembers what they wanted."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        script = "from pip._internal.models.index import PyPI; print(PyPI.simple_url)"
        told = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)
        self.public = told.stdout.strip()
        self.own: dict[str, Path] = {}
        self.given: list[str] = []
        self.refused: list[str] = []

    def configuration(self, folder: Path) -> str:
        """Write a pip.conf that names this index, and return it as a secret of a build."""
        file = folder / "pip.conf"
        file.write_text(
            f"[global]\nindex-url = http://127.0.0.1:{self.server_port}/simple/\nno-input = true\n"
        )
        return f"--secret=id=pip.conf,src={file}"


class _Handler(BaseHTTPRequestHandler):
    server: Index

    def do_GET(self) -> None:
        """Answer with a wheel of its own, with the place of a page, or ask who it is."""
        package, _, file = self.path.removeprefix("/simple/").partition("/")
        wheel, body = self.server.own.get(package), b""
        if self.headers["Authorization"] != MAY_ENTER:
            self.server.refused.append(package)
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="packages"')
        elif wheel:
            self.server.given.append(package)
            link = f'<!DOCTYPE html><a href="{wheel.name}">{wheel.name}</a>'
            body = wheel.read_bytes() if file else link.encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/zip" if file else "text/html")
        else:
            self.server.given.append(package)
            self.send_response(302)
            self.send_header("Location", f"{self.server.public}/{package}/")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    do_HEAD = do_GET  # noqa: N815  (the name that http.server looks for)

    def log_message(self, *of: object) -> None:
        """Say nothing."""


@contextmanager
def private_index() -> Iterator[Index]:
    """Serve the index."""
    with serving(index := Index()):
        yield index


def build(service: Path, *secrets: str) -> subprocess.CompletedProcess[str]:
    """Install what the service needs, anew, as the image does."""
    dockerfile = service / "infra" / "docker" / "Dockerfile"
    return ask(
        *("build", "--no-cache", "--network=host", "--target=builder", *secrets),
        *("--file", dockerfile, service),
    )


def test_the_secret_netrc_opens_it(rendered_service: InstalledService, tmp_path: Path) -> None:
    service = copy_of(rendered_service.path, tmp_path / "service")
    netrc = tmp_path / "netrc"
    netrc.write_text(f"machine 127.0.0.1 login {LOGIN} password {PASSWORD}\n")
    with private_index() as index:
        configured = index.configuration(tmp_path)
        refused = build(service, configured)
        assert refused.returncode != 0
        assert "No matching distribution found for " in refused.stderr
        assert index.refused
        assert not index.given

        built = build(service, configured, f"--secret=id=netrc,src={netrc}")
    assert built.returncode == 0, built.stderr
    assert {"poetry", "flask", "sqlalchemy"} <= set(index.given)
    assert PASSWORD not in built.stdout + built.stderr


def service_with(internal_index: str, folder: Path) -> Path:
    """Render a service with an internal index; the template itself takes only https addresses."""
    https = "https://packages.acme.example/simple/"
    service = render(folder, example("thoughts-backend") | {"internal_index": https})
    for name in ("pyproject.toml", "poetry.lock"):
        file = service / name
        text = file.read_text("utf-8").replace(https, internal_index)
        file.write_text(text.replace(https.rstrip("/"), internal_index.rstrip("/")), "utf-8")
    of_pyproject = engine("content_hash").of((service / "pyproject.toml").read_text("utf-8"))
    lock = service / "poetry.lock"
    stamped = re.sub('(?<=content-hash = ")[^"]+', of_pyproject, lock.read_text("utf-8"))
    lock.write_text(stamped, "utf-8")
    return service


def test_the_chassis_of_an_image_comes_from_the_internal_index(tmp_path: Path) -> None:
    netrc, tag = tmp_path / "netrc", f"{PREFIX}:internal-index"
    netrc.write_text(f"machine 127.0.0.1 login {LOGIN} password {PASSWORD}\n")
    with private_index() as index:
        [wheel] = VENDOR.glob("flask_chassis-[0-9]*.whl")
        index.own["flask-chassis"] = wheel
        service = service_with(f"http://127.0.0.1:{index.server_port}/simple/", tmp_path)
        built = build(service, f"--secret=id=netrc,src={netrc}", f"--tag={tag}")
    assert built.returncode == 0, built.stderr
    assert index.given.count("flask-chassis") >= 2  # the page and the wheel
    in_the_image = docker("run", "--rm", "--network=none", tag, "ls", "/service").split()
    assert "poetry.lock" in in_the_image
    assert "vendor" not in in_the_image
    asked = "import flask_chassis; print(flask_chassis.__file__)"
    words = ("run", "--rm", "--network=none", tag, "/opt/venv/bin/python", "-c", asked)
    assert "/site-packages/flask_chassis/" in docker(*words)
