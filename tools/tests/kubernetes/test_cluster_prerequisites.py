"""Test the script of `cluster.prerequisites`, with the system's shell and a fake kubectl."""

import json
import os
import re
import shlex
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml
from flask_chassis import project, settings
from flask_chassis.tasks.key_rotation import PRIVATE_SECRET, PUBLIC_SECRET

from flask_chassis_tools.kubernetes import namespace_script, overlays, prerequisites

from ..conftest import Run
from ..services import KINDS, ROOT
from .cluster import Cluster, deploy
from .manifests import STAGE, Object, one, pod, written

pytestmark = pytest.mark.parametrize("kind", KINDS)


@pytest.fixture(autouse=True)
def _administrator(cluster: Cluster) -> None:
    """Who creates namespaces and Secrets deploys with more rights than a pipeline."""
    cluster.as_administrator()


LOGIN = "registry-login"
FOLDERS = {PUBLIC_SECRET: "keys/public/", PRIVATE_SECRET: "keys/private/"}


def needed(objects: list[Object]) -> set[str]:
    """Return the variables that the script reads."""
    return {
        namespace_script.variable(each)
        for each in prerequisites.of(objects)
        if each.key not in ("", prerequisites.PULL_KEY)
    }


def values(objects: list[Object]) -> dict[str, str]:
    """Return a value for each variable; a shell could break it."""
    return {name: f"of {name}: 'a' \"b\" $c \\d" for name in needed(objects)}


def run_script(
    cluster: Cluster, objects: list[Object], variables: Mapping[str, str]
) -> subprocess.CompletedProcess[str]:
    """Run the script with nothing but these variables."""
    script = namespace_script.write(objects, STAGE, settings.declared_in)
    path = f"{cluster.folder}{os.pathsep}{os.defpath}"
    return subprocess.run(
        ["/bin/sh", "-c", script],
        cwd=cluster.folder,
        env={"PATH": path, **variables},
        capture_output=True,
        text=True,
    )


def with_a_private_registry(objects: list[Object]) -> list[Object]:
    pod(objects)["imagePullSecrets"] = [{"name": LOGIN}]
    return objects


def with_a_certificate(objects: list[Object]) -> list[Object]:
    one(objects, "Ingress")["spec"]["tls"] = [{"hosts": ["x.example"], "secretName": "x-tls"}]
    return objects


def test_it_creates_what_a_deployment_requires(run: Run, cluster: Cluster) -> None:
    cluster.keep({})
    assert "cluster.prerequisites" in deploy(run).error
    done = run_script(cluster, cluster.objects, values(cluster.objects))
    assert (done.returncode, done.stderr) == (0, "")
    for each in prerequisites.of(cluster.objects):
        data = cluster.kept[f"{each.kind.lower()}/{each.name}"]["data"]
        if each.key:
            name = namespace_script.variable(each)
            assert data[each.key] == values(cluster.objects)[name]
        else:
            assert list(data.values()) == [FOLDERS[each.name]]
    enforced = {"pod-security.kubernetes.io/enforce": "restricted"}
    assert cluster.kept[f"namespace/{STAGE}"]["labels"] == enforced
    assert deploy(run).code == 0


def test_it_reads_every_required_setting(run: Run, cluster: Cluster) -> None:
    done = run("cluster.prerequisites", f"--stage={STAGE}")
    assert done.code == 0
    for key in settings.required_in(f"{STAGE}.kubernetes"):
        names = (key, key.replace(".", "-"))  # of a Secret, and of the shared ConfigMap
        variable = key.replace(".", "_").upper()
        assert any(f" {name} {variable}\n" in done.out for name in names)


def test_a_second_run_changes_nothing(cluster: Cluster) -> None:
    cluster.keep({})
    first = run_script(cluster, cluster.objects, values(cluster.objects))
    assert first.returncode == 0
    before = cluster.kept
    others = dict.fromkeys(needed(cluster.objects), "another value")
    for variables in (others, {}):
        done = run_script(cluster, cluster.objects, variables)
        assert (done.returncode, done.stderr) == (0, "")
        assert cluster.kept == before


def test_it_adds_a_key_to_what_another_service_has_created(cluster: Cluster) -> None:
    """The ConfigMap that all services share, for instance."""
    kept = {f"namespace/{STAGE}": {}}
    for each in prerequisites.of(cluster.objects):
        kept[f"{each.kind.lower()}/{each.name}"] = {"data": {"of-another": "stays"}}
    cluster.keep(kept)
    done = run_script(cluster, cluster.objects, values(cluster.objects))
    assert (done.returncode, done.stderr) == (0, "")
    for each in prerequisites.of(cluster.objects):
        data = cluster.kept[f"{each.kind.lower()}/{each.name}"]["data"]
        assert data["of-another"] == "stays"
        assert each.key == "" or each.key in data
        if not each.key:  # a folder here may be that of another stage: no key of it is added
            assert list(data) == ["of-another"]


def test_a_value_that_is_missing_is_named_and_the_others_are_created(cluster: Cluster) -> None:
    cluster.keep({})
    variables = values(cluster.objects)
    [absent, *_] = sorted(variables)
    del variables[absent]
    done = run_script(cluster, cluster.objects, variables)
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert done.stderr.endswith(f": set the variable {absent}.\n")
    for each in prerequisites.of(cluster.objects):
        data = cluster.kept.get(f"{each.kind.lower()}/{each.name}", {}).get("data", {})
        is_absent = namespace_script.variable(each) == absent
        assert (each.key in data) != is_absent


def test_a_namespace_with_weaker_security_is_not_changed_and_told(cluster: Cluster) -> None:
    labels = {"pod-security.kubernetes.io/enforce": "baseline"}
    cluster.keep({f"namespace/{STAGE}": {"labels": labels}})
    done = run_script(cluster, cluster.objects, values(cluster.objects))
    assert done.returncode == 0
    assert f"The namespace {STAGE} keeps its pod security level, baseline." in done.stderr
    assert cluster.kept[f"namespace/{STAGE}"]["labels"] == labels


def test_no_value_is_an_argument_of_a_program(cluster: Cluster) -> None:
    """All users of a machine can list arguments."""
    cluster.keep({})
    run_script(cluster, cluster.objects, values(cluster.objects))
    asked = (cluster.folder / "asked.txt").read_text()
    assert "/dev/stdin" in asked
    assert [value for value in values(cluster.objects).values() if value in asked] == []


def test_the_login_to_a_private_registry_is_a_prerequisite(run: Run, cluster: Cluster) -> None:
    objects = with_a_private_registry(cluster.objects)
    text = "\n---\n".join(json.dumps(each) for each in objects)
    (cluster.folder / "objects.txt").write_text(text.replace(":v1.2", ":TAG"))
    failed = deploy(run)
    assert failed.code == 1
    assert f"  Secret {LOGIN}, its key .dockerconfigjson\n" in failed.error
    assert run_script(cluster, objects, {}).returncode == 0
    created = shlex.join(cluster.kept[f"secret/{LOGIN}"]["words"])
    assert created == (
        f"create secret docker-registry {LOGIN} "
        f"--from-file=.dockerconfigjson={LOGIN}/config.json --namespace={STAGE}"
    )
    script = run("cluster.prerequisites", f"--stage={STAGE}").out
    assert f"`docker --config {LOGIN} login registry.example:5000`" in script


def test_the_login_of_a_service_account_is_a_prerequisite_as_well() -> None:
    objects = written()
    one(objects, "ServiceAccount")["imagePullSecrets"] = [{"name": LOGIN}]
    login = prerequisites.Needed("Secret", LOGIN, prerequisites.PULL_KEY)
    assert login in prerequisites.of(objects)
    assert login not in prerequisites.of(written())


def test_the_certificate_of_the_ingress_is_created_once(cluster: Cluster) -> None:
    objects = with_a_certificate(cluster.objects)
    assert run_script(cluster, objects, values(objects)).returncode == 0
    assert "secret/x-tls" not in cluster.kept
    (cluster.folder / "x-tls.crt").touch()
    for _ in range(2):
        done = run_script(cluster, objects, values(objects))
        assert (done.returncode, done.stderr) == (0, "")
    created = shlex.join(cluster.kept["secret/x-tls"]["words"])
    assert (
        created == f"create secret tls x-tls --cert=x-tls.crt --key=x-tls.key --namespace={STAGE}"
    )
    script = namespace_script.write(objects, STAGE, settings.declared_in)
    assert "# The certificate of x.example, if its files are here." in script
    assert f"# annotation {prerequisites.CERT_MANAGER[0]} to the Ingress" in script


@pytest.mark.parametrize("annotation", prerequisites.CERT_MANAGER)
def test_cert_manager_creates_the_certificate(annotation: str) -> None:
    objects = with_a_certificate(written())
    one(objects, "Ingress")["metadata"].setdefault("annotations", {})[annotation] = "letsencrypt"
    assert prerequisites.certificates(objects) == []


def test_a_certificate_of_the_manifests_is_no_prerequisite() -> None:
    objects = with_a_certificate(written())
    made = {"kind": "Certificate", "metadata": {"name": "x"}, "spec": {"secretName": "x-tls"}}
    assert prerequisites.certificates(objects) != []
    assert prerequisites.certificates([*objects, made]) == []


def test_the_documentation_names_all_of_it() -> None:
    page = (ROOT / "docs/how-to/deploy-to-kubernetes.md").read_text(encoding="utf-8")
    folder = project.working_folder() / overlays.FOLDER / "overlays" / "staging"
    overlay = yaml.safe_load((folder / overlays.KUSTOMIZATION).read_text())
    organisation = overlay["namespace"].removesuffix("-staging")
    page = page.replace("<organisation>", organisation).replace("<service>", overlays.name())
    assert f"`{overlay['namespace']}`" in page
    for each in prerequisites.of(written()):
        rows = [
            line
            for line in page.splitlines()
            if re.match(rf"\| the {each.kind} `{re.escape(each.name)}`[ ,]", line)
        ]
        named = each.key == "" or f"`{each.key}` (`{namespace_script.variable(each)}`)"
        assert any(named is True or named in row for row in rows), each
    assert f"| the Secret `{overlays.name()}-tls` |" in page


def test_the_script_is_that_of_a_posix_shell(tmp_path: Path, kind: str) -> None:
    """It has no fault in a part that is not run above."""
    objects = with_a_certificate(with_a_private_registry(written()))
    file = tmp_path / "prerequisites.sh"
    file.write_text(namespace_script.write(objects, STAGE, settings.declared_in))
    done = subprocess.run(["/bin/sh", "-n", file], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("name", "key", "variable"),
    [
        ("SERVICE", "database.password", "DATABASE_PASSWORD"),
        ("acme-shared", "database-host", "DATABASE_HOST"),
        # A shell has a variable USER, and other Secrets have the same keys.
        ("SERVICE", "user", "SERVICE_USER"),
        ("rabbitmq", "user", "RABBITMQ_USER"),
        ("smtp", "login.password", "SMTP_LOGIN_PASSWORD"),
        ("two-factor", "2fa.secret", "TWO_FACTOR_2FA_SECRET"),
    ],
)
def test_a_variable_is_for_one_value(name: str, key: str, variable: str) -> None:
    own = overlays.name()
    needed = prerequisites.Needed("Secret", name.replace("SERVICE", own), key)
    wanted = variable.replace("SERVICE", own.upper().replace("-", "_"))
    assert namespace_script.variable(needed) == wanted


def test_settings_that_are_lists_do_not_matter() -> None:
    def declared(environment: str) -> dict[str, object]:
        return dict(settings.declared_in(environment)) | {"payments.currencies": ["EUR", "CHF"]}

    assert "failed=" in namespace_script.write(written(), STAGE, declared)


def test_it_is_for_the_context_that_is_named(run: Run) -> None:
    done = run("cluster.prerequisites", "--stage=staging", "--kube-context=a b")
    assert "kubectl() { command kubectl --context='a b' \"$@\"; }" in done.out
    assert "--context" not in run("cluster.prerequisites", "--stage=staging").out
