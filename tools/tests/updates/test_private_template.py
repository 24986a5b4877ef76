"""Test that a private template is cloned with a token, which no other host gets."""

import base64
import shutil
import subprocess
import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from flask_chassis_tools.updates import credentials, verifying
from flask_chassis_tools.updates.faults import UpdateError
from flask_chassis_tools.updates.source import Source

pytestmark = pytest.mark.skipif(not shutil.which("git"), reason="git is not installed here")

TOKEN = "planted-token"


class Private(SimpleHTTPRequestHandler):
    """Serves a repository to who has the token; to others, it asks for a login."""

    user = "x-access-token"

    def do_GET(self) -> None:
        """Answer a request."""
        login = base64.b64encode(f"{self.user}:{TOKEN}".encode()).decode()
        if self.headers.get("Authorization") == f"Basic {login}":
            super().do_GET()
            return
        self.send_response(401)
        self.send_header("WWW-Authenticate", 'Basic realm="git"')
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *words: object) -> None:
        """Print nothing."""


@pytest.fixture
def address(repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The address of a private repository with one release."""
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    monkeypatch.setenv("GIT_CONFIG_SYSTEM", "/dev/null")
    monkeypatch.delenv("http_proxy", raising=False)
    subprocess.run(["git", "-C", repository, "tag", "v1.0.0"], check=True)
    bare = tmp_path / "web" / "template.git"
    subprocess.run(["git", "clone", "--quiet", "--bare", repository, bare], check=True)
    subprocess.run(["git", "-C", bare, "update-server-info"], check=True)
    handler = partial(Private, directory=str(bare.parent))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/template.git"
        server.shutdown()
        thread.join()


def test_the_token_of_the_pipeline_opens_it(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEMPLATE_TOKEN", TOKEN)
    monkeypatch.setenv("TEMPLATE_USER", "")  # a variable that GitHub does not have
    source = Source.cloned(address, tmp_path / "clone")
    assert source.release() == "v1.0.0"
    assert TOKEN not in (tmp_path / "clone" / "config").read_text()


def test_a_host_that_wants_a_user_gets_it(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Private, "user", "robot")
    monkeypatch.setenv("TEMPLATE_TOKEN", TOKEN)
    monkeypatch.setenv("TEMPLATE_USER", "robot")
    assert Source.cloned(address, tmp_path / "clone").release() == "v1.0.0"


@pytest.mark.parametrize("token", ["", "guessed"])
def test_without_the_token_it_is_told_what_to_do(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, token: str
) -> None:
    monkeypatch.setenv("TEMPLATE_TOKEN", token)
    with pytest.raises(UpdateError, match="A private template needs credentials: in TEMPLATE_TOK"):
        Source.cloned(address, tmp_path / "clone")


@pytest.mark.parametrize(
    "address", ["git@git.acme.example:template.git", "http://git.acme.example/x", "/srv/template"]
)
def test_no_token_goes_over_ssh_or_without_encryption(
    monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setenv("TEMPLATE_TOKEN", TOKEN)
    assert credentials.options(address) == ()


def test_the_token_is_for_the_templates_host_and_in_no_argument(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TEMPLATE_TOKEN", TOKEN)
    found = credentials.options("https://ada@git.acme.example:8443/team/template.git")
    assert found[::2] == ("-c", "-c")
    assert all(each.startswith("credential.https://git.acme.example:8443.") for each in found[1::2])
    assert TOKEN not in str(found)


def test_the_services_code_does_not_get_the_token(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEMPLATE_TOKEN", TOKEN)
    merged, service = tmp_path / "merged", tmp_path / "service"
    for folder in (merged, service):
        (folder / ".venv" / "bin").mkdir(parents=True)
        (folder / "pyproject.toml").write_text('[project.scripts]\nplanted-tasks = "x:y"\n')
    bootstrap = merged / "bootstrap"
    bootstrap.write_text(f"#!/bin/sh\nenv >{tmp_path}/seen\n")
    command = merged / ".venv" / "bin" / "planted-tasks"
    command.write_text(f"#!/bin/sh\nenv >>{tmp_path}/seen\n")
    for program in (bootstrap, command):
        program.chmod(0o755)
    assert verifying.verify(merged, service, tmp_path) == []
    seen = (tmp_path / "seen").read_text()
    assert seen.count("PATH=") >= 3
    assert TOKEN not in seen
