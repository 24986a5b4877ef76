"""What tools for operators say of the manifests: checkov, and kubectl of its options."""

import json
import re
import subprocess
from pathlib import Path

import pytest

from tests.kubernetes.tools import FOLDER, Object, program

Built = dict[tuple[str, str], str]


def failed_checks(folder: Path, service: Path) -> set[tuple[str, str]]:
    """Return the checks that fail on the manifests of a folder, with what they fail for."""
    program("kustomize")
    config = service / "infra" / "kubernetes" / ".checkov.yaml"
    checkov = FOLDER / "checkov" / "bin" / "checkov"
    options = (f"--config-file={config}", "--skip-download", "--output=json")
    done = subprocess.run(
        [checkov, *options, "--directory", folder], capture_output=True, text=True
    )
    report = json.loads(done.stdout)
    assert report["summary"]["parsing_errors"] == 0
    assert report["summary"]["passed"] > 20
    found = report["results"]["failed_checks"]
    return {(check["check_id"], check["resource"].rpartition(".")[2]) for check in found}


def test_checkov_finds_nothing(built: Built, services: dict[str, Path], tmp_path: Path) -> None:
    for (name, overlay), text in built.items():
        (tmp_path / f"{name}-{overlay}.yaml").write_text(text, "utf-8")
    assert failed_checks(tmp_path, services["frontend"]) == set()


def test_checkov_sees_planted_faults(
    built: Built, services: dict[str, Path], tmp_path: Path
) -> None:
    text = built["frontend", "staging"]
    for old, new in (
        ("allowPrivilegeEscalation: false", "privileged: true"),
        ("readOnlyRootFilesystem: true", "readOnlyRootFilesystem: false"),
    ):
        assert old in text
        text = text.replace(old, new)
    (tmp_path / "planted.yaml").write_text(text, "utf-8")
    found = failed_checks(tmp_path, services["frontend"])
    assert found >= {("CKV_K8S_16", "frontend"), ("CKV_K8S_22", "frontend")}


def test_no_check_is_skipped_without_a_reason(services: dict[str, Path]) -> None:
    file = services["frontend"] / "infra" / "kubernetes" / ".checkov.yaml"
    lines = file.read_text("utf-8").splitlines()
    skipped = [number for number, line in enumerate(lines) if "- CKV" in line]
    assert skipped
    for number in skipped:
        assert re.match(r"  # \w", lines[number - 1]), lines[number]


# kubectl.

COMMANDS = (
    "apply --filename=-",
    "apply --dry-run=server --filename=-",
    "diff --filename=-",
    "get job x --ignore-not-found --output=json",
    "get pods --selector=a=b --ignore-not-found --output=json",
    "delete job x --wait --timeout=5s",
    "delete --wait=false --ignore-not-found deployment/x configmap/x",
    "get configmaps --ignore-not-found --output=json",
    "get pods,cronjobs --ignore-not-found --output=json",
    "get secret x --ignore-not-found --output=go-template={{range.data}}{{end}}",
    "apply --server-side --field-manager=add-x --filename=-",
    "create secret docker-registry x --from-file=.dockerconfigjson=/dev/null",
    "label namespace x a=b",
    "get replicasets --selector=a=b --ignore-not-found --output=json",
    "get deployments,networkpolicies --selector=a=b --ignore-not-found --output=json",
    "get events --field-selector=involvedObject.kind=Job,involvedObject.name=x --output=json",
    "rollout undo deployment/x",
    "logs --selector=a=b --tail=40 --all-containers --prefix --ignore-errors",
    "logs --selector=a=b --tail=40 --all-containers --prefix --ignore-errors --previous",
    "port-forward pod/x :80 --address=127.0.0.1",
)


LIST = json.dumps(
    {
        "apiVersion": "v1",
        "kind": "List",
        "items": [{"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "x"}}],
    }
)


def kubectl(command: str) -> str:
    """Return what the real kubectl says to a command, with a cluster that does not answer."""
    where = ("--server=http://127.0.0.1:9", "--namespace=x")
    done = subprocess.run(
        [program("kubectl"), *where, *command.split()], input=LIST, capture_output=True, text=True
    )
    assert done.returncode
    return done.stderr


@pytest.mark.parametrize("command", COMMANDS)
def test_kubectl_knows_the_options_that_the_tasks_use(command: str) -> None:
    said = kubectl(command)
    assert "unknown" not in said
    assert "refused" in said, said


def test_an_option_that_kubectl_does_not_know_is_seen() -> None:
    assert "unknown flag" in kubectl("rollout undo deployment/x --nothing")


# Shutdown.


def test_pods_serve_on_for_as_long_as_the_tests_of_images_have_them(
    objects: dict[tuple[str, str], list[Object]],
) -> None:
    """What tests/docker/test_shutdown.py proves of a rolling restart holds for these pods."""
    text = (Path(__file__).parents[1] / "docker" / "test_shutdown.py").read_text("utf-8")
    tested = dict(re.findall(r"^(PRE_STOP|GRACE)_SECONDS = (\d+)$", text, re.MULTILINE))
    for name in ("users-backend", "thoughts-backend", "frontend"):
        [pod] = [
            each["spec"]["template"]["spec"]
            for each in objects[name, "production"]
            if each["kind"] == "Deployment"
        ]
        sleep = pod["containers"][0]["lifecycle"]["preStop"]["sleep"]["seconds"]
        found = {"PRE_STOP": str(sleep), "GRACE": str(pod["terminationGracePeriodSeconds"])}
        assert found == tested
