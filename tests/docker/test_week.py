"""A team's week on GitHub: the steps of the jobs run for real, with an engine, a registry and git.

The cluster is the stand-in of the tools' tests, GitHub a program that notes what it is asked for.
"""

import base64
import json
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from tasks.folders import ROOT
from tasks.render import example, render
from tests.conftest import EXAMPLES
from tests.docker import engine, registry
from tests.docker.test_image_tasks import Checkout, check_out
from tests.kubernetes.tools import FOLDER as TOOLS
from tests.kubernetes.tools import program
from tests.pipelines.jobs import (
    Context,
    Result,
    Runner,
    environment_of,
    locks,
    path_with,
    pushed,
    requested,
)
from tests.services import InstalledService

STAND_IN = ROOT / "tools" / "tests" / "kubernetes" / "stand_in.py"

GH = """#!/bin/sh
echo "$*" >>"$HOME/gh.txt"
case "$1 $2" in
    "run list") cat "$HOME/waiting.json" ;;
    "release view") exit 1 ;;
    "release create") cat >>"$HOME/gh.txt" ;;
esac
"""

SECRETS = {
    "pipeline": {"REGISTRY_USER": "ada", "REGISTRY_PASSWORD": "secret"},
    "staging": {
        "REGISTRY_USER": "ada",
        "REGISTRY_PASSWORD": "secret",
        "KUBECONFIG_CONTENT": "apiVersion: v1\nkind: Config",
    },
}
SECRETS["production"] = SECRETS["staging"]

DIGEST = re.compile("sha256:[0-9a-f]{64}")


class Edge(BaseHTTPRequestHandler):
    """What is in front of the service: it is late for a while, and hides what is internal."""

    late = 0

    def do_GET(self) -> None:
        """Answer a request."""
        status = 200 if self.path == "/" else 404
        if self.path == "/" and Edge.late:
            Edge.late -= 1
            status = 503
        self.send_response(status)
        self.end_headers()

    def log_message(self, *words: object) -> None:
        """Print nothing."""


@dataclass
class Team:
    """A service, its repository on GitHub, its registry and its two stages."""

    checkout: Checkout
    runner: Runner
    url: str
    runs: int = 0
    versions: list[str] = field(default_factory=list)

    def commit(self, version: str = "") -> str:
        """Commit to the branch, and tag the commit if it is a version; returns its hash."""
        self.checkout.git("commit", "--quiet", "--allow-empty", f"--message=for {version}")
        if version:
            self.checkout.git("tag", version)
        return self.checkout.git("rev-parse", "HEAD")

    def push(self, ref: str) -> Context:
        """Return the context of a push of what is checked out."""
        self.runs += 1
        branch = ref.removeprefix("refs/heads/")
        if branch != ref:
            self.checkout.git("update-ref", f"refs/remotes/origin/{branch}", "HEAD")
        return Context(pushed(ref, self.checkout.git("rev-parse", "HEAD"), self.runs))

    def job(self, workflow: str, name: str, context: Context) -> Result:
        """Run a job with the secrets of its environment and no others."""
        job = self.runner.workflow(workflow)["jobs"][name]
        context.secrets = SECRETS.get(environment_of(job, context), {})
        context.vars = {"URL": self.url} if context.secrets else {}
        return self.runner.job(workflow, name, context)

    def image(self, context: Context) -> Result:
        """Build and push the image of what is checked out."""
        done = {"result": "success", "outputs": {}}
        context.needs = dict.fromkeys(("check", "test", "scan-code"), done)
        return self.job("pipeline", "image", context)

    def deploy(self, stage: str, context: Context, **inputs: Any) -> Result:
        """Deploy, as if somebody had approved."""
        self.tell(inputs["tag"])
        given = {"stage": stage, "digest": "", "follows": False} | inputs
        context.inputs = given
        context.needs = {}
        approval = self.job("deploy", "approval", context)
        context.needs = {"approval": {"result": approval.result, "outputs": {}}}
        return self.job("deploy", "deploy", context)

    def requests(self, context: Context, staging: Result, image: Result) -> Result:
        """Request production, if staging has this version."""
        needs = {"staging": staging, "image": image}
        context.inputs = {}
        context.needs = {
            name: {"result": each.result, "outputs": each.outputs} for name, each in needs.items()
        }
        return self.job("pipeline", "production", context)

    def tell(self, version: str) -> None:
        """Set which version pods will say that they are, and keep Secrets from the pipeline."""
        story = {"version": version, "forbidden": True, "replicas": 3}
        (self.folder / "story.json").write_text(json.dumps(story))

    @property
    def folder(self) -> Path:
        """Where the cluster is kept."""
        return self.runner.temporary / "bin"

    def running(self, stage: str) -> str:
        """Return the image that a stage runs, without the registry."""
        kept = json.loads((self.folder / "kept.json").read_text())
        deployment = kept[f"deployment/{self.checkout.folder.name}"]
        assert deployment["metadata"]["namespace"] == f"acme-{stage}"
        image: str = deployment["spec"]["template"]["spec"]["containers"][0]["image"]
        return image.rpartition("/")[2]

    @property
    def asked(self) -> list[str]:
        """What GitHub was asked for since the last time."""
        noted = self.runner.temporary / "gh.txt"
        lines = noted.read_text().splitlines() if noted.exists() else []
        noted.unlink(missing_ok=True)
        return lines


@pytest.fixture(scope="module")
def registry_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the registry keeps images."""
    return tmp_path_factory.mktemp("registry")


@pytest.fixture(scope="module")
def shared(registry_folder: Path) -> Iterator[str]:
    """A registry for all tests, which keeps the layers that their images have in common."""
    if registry.program() is None:
        pytest.skip("there is no registry: Debian's package docker-registry")
    with registry.running(registry_folder) as found:
        yield found
        names = engine.docker("image", "ls", f"{found}/*", "--format={{.Repository}}:{{.Tag}}")
        for name in names.split():
            engine.ask("image", "rm", name)


@pytest.fixture
def address(shared: str, registry_folder: Path) -> str:
    """The registry, without any tag."""
    for manifests in registry_folder.glob("images/docker/registry/v2/repositories/*/_manifests"):
        shutil.rmtree(manifests)
    return shared


@pytest.fixture(scope="module")
def workflows(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The workflows of the service, which is rendered for another CI system."""
    answers = example(EXAMPLES["resource"]) | {"ci_system": "github"}
    return render(tmp_path_factory.mktemp("rendered"), answers) / ".github"


@pytest.fixture
def team(
    rendered_service: InstalledService, image: str, address: str, workflows: Path, tmp_path: Path
) -> Iterator[Team]:
    """A service at v1.0.0, the registry without any image of it, and empty stages."""
    for name in ("kustomize", "kubectl"):
        program(name)
    home = tmp_path / "home"
    programs = home / "bin"
    programs.mkdir(parents=True)
    for name, text in {
        "gh": GH,
        "kubectl": f"#!{sys.executable} -IS\n{STAND_IN.read_text()}",
    }.items():
        (programs / name).write_text(text)
        (programs / name).chmod(0o755)
    objects: dict[str, Any] = {f"namespace/acme-{each}": {} for each in ("staging", "production")}
    shared = {"database-host": "db", "syslog-address": "syslog:514"}
    objects["configmap/acme-shared"] = {"data": shared, "metadata": {"name": "acme-shared"}}
    (programs / "kept.json").write_text(json.dumps(objects))
    (home / "waiting.json").write_text("[]")
    folder = tmp_path / rendered_service.path.name
    checkout = check_out(rendered_service, folder, f"{address}/{folder.name}")
    shutil.copytree(workflows, folder / ".github")
    (folder / ".venv").symlink_to(rendered_service.bin.parent)
    (folder / ".git" / "info" / "exclude").write_text(".venv\n")
    checkout.git("add", "--all")
    checkout.git("commit", "--quiet", "--amend", "--message=first")
    checkout.git("tag", "--force", "v1.0.0")
    # Advisories come from outside.
    runner = Runner(folder, home, path_with(programs, TOOLS / "bin"), skipped=("scan.image",))
    with ThreadingHTTPServer(("127.0.0.1", 0), Edge) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield Team(checkout, runner, f"http://127.0.0.1:{server.server_port}")
        server.shutdown()
        thread.join()


def test_a_pull_request_of_a_fork_is_built_and_gets_no_secret(team: Team) -> None:
    context = Context(requested(7, team.commit("v1.0.1")))
    built = team.image(context)
    assert built.result == "success", built.log
    assert context.secrets == {}
    assert built.ran("Build, or take what is pushed already")
    assert not built.ran("Log in to the registry")
    assert not built.ran("Push")
    assert built.outputs == {"tag": "v1.0.1", "digest": None}
    skipped = [
        team.job("pipeline", name, Context(context.github, needs={}))
        for name in ("production", "release", "tell")
    ]
    assert {each.result for each in skipped} == {"skipped"}


def test_a_push_is_staged_by_digest_and_production_waits_without_a_lock(team: Team) -> None:
    context = team.push("refs/heads/main")
    built = team.image(context)
    assert built.result == "success", built.log
    tag, digest = built.outputs["tag"], built.outputs["digest"]
    assert (tag, bool(DIGEST.fullmatch(digest))) == ("v1.0.0", True)

    # The ingress is late: a smoke test asks again before it fails.
    Edge.late = 2
    staging = team.deploy("staging", context, tag=tag, digest=digest, follows=True)
    assert staging.result == "success", staging.log
    assert staging.outputs == {"deployed": "true"}
    assert team.running("staging") == f"{team.checkout.folder.name}:{tag}@{digest}"
    again = team.deploy("staging", context, tag=tag, digest=digest, follows=True)
    assert again.result == "success", again.log

    waiting = [{"databaseId": 41, "displayTitle": "v0.9 to production, follows main"}]
    (team.runner.temporary / "waiting.json").write_text(json.dumps(waiting))
    requests = team.requests(context, staging, built)
    assert requests.result == "success", requests.log
    listed, started, ended = team.asked
    assert listed.startswith("run list --workflow=deploy.yaml --branch=main --status=waiting")
    assert f"--raw-field=tag={tag} --raw-field=digest={digest}" in started
    assert ended == "run cancel 41"

    # Nobody approves. What the waiting run holds, nothing else wants.
    deploy = team.runner.workflow("deploy")
    inputs = {"stage": "production", "tag": tag}
    waits = Context(context.github | {"event_name": "workflow_dispatch"}, inputs=inputs)
    assert environment_of(deploy["jobs"]["approval"], waits) == "production-approval"
    assert locks(deploy, deploy["jobs"]["approval"], waits) == set()
    pipeline = team.runner.workflow("pipeline")
    first = locks(pipeline, {}, context)
    assert not first & locks(pipeline, {}, team.push("refs/heads/main"))


def test_a_second_run_of_all_jobs_deploys_the_same_image(team: Team) -> None:
    first = team.image(team.push("refs/heads/main"))
    engine.docker("image", "rm", re.findall(r"image\.name: (\S+)", first.log)[0])
    again = team.image(team.push("refs/heads/main"))
    assert again.result == "success", again.log
    assert again.outputs == first.outputs
    assert "$ docker build " not in again.log


def test_a_slow_run_does_not_take_staging_back(team: Team) -> None:
    slow = team.push("refs/heads/main")
    old = team.image(slow)
    team.commit("v1.1.0")
    fast = team.push("refs/heads/main")
    new = team.image(fast)
    assert team.deploy("staging", fast, **new.outputs, follows=True).result == "success"
    team.checkout.git("checkout", "--quiet", "v1.0.0")
    late = team.deploy("staging", slow, **old.outputs, follows=True)
    assert (late.result, late.outputs) == ("success", {"deployed": "false"}), late.log
    assert "v1.1.0 runs already, a later commit than this one." in late.log
    assert team.running("staging").startswith(f"{team.checkout.folder.name}:v1.1.0@")
    assert team.requests(slow, late, old).result == "skipped"


def test_an_earlier_version_is_deployed_by_its_tag_after_a_migration(team: Team) -> None:
    old = team.image(team.push("refs/heads/main"))
    team.commit("v1.1.0")
    context = team.push("refs/heads/main")
    new = team.image(context)
    assert team.deploy("production", context, **new.outputs).result == "success"
    context.github["event_name"] = "workflow_dispatch"
    back = team.deploy("production", context, tag="v1.0.0")
    assert back.result == "success", back.log
    digest = old.outputs["digest"]
    assert team.running("production") == f"{team.checkout.folder.name}:v1.0.0@{digest}"
    kept = json.loads((team.folder / "kept.json").read_text())
    jobs = [each for key, each in kept.items() if key.startswith("job/")]
    commands = [each["spec"]["template"]["spec"]["containers"][0]["command"] for each in jobs]
    # Of both versions: the earlier one leaves the tables of the later one.
    assert len(commands) == 2
    assert all(command[-2:] == ["db.migrate", "--unless-newer"] for command in commands)


def test_another_image_under_the_tag_is_not_deployed(team: Team) -> None:
    context = team.push("refs/heads/main")
    built = team.image(context)
    other = f"sha256:{'0' * 64}"
    failed = team.deploy("production", context, tag=built.outputs["tag"], digest=other)
    assert failed.result == "failure"
    assert f"expected {other}." in failed.log
    assert not failed.ran("Access to the cluster")


def test_what_the_pipeline_has_signed_is_deployed_and_nothing_else(
    team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = team.runner.temporary
    words: list[str | Path] = [program("cosign"), "generate-key-pair"]
    variables = {"COSIGN_PASSWORD": "planted", "HOME": str(home), "PATH": team.runner.path}
    subprocess.run(words, cwd=home, env=variables, check=True, capture_output=True)
    secret = base64.b64encode((home / "cosign.key").read_bytes()).decode()
    key = {"COSIGN_PRIVATE_KEY": secret, "COSIGN_PASSWORD": "planted"}
    monkeypatch.setitem(SECRETS, "pipeline", SECRETS["pipeline"] | key)
    folder = team.checkout.folder
    (folder / "infra" / "signing-keys").mkdir()
    (home / "cosign.pub").rename(folder / "infra" / "signing-keys" / "2026.pub")
    team.checkout.git("add", "infra")
    commit = team.commit("v1.1.0")
    # What the step before lists, which is not run here.
    (folder / "sbom.cdx.json").write_text('{"bomFormat": "CycloneDX", "specVersion": "1.6"}')
    context = team.push("refs/heads/main")
    built = team.image(context)
    assert built.result == "success", built.log
    assert "Signed: " in built.log
    staging = team.deploy("staging", context, **built.outputs, follows=True)
    assert staging.result == "success", staging.log
    assert f"commit {commit}, by " in staging.log

    [image] = re.findall(r"image\.name: (\S+)", built.log)
    name = image.rpartition(":")[0]
    (home / "Dockerfile").write_text(f"FROM {image}\nLABEL planted=yes\n")
    engine.docker("build", "--quiet", f"--tag={name}:v1.1.1", home)
    engine.docker("push", "--quiet", f"{name}:v1.1.1", env=variables)
    failed = team.deploy("staging", context, tag="v1.1.1")
    assert failed.result == "failure"
    assert "is not signed with a key of infra/signing-keys: 2026.pub: no sig" in failed.log
    assert not failed.ran("Access to the cluster")
    assert team.running("staging").startswith(f"{folder.name}:v1.1.0@")


def test_a_tag_becomes_a_release_of_its_own_image(team: Team) -> None:
    team.commit("v1.2.0")
    on_main = team.image(team.push("refs/heads/main"))
    context = team.push("refs/tags/v1.2.0")
    built = team.image(context)
    assert built.outputs == on_main.outputs
    done = {"result": "success", "outputs": built.outputs}
    context.needs = {"verified": done, "image": done}
    released = team.job("pipeline", "release", context)
    assert released.result == "success", released.log
    _, create, *notes = team.asked
    assert create == "release create v1.2.0 --verify-tag --title=v1.2.0 --notes-file=-"
    assert notes[0].startswith("- for v1.2.0 (")
    assert notes[-1].endswith(f"/{team.checkout.folder.name}:v1.2.0@{built.outputs['digest']}`")


def test_a_hotfix_goes_to_production_without_main(team: Team) -> None:
    team.commit("v1.1.0")
    team.push("refs/heads/main")
    team.checkout.git("switch", "--quiet", "--create=hotfix/1.0", "v1.0.0")
    team.commit("v1.0.1")
    context = team.push("refs/heads/hotfix/1.0")
    built = team.image(context)
    staging = team.deploy("staging", context, **built.outputs, follows=True)
    assert staging.outputs == {"deployed": "true"}, staging.log
    assert team.requests(context, staging, built).result == "success"
    assert "workflow run deploy.yaml --ref=hotfix/1.0 " in team.asked[1]
