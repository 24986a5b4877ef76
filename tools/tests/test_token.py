"""Test the task `token.issue`."""

import time
from pathlib import Path

import jwt
import pytest
from flask_chassis import settings
from flask_chassis.auth.public_keys import PublicKeys
from flask_chassis.auth.tokens import Verifier
from flask_chassis.project import Project
from flask_chassis.tasks import keys

from .conftest import Run
from .services import WITH_DATABASE

pytestmark = pytest.mark.parametrize("kind", WITH_DATABASE)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a key pair, `first`."""
    root = tmp_path_factory.mktemp("pair")
    keys.write_pair(root, "first", bits=2048)
    return root


@pytest.fixture
def _tests_local(service: Project, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Select the environment of the tests."""
    monkeypatch.setenv(settings.environment_variable(), "tests.local")
    for half in ("public", "private"):
        variable = settings.variable_for(f"tokens.{half}_keys_folder")
        monkeypatch.setenv(variable, str(folder / half))


@pytest.mark.usefixtures("_tests_local")
def test_a_developer_gets_a_token_that_the_service_accepts(run: Run, folder: Path) -> None:
    issued = run(
        "token.issue",
        *("--username=ada", "--scope=read admin", "--minutes=5", f"--folder={folder}"),
    )
    assert issued.code == 0
    token = issued.out.strip()
    loaded = settings.load()
    issuer, audience = loaded["tokens.issuer"], loaded["tokens.audience"]
    claims = Verifier(PublicKeys(folder / "public"), issuer, audience, 0).verify(token)
    assert (claims.username, claims.scopes) == ("ada", {"read", "admin"})
    expires = jwt.decode(token, options={"verify_signature": False})["exp"]
    assert 280 < expires - time.time() <= 300


@pytest.mark.usefixtures("_tests_local")
def test_a_missing_key_is_reported_with_the_task_that_generates_one(
    run: Run, tmp_path: Path
) -> None:
    refused = run("token.issue", f"--folder={tmp_path}")
    assert refused.code == 1
    assert "keys.generate" in refused.error


def test_tokens_are_not_issued_in_production(
    run: Run, production: str, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for key in settings.required_in(production):
        monkeypatch.setenv(settings.variable_for(key), "supplied")
    refused = run("token.issue", f"--folder={folder}")
    assert refused.code == 1
    assert refused.out == ""
    assert refused.error.strip() == f"Tokens for {production} are issued only by the issuer."


def test_missing_settings_are_reported(
    run: Run, production: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    missing = settings.required_in(production)
    assert missing
    for key in missing:
        monkeypatch.delenv(settings.variable_for(key), raising=False)
    failed = run("token.issue")
    assert failed.code == 1
    assert failed.error.startswith(f"Settings of {production}:\n")
    for key in missing:
        assert f"{key} is missing: set " in failed.error
