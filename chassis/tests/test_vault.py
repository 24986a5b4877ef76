"""Settings from HashiCorp Vault: a server that speaks as Vault's KV engine, version 2, does."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from flask_chassis import project, settings
from flask_chassis.exceptions import ConfigurationError
from flask_chassis.testing import free_port

from .test_settings import PREFIX, checkout

__all__ = ["checkout"]  # a fixture that every test here goes through

ENVIRONMENT = "production.kubernetes"
PATH = f"{project.package().replace('_', '-')}/{ENVIRONMENT}"
TOKEN = "s.token"


class Vault(ThreadingHTTPServer):
    """Vault, with what it holds by path."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.secrets: dict[str, dict[str, Any]] = {}


class Handler(BaseHTTPRequestHandler):
    """Answers who the token belongs to, and what is at a path."""

    server: Vault

    def do_GET(self) -> None:
        """Answer as the HTTP API is documented."""
        if self.headers.get("X-Vault-Token") != TOKEN:
            self._answer(403, {"errors": ["permission denied"]})
        elif self.path == "/v1/auth/token/lookup-self":
            self._answer(200, {"data": {"display_name": "token"}})
        elif (path := self.path.removeprefix("/v1/secret/data/")) in self.server.secrets:
            self._answer(200, {"data": {"data": self.server.secrets[path], "metadata": {}}})
        else:
            self._answer(404, {"errors": []})

    def log_message(self, format: str, *args: object) -> None:
        """Log nothing."""

    def _answer(self, status: int, body: dict[str, Any]) -> None:
        content = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


@pytest.fixture
def vault(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Vault]:
    """A Vault that the settings are looked for in."""
    with Vault() as server:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}).start()
        monkeypatch.setenv("VAULT_ENABLED_FOR_DYNACONF", "true")
        monkeypatch.setenv("VAULT_URL_FOR_DYNACONF", f"http://127.0.0.1:{server.server_port}")
        monkeypatch.setenv("VAULT_TOKEN_FOR_DYNACONF", TOKEN)
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        yield server
        server.shutdown()


def test_vault_is_asked_at_the_path_and_under_the_name_that_the_error_tells(vault: Vault) -> None:
    with pytest.raises(ConfigurationError) as refused:
        settings.load(ENVIRONMENT)
    assert f"storage__password in Vault at {PATH}" in str(refused.value)
    vault.secrets[PATH] = {"storage__password": "from Vault", "storage__host": "db"}
    found = settings.load(ENVIRONMENT)
    assert found["storage.password"] == "from Vault"
    assert found["storage.host"] == "db"


def test_a_nested_secret_does_as_well(vault: Vault) -> None:
    vault.secrets[PATH] = {"storage": {"password": "from Vault", "host": "db", "port": 6543}}
    found = settings.load(ENVIRONMENT)
    assert found["storage.password"] == "from Vault"
    assert found["storage.port"] == 6543


@pytest.mark.parametrize("text", ["0123", "1e5", "true", "@int 5", "@format {x", "{a=1}"])
def test_a_text_from_vault_stays_what_it_is(vault: Vault, text: str) -> None:
    vault.secrets[PATH] = {"storage__password": text, "storage__host": "db"}
    assert settings.load(ENVIRONMENT)["storage.password"] == text


def test_vault_wins_over_files_and_loses_to_variables(
    vault: Vault, checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    local = {ENVIRONMENT: {"storage": {"host": "from file", "password": "from file", "port": 1}}}
    (checkout / "settings.local.yaml").write_text(json.dumps(local))
    vault.secrets[PATH] = {"storage__password": "from Vault", "storage__port": "2"}
    monkeypatch.setenv(f"{PREFIX}_STORAGE__PORT", "3")
    found = settings.load(ENVIRONMENT)
    assert found["storage.host"] == "from file"
    assert found["storage.password"] == "from Vault"
    assert found["storage.port"] == 3


def test_another_services_secrets_are_not_looked_at(vault: Vault) -> None:
    vault.secrets["other/production.kubernetes"] = {"storage__password": "x"}
    vault.secrets["default"] = {"storage__password": "x"}
    with pytest.raises(ConfigurationError, match=r"storage\.password is missing"):
        settings.load(ENVIRONMENT)


@pytest.mark.parametrize("switch", ["", "false"])
def test_vault_is_asked_only_when_it_is_switched_on(
    vault: Vault, monkeypatch: pytest.MonkeyPatch, switch: str
) -> None:
    vault.secrets[PATH] = {"storage__password": "x", "storage__host": "x"}
    monkeypatch.setenv("VAULT_ENABLED_FOR_DYNACONF", switch)
    with pytest.raises(ConfigurationError, match=r"storage\.password is missing"):
        settings.load(ENVIRONMENT)


def test_a_refused_token_is_told(vault: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VAULT_TOKEN_FOR_DYNACONF", "s.old")
    with pytest.raises(
        ConfigurationError, match=r"^Vault at http://127\.0\.0\.1:.*authentication"
    ) as told:
        settings.load(ENVIRONMENT)
    assert "s.old" not in str(told.value)


def test_a_vault_that_does_not_answer_is_told(
    vault: Vault, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VAULT_URL_FOR_DYNACONF", f"http://127.0.0.1:{free_port()}")
    with pytest.raises(ConfigurationError, match="VAULT_ENABLED_FOR_DYNACONF=false"):
        settings.load(ENVIRONMENT)
