"""An index that asks who one is: the secret netrc answers, and without it nothing is built."""

import base64
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.docker.engine import ask
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
        """Answer with the place of a page, or with the question who it is."""
        package = self.path.removeprefix("/simple/").strip("/")
        if self.headers["Authorization"] == MAY_ENTER:
            self.server.given.append(package)
            self.send_response(302)
            self.send_header("Location", f"{self.server.public}/{package}/")
        else:
            self.server.refused.append(package)
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="packages"')
        self.send_header("Content-Length", "0")
        self.end_headers()

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
        assert "No matching distribution found for poetry==" in refused.stderr
        assert index.refused
        assert not index.given

        built = build(service, configured, f"--secret=id=netrc,src={netrc}")
    assert built.returncode == 0, built.stderr
    assert {"poetry", "flask", "sqlalchemy"} <= set(index.given)
    assert PASSWORD not in built.stdout + built.stderr
