"""A service follows all recipes of docs/how-to: their commands, its checks and its tests succeed.

They are followed one after the other in one service, which is checked once, as a service for each
would take an hour. What one adds, it keeps apart: its own module, settings and tests.
"""

import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tasks.folders import PROGRAMS, ROOT
from tasks.ports import free_port
from tasks.render import example, render_anew
from tests.conftest import EXAMPLES
from tests.kubernetes.tools import path_with_tools, program
from tests.recipes import HOW_TO, OF_SERVICES, RECIPES, Recipe, add, programs, read, write
from tests.services import KEPT, InstalledService, clean_environment

FOLDER = KEPT / "recipes"
"""The service stays there between runs, with its .venv."""

REQUIREMENTS = ROOT / "tests" / "full" / "recipes-requirements.txt"

LONGEST_SECONDS = 600

ALONE = "remove-the-example"
"""Is followed in the service as it is rendered, as the others need the example."""

WITH_A_RESOURCE = "money-and-dates"
"""Its `resource.add` comes first, as it refuses a package that is there."""

LAST = (WITH_A_RESOURCE, "rotate-the-database-password")
"""The one rewrites a line beside which others add theirs, the other closes the login of all."""

# `poetry add` would ask an index, and lock, for each package: they are installed already, pinned.
# What needs a cluster, a registry or a remote repository is parsed only, and so are checks and
# tests, which run once, for all.
BEFORE = """
set -Eeuo pipefail
trap 'echo "failed, with $?: $BASH_COMMAND" >&2' ERR
poetry() { test "$1" = add; }
kubectl() { cat >/dev/null </dev/null; }
acme-tasks() {
    case "$1" in
    cluster.network-policy) command acme-tasks "$@" ;;
    tests | check | api.document | cluster.* | image.*) ;;
    *) command acme-tasks "$@" ;;
    esac
}
"""

NOT_RUN = ("deploy-and-roll-back", "hotfix", "rotate-keys")
"""They need a registry, a remote repository, or minutes: their tasks are parsed only."""

PARSE = """
import json, sys
from flask_chassis.tasks.command import namespace
from invoke import ParseError, Parser
contexts = namespace().to_contexts()
for words in json.load(sys.stdin):
    try:
        Parser(contexts=contexts).parse_argv(words)
    except ParseError as error:
        print(" ".join(words), error, sep=": ")
"""


@pytest.fixture(scope="module")
def service() -> InstalledService:
    """A service with what the recipes add to its environment."""
    made = InstalledService(render_anew(FOLDER, example(EXAMPLES["resource"])))
    succeeds(made, "./bootstrap", PYTHON=sys.executable)
    words = ["pip", "install", "--quiet", "--no-deps", "--require-hashes", "--requirement"]
    subprocess.run(
        [PROGRAMS / "uv", *words, REQUIREMENTS, "--python", made.bin / "python"],
        env=os.environ | {"UV_SYSTEM_CERTS": "1"},
        check=True,
    )
    succeeds(made, "acme-tasks keys.generate --once")
    succeeds(made, "git init --quiet && git add --all && git commit --quiet --message=Rendered")
    return made


def succeeds(service: InstalledService, script: str, **variables: str) -> str:
    """Run a script in the service's folder, as in its activated environment."""
    person = {
        f"GIT_{who}_{what}": value
        for who in ("AUTHOR", "COMMITTER")
        for what, value in (("NAME", "Ada"), ("EMAIL", "ada@acme.example"))
    }
    path = os.pathsep.join([str(service.bin), str(PROGRAMS), path_with_tools()])
    done = subprocess.run(
        ["bash", "-c", script],
        cwd=service.path,
        env=clean_environment() | {"PATH": path} | person | variables,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=LONGEST_SECONDS,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.fixture(scope="module")
def server(
    service: InstalledService, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, str]]:
    """The variables of a PostgreSQL with the service's database."""
    folder = tmp_path_factory.mktemp("server")
    port = str(free_port())
    # The server of root is another user's, who cannot enter a folder of pytest's.
    data = Path(tempfile.mkdtemp(prefix="recipes-", dir="/var/tmp"))
    data.chmod(0o755)
    logins = folder / "logins"
    logins.write_text("*:*:*:postgres:postgres\n*:*:*:*:development\n", "utf-8")
    logins.chmod(0o600)
    variables = {
        "THOUGHTS_BACKEND_DATABASE__PORT": port,
        "DATABASE_HOST": "127.0.0.1",
        "PGPORT": port,
        "PGPASSFILE": str(logins),
    }
    with subprocess.Popen(
        [service.bin / "acme-tasks", "db.serve", f"--folder={data / 'data'}"],
        cwd=service.path,
        env=clean_environment() | variables,
        stdout=subprocess.DEVNULL,
    ) as serving:
        try:
            succeeds(
                service,
                f"acme-tasks wait-for-tcp --connections=127.0.0.1:{port} db.create db.migrate",
                **variables,
            )
            yield variables
        finally:
            serving.terminate()
            serving.wait()
            shutil.rmtree(data)


@pytest.fixture(scope="module")
def pristine(service: InstalledService, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the service as it is rendered."""
    copy = tmp_path_factory.mktemp("pristine") / service.path.name
    left_out = shutil.ignore_patterns(".venv", ".git", "*_cache")
    return Path(shutil.copytree(service.path, copy, ignore=left_out))


def in_order() -> list[Recipe]:
    """Return the recipes that are followed one after the other."""
    left_out = {ALONE, *NOT_RUN, *LAST}
    found = [recipe for recipe in OF_SERVICES if recipe.name not in left_out]
    return [*found, *(read(HOW_TO / f"{name}.md") for name in LAST)]


@pytest.fixture(scope="module")
def followed(
    service: InstalledService,
    pristine: Path,
    server: dict[str, str],
    tmp_path_factory: pytest.TempPathFactory,
) -> InstalledService:
    """The service, after all recipes."""
    first = read(HOW_TO / f"{ALONE}.md")
    said = succeeds(service, "\n".join([BEFORE, *first.scripts]), **server)
    assert said.endswith("Nothing is left.\n"), said
    back = "git reset --quiet --hard $(git rev-list --max-parents=0 HEAD)"
    succeeds(service, f"{back} && git clean --quiet --force -d")
    changed: set[str] = set()
    for recipe in in_order():
        scripts = recipe.scripts
        if recipe.name == WITH_A_RESOURCE:
            # Lines of several recipes in one place are in the order of the recipes until then.
            python = " ".join(path for path in sorted(changed) if path.endswith(".py"))
            tidy = f"ruff check --quiet --fix --select=I {python} && ruff format --quiet {python}"
            succeeds(service, "\n".join([BEFORE, tidy, scripts.pop(0)]), **server)
        add(recipe, pristine, service.path, tmp_path_factory.mktemp(recipe.name))
        changed |= recipe.changed
        succeeds(service, "\n".join([BEFORE, *scripts]), **server)
    succeeds(service, "acme-tasks api.document", **server)
    return service


def test_the_tasks_of_services_exist_with_these_options(service: InstalledService) -> None:
    called = [words for recipe in RECIPES for words in programs(recipe, "acme-tasks")]
    assert called
    own = {"jobs.work", "thoughts.import"}
    known = json.dumps([words for words in called if words[0] not in own])
    assert service.run("python", "-c", PARSE, given=known).stdout == ""
    planted = json.dumps([["check", "--al"], ["cluster.deploys"], ["check", "--all"]])
    faults = service.run("python", "-c", PARSE, given=planted).stdout.splitlines()
    assert [fault.split(":")[0] for fault in faults] == ["check --al", "cluster.deploys"]


@pytest.mark.parametrize(
    "words",
    ["pip check", "acme-tasks check", "acme-tasks tests --parallel=0", "acme-tasks cluster.check"],
)
def test_a_service_that_follows_all_is_clean_and_passes(
    followed: InstalledService, words: str, tmp_path: Path
) -> None:
    if "cluster" in words:
        program("kustomize")
    # Other runs of pytest, which are not strict, tidy up in the folder that all share.
    succeeds(followed, words, PYTEST_DEBUG_TEMPROOT=str(tmp_path))


def test_the_alerts_are_rules_of_prometheus(followed: InstalledService, tmp_path: Path) -> None:
    rules = tmp_path / "rules.yaml"
    alerts = followed.path / "infra/kubernetes/components/own-alerts/alerts.yaml"
    rules.write_text(yaml.safe_dump(yaml.safe_load(alerts.read_text("utf-8"))["spec"]), "utf-8")
    succeeds(followed, f"promtool check rules {rules}")


def test_wrong_code_in_a_recipe_is_seen(followed: InstalledService, tmp_path: Path) -> None:
    """A recipe that limits nobody, that sends no signature, and that admits every origin."""
    planted = {
        "limits.py": (
            '"RATELIMIT_STORAGE_URI": address or "memory://"',
            '"RATELIMIT_ENABLED": False',
        ),
        "webhooks.py": ("identity.encode(), timestamp", "timestamp"),
        "cors.py": ('{"origins": origins}', '{"origins": "*"}'),
    }
    folder = followed.path / "thoughts_backend"
    right = {name: (folder / name).read_text("utf-8") for name in planted}
    try:
        for name, (old, new) in planted.items():
            assert old in right[name]
            (folder / name).write_text(right[name].replace(old, new), "utf-8")
        files = ["tests/test_limits.py", "tests/jobs/test_webhooks.py", "tests/test_cors.py"]
        own = {"PYTEST_DEBUG_TEMPROOT": str(tmp_path)}
        done = followed.run("pytest", "-q", *files, environment=own)
    finally:
        for name, text in right.items():
            (folder / name).write_text(text, "utf-8")
    for name in files:
        assert f"FAILED {name}" in done.stdout, done.stdout


def test_the_module_of_the_chassis_is_typed_and_passes_its_tests(
    service: InstalledService, tmp_path: Path
) -> None:
    recipe = read(HOW_TO / "add-a-chassis-module.md")
    copy = tmp_path / "chassis"
    ignored = shutil.ignore_patterns("tests", "__pycache__")
    shutil.copytree(ROOT / "chassis", copy, ignore=ignored)
    write(recipe, tmp_path)
    for words in (["check"], ["format", "--diff"]):
        subprocess.run([PROGRAMS / "ruff", *words, "--no-cache"], cwd=copy, check=True)
    [module, test] = [str(tmp_path / path) for path in recipe.files]
    plain = ["pytest", "-q", "--noconftest", "-p", "no:cacheprovider", "-c", "/dev/null"]
    for line in (["mypy", "--follow-imports=silent", module], [*plain, f"--rootdir={copy}", test]):
        script = f"cd {copy} && PYTHONPATH={copy}/src exec {shlex.join(line)}"
        succeeds(service, script)
