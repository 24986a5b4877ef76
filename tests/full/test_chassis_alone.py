"""The chassis without the template: the application of its README has what services have."""

import json
import re
import venv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests

from tasks.ports import free_port
from tasks.program import Program
from tests.full.programs import run, succeeds
from tests.services import clean_environment

INSTALL_SECONDS = 300
CHASSIS = Path(__file__).parents[2] / "chassis"


def block(language: str) -> str:
    """Return the code of that language in the README's section about a service in one file."""
    text = (CHASSIS / "README.md").read_text("utf-8")
    section = text.partition("## A service in one file")[2].partition("\n## ")[0]
    [found] = re.findall(rf"^```{language}\n(.*?)^```$", section, re.DOTALL | re.MULTILINE)
    return str(found)


# Runs beside the application: makes a pair of keys and prints a token that the issuer would sign.
TOKEN = """
import time
from pathlib import Path

import jwt
from flask_chassis.tasks import keys

private = keys.write_pair(Path("keys"), "first", bits=2048)
now = int(time.time())
claims = {"sub": "ada", "username": "ada", "scope": "", "iat": now, "exp": now + 600}
claims |= {"iss": "https://users.acme.example", "aud": "acme"}
print(jwt.encode(claims, private.read_text(), algorithm="RS256", headers={"kid": "first"}))
"""


@dataclass(frozen=True)
class Alone:
    """The application, running in an environment that has the chassis and nothing of a service."""

    python: Path
    folder: Path
    address: str
    token: str
    log: Path

    def get(self, path: str, token: str = "") -> requests.Response:
        """Send a request."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        return requests.get(f"{self.address}{path}", headers=headers, timeout=10)


@pytest.fixture(scope="module")
def python(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The interpreter of an empty environment in which pip has installed the chassis."""
    folder = tmp_path_factory.mktemp("alone") / "venv"
    venv.create(folder, with_pip=True, symlinks=True)
    words: list[str | Path] = [folder / "bin" / "pip", "install", "-q"]
    succeeds([*words, f"{CHASSIS}[database,tokens]"], folder, seconds=INSTALL_SECONDS)
    return folder / "bin" / "python"


@pytest.fixture(scope="module")
def alone(python: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Alone]:
    """The application, served by Flask itself."""
    folder = tmp_path_factory.mktemp("hello")
    (folder / "hello.py").write_text(block("python"), "utf-8")
    (folder / "settings.yaml").write_text(block("yaml"), "utf-8")
    token = succeeds([python, "-c", TOKEN], folder).strip()
    port, log = free_port(), folder / "log"
    words: list[str | Path] = [python, "-m", "flask", "--app", "hello", "run", f"--port={port}"]
    program = Program(words, folder, clean_environment(), log)
    started = Alone(python, folder, f"http://127.0.0.1:{port}", token, log)

    def answers() -> bool:
        try:
            return started.get("/health/live").ok
        except requests.ConnectionError:
            return False

    try:
        program.wait_until(answers, "the application")
        yield started
    finally:
        program.end()


def test_it_is_alive_and_ready_and_says_its_version(alone: Alone) -> None:
    assert alone.get("/health/live").json() == {"status": "ok"}
    assert alone.get("/health/ready").json()["checks"] == {"token_keys": "ok"}
    assert alone.get("/admin/version/").json() == {
        "commit": "development",
        "version": "development",
    }


def test_a_protected_view_wants_a_token(alone: Alone) -> None:
    refused = alone.get("/greeting")
    assert refused.status_code == 401
    assert refused.json()["message"].startswith("A token is required")
    assert alone.get("/greeting", f"{alone.token}x").status_code == 401
    assert alone.get("/greeting", alone.token).json() == {"message": "Hello, ada!"}


def test_it_logs_each_request_as_json(alone: Alone) -> None:
    identifier = alone.get("/greeting", alone.token).headers["X-Request-ID"]
    lines = [line for line in alone.log.read_text("utf-8").splitlines() if identifier in line]
    [record] = [record for record in map(json.loads, lines) if record["logger"] == "access"]
    assert (record["method"], record["route"], record["status"]) == ("GET", "/greeting", 200)
    assert record["duration_ms"] >= 0


def test_it_counts_requests_by_route(alone: Alone) -> None:
    alone.get("/nowhere/")
    measured = alone.get("/metrics").text
    assert re.search(r'http_requests_total\{.*route="unmatched",status="404"\} \d', measured)
    assert "http_request_duration_seconds_bucket{" in measured


def test_an_error_is_json(alone: Alone) -> None:
    missing = alone.get("/nowhere/")
    assert missing.status_code == 404
    assert missing.json().keys() == {"message"}


def test_a_setting_comes_from_a_variable_with_the_applications_prefix(alone: Alone) -> None:
    words: list[str | Path] = [alone.python, "-c", "import hello"]
    refused = run(words, alone.folder, {"HELLO_TOKENS__PUBLIC_KEYS_FOLDER": "nowhere"})
    assert refused.returncode == 1
    assert "There is no folder of public keys" in refused.stdout


def test_the_database_is_there_for_whoever_asked_for_it(python: Path, tmp_path: Path) -> None:
    succeeds([python, "-c", "import flask_chassis.db.database"], tmp_path)


def test_nothing_of_the_template_was_installed(python: Path) -> None:
    listed = succeeds([python, "-m", "pip", "list", "--format=json"], python.parent)
    names = {package["name"] for package in json.loads(listed)}
    assert "flask-chassis" in names
    assert not {"cookiecutter", "flask-chassis-tools", "flask-restx", "pytest"} & names


def test_without_a_service_the_error_says_what_to_do(python: Path, tmp_path: Path) -> None:
    words: list[str | Path] = [python, "-c", "from flask_chassis import settings; settings.load()"]
    refused = run(words, tmp_path)
    assert refused.returncode == 1
    assert "An environment has exactly one service; this one has none." in refused.stderr
