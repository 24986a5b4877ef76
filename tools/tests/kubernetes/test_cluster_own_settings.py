"""A required setting of a service's own is an edit of settings.yaml, and its supply."""

import shutil
from pathlib import Path

import pytest
from flask_chassis import project, settings
from flask_chassis.exceptions import ConfigurationError
from flask_chassis.project import Project

from flask_chassis_tools.kubernetes import checks, namespace_script, overlays, prerequisites

from ..conftest import Run
from ..services import KINDS, WITH_DATABASE
from .manifests import STAGE, Object, container, needs_kustomize, one, written

OWN = """  payments:
    address: __required__
    api_key: __required__

developers:
  payments:
    address: http://127.0.0.1:9000
    api_key: development

development.local:
"""


@pytest.fixture(autouse=True)
def own(service: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the service, with two required settings of its own."""
    folder = tmp_path / "own"
    shutil.copytree(service.folder.parent, folder)
    made = Project(service.package, folder / service.package)
    monkeypatch.setattr(project, "_current", made)
    path = folder / "settings.yaml"
    text = path.read_text(encoding="utf-8")
    assert text.count("\ndevelopment.local:\n") == 1
    path.write_text(text.replace("\ndevelopment.local:\n", OWN), encoding="utf-8")
    return folder


def variable(key: str) -> str:
    """Return the variable of a setting."""
    return settings.variable_for(key)


pytestmark = pytest.mark.parametrize("kind", KINDS)


def test_developers_and_tests_have_it_from_their_section() -> None:
    for environment in settings.environments():
        assert settings.faults_in(environment) == []
        if settings.Settings(environment, {}).is_for_developers:
            assert "payments.api_key" not in settings.required_in(environment)


def test_the_manifests_need_no_edit() -> None:
    assert checks.faults_in(written(), STAGE) == []


def test_its_secret_is_a_prerequisite() -> None:
    secret = f"{overlays.name()}-settings"
    own = [each for each in prerequisites.of(written()) if each.name == secret]
    names = [variable("payments.address"), variable("payments.api_key")]
    assert own == [prerequisites.Needed("Secret", secret, name) for name in names]
    script = namespace_script.write(written(), STAGE, settings.declared_in)
    lines = [line for line in script.splitlines() if line.startswith(f"add secret {secret} ")]
    assert lines == [f"add secret {secret} {name} {name}" for name in names]


def test_what_the_overlay_sets_is_not_asked_of_the_secret() -> None:
    found = written()
    found[-1]["data"][variable("payments.address")] = "https://payments.acme.example"
    assert prerequisites.own_settings(found) == ["payments.api_key"]
    assert checks.faults_in(found, STAGE) == []


def test_an_external_secret_makes_it() -> None:
    made = {
        "kind": "ExternalSecret",
        "metadata": {"name": "x"},
        "spec": {"target": {"name": f"{overlays.name()}-settings"}},
    }
    assert not [each for each in prerequisites.of([*written(), made]) if "settings" in each.name]


def test_the_vault_agent_supplies_it() -> None:
    found = written()
    template = one(found, "Deployment")["spec"]["template"]
    template["metadata"]["annotations"][
        "vault.hashicorp.com/agent-inject-template-settings.local.yaml"
    ] = "default:\n{{ range $key, $value := .Data.data }}{{ $key }}: {{ $value | toJSON }}{{ end }}"
    assert prerequisites.own_settings(found) == []


def test_a_service_that_does_not_read_the_secret_is_told_what_to_do() -> None:
    found = written()
    container(found)["envFrom"].pop()
    faults = checks.faults_in(found, STAGE)
    assert [fault for fault in faults if "payments.api_key is required" in fault]
    assert f"set {variable('payments.api_key')} in the settings.env of the overlay" in faults[-1]
    assert f"Secret {overlays.name()}-settings (envFrom)" in faults[-1]


def test_containers_that_prepare_the_database_do_not_need_it(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They load the settings of the database alone."""
    environment = f"{STAGE}.kubernetes"
    for key in settings.required_in(environment):
        if key.startswith("database."):
            monkeypatch.setenv(variable(key), "supplied")
    if kind in WITH_DATABASE:
        found = settings.load(environment, section="database")
        assert found["database.password"] == "supplied"
        assert found["service.name"] == overlays.name()
    with pytest.raises(ConfigurationError, match=r"payments\.api_key is missing"):
        settings.load(environment)
    faults = [fault for fault in _without_variables(written()) if "payments" in fault]
    assert faults == []


@needs_kustomize
def test_a_developer_who_follows_the_readme_is_told_what_is_missing(own: Path, run: Run) -> None:
    """An address in the settings.env of the overlay, and the key from the Secret."""
    address, key = variable("payments.address"), variable("payments.api_key")
    path = own / overlays.FOLDER / "overlays/staging/settings.env"
    path.write_text(f"{path.read_text()}{address}=https://payments.acme.example\n")
    assert run("cluster.check").code == 0
    secret = prerequisites.own_secret()
    staging = run("cluster.prerequisites", "--stage=staging").out
    assert f"\nadd secret {secret} {key} {key}\n" in staging
    assert address not in staging
    production = run("cluster.prerequisites", "--stage=production").out
    assert f"\nadd secret {secret} {address} {address}\n" in production


@needs_kustomize
def test_a_local_cluster_needs_the_keys_alone(kind: str) -> None:
    """As the README says: the rest is in the overlay, and in the section `developers`."""
    assert [each.name for each in prerequisites.of(overlays.build("development"))] == {
        "resource": ["token-keys"],
        "issuer": ["token-keys", "token-signing-keys"],
        "frontend": [],
    }[kind]


def _without_variables(found: list[Object]) -> list[str]:
    for each in found:
        if each["kind"] == "Job":
            each["spec"]["template"]["spec"]["containers"][0]["env"] = []
    faults = checks.faults_in(found, STAGE)
    if any(each["kind"] == "Job" for each in found):
        assert [fault for fault in faults if "database.password is required" in fault]
    return faults
