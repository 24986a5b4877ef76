"""The recipes of docs/how-to: each fits a rendered service, and names what exists.

What their code does, tests/full/test_recipes.py shows.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from cookiecutter.exceptions import FailedHookException
from invoke import Collection as Tasks
from invoke import ParseError, Parser

from tasks import namespace as own_tasks
from tasks.folders import PROGRAMS, ROOT
from tasks.render import example, render
from tests.conftest import EXAMPLES
from tests.recipes import (
    GROUPS,
    HOW_TO,
    OF_SERVICES,
    OF_THE_TEMPLATE,
    RECIPES,
    Recipe,
    added_packages,
    alone,
    commands,
    programs,
    read,
    write,
)

REQUIREMENTS = ROOT / "tests" / "full" / "recipes-requirements.txt"

LONGEST_LINE = 140

EACH = pytest.mark.parametrize("recipe", RECIPES, ids=lambda recipe: recipe.name)
EACH_OF_SERVICES = pytest.mark.parametrize("recipe", OF_SERVICES, ids=lambda recipe: recipe.name)

KNOWN_PROGRAMS = {
    "./invoke",
    "acme-tasks",
    "cookiecutter",
    "cp",
    "createdb",
    "echo",
    "export",
    "git",
    "grep",
    "kubectl",
    "pg_dump",
    "pg_restore",
    "poetry",
    "psql",
    "sed",
}


@pytest.fixture(scope="module")
def pristine(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The service that the recipes are written for."""
    return render(tmp_path_factory.mktemp("recipes"), example(EXAMPLES["resource"]))


def test_there_are_thirty_guides() -> None:
    assert len(list(HOW_TO.glob("*.md"))) >= 30


def prose(recipe: Recipe) -> str:
    """Return a page without its code."""
    return re.sub(r"^```.*?^```", "", recipe.text, flags=re.MULTILINE | re.DOTALL)


@EACH
def test_a_recipe_has_the_form_of_one(recipe: Recipe) -> None:
    assert recipe.matter["group"] in GROUPS
    text = recipe.text.partition("\n---\n")[2]
    title, blank, summary, after = text.splitlines()[:4]
    assert (title[:2], blank, after) == ("# ", "", ""), "a title, and a line that says what it is"
    assert summary.endswith(".")
    headings = re.findall(r"^## (.+)$", prose(recipe), re.MULTILINE)
    for wanted in (
        "When to use it",
        "Test it",
        "What the (chassis|template) does, and what it does not",
    ):
        assert any(re.fullmatch(wanted, each) for each in headings), f"no section {wanted}"
    for line in prose(recipe).splitlines():
        assert len(line) <= LONGEST_LINE or line.startswith("|"), line


@EACH
def test_every_block_is_a_file_a_change_or_commands(recipe: Recipe) -> None:
    assert recipe.blocks
    assert recipe.text.count("\n```") == 2 * len(recipe.blocks), "a block in a list is not tested"
    for block in recipe.blocks:
        assert block.path or block.language in {"diff", "shell"}, block.text


@EACH_OF_SERVICES
def test_it_fits_a_rendered_service_and_is_clean(
    recipe: Recipe, pristine: Path, tmp_path: Path
) -> None:
    if not (recipe.files or recipe.diffs):
        return
    _, after = alone(recipe, pristine, tmp_path)
    # `resource.add` of the recipe writes the rest of the package.
    python = [path for path in {*recipe.files, *recipe.changed} if path.endswith(".py")]
    for words in (["check"], ["format", "--diff"]):
        done = ruff(after, *words, *sorted(python))
        assert done.returncode == 0, done.stdout + done.stderr


def ruff(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run ruff with the configuration of a service."""
    return subprocess.run(
        [PROGRAMS / "ruff", *words, "--no-cache"], cwd=folder, capture_output=True, text=True
    )


@EACH
def test_its_programs_are_known(recipe: Recipe) -> None:
    called = {words[0] for script in recipe.scripts for words in commands(script)}
    assert called <= KNOWN_PROGRAMS


@pytest.mark.parametrize("recipe", OF_THE_TEMPLATE, ids=lambda recipe: recipe.name)
def test_the_tasks_of_this_repository_exist_with_these_options(recipe: Recipe) -> None:
    for words in programs(recipe, "./invoke"):
        assert fault(own_tasks, words) is None


def fault(tasks: Tasks, words: list[str]) -> str | None:
    """Return why a command line cannot be parsed, or None."""
    try:
        Parser(contexts=tasks.to_contexts()).parse_argv(words)
    except ParseError as error:
        return str(error)
    return None


@EACH
def test_what_it_adds_is_installed_in_the_test(recipe: Recipe) -> None:
    """To pin another package, see the first lines of the file."""
    pinned = set(re.findall(r"^([\w.-]+)==", REQUIREMENTS.read_text("utf-8"), re.MULTILINE))
    assert added_packages(recipe) <= pinned


@EACH
def test_its_links_lead_somewhere(recipe: Recipe) -> None:
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", prose(recipe)):
        assert (HOW_TO / target).exists(), target


# Each of these finds what it is for.


def planted(text: str, **matter: str) -> Recipe:
    return Recipe("planted", text, {"group": "Data", **matter})


def test_a_diff_that_does_not_fit_is_seen(pristine: Path, tmp_path: Path) -> None:
    text = read(HOW_TO / "cors.md").text.replace(" # isort: split", " # isort: sliced")
    with pytest.raises(ValueError, match="does not fit what is rendered"):
        alone(planted(text), pristine, tmp_path)


def test_a_file_that_exists_is_seen(pristine: Path, tmp_path: Path) -> None:
    shutil.copytree(pristine, tmp_path, dirs_exist_ok=True)
    with pytest.raises(ValueError, match="show the change as a diff"):
        write(planted("`settings.yaml`:\n\n```yaml\ndefault:\n```\n"), tmp_path)


@pytest.mark.parametrize(
    ("old", "new"),
    [("import hashlib\n", ""), ("is_on(name: str, username", "is_on(name: str,username")],
)
def test_code_that_is_not_clean_is_seen(pristine: Path, tmp_path: Path, old: str, new: str) -> None:
    text = read(HOW_TO / "feature-flags.md").text
    assert old in text
    with pytest.raises(AssertionError):
        test_it_fits_a_rendered_service_and_is_clean(
            planted(text.replace(old, new)), pristine, tmp_path
        )


def test_a_task_that_is_gone_and_an_option_that_is_gone_are_seen() -> None:
    assert fault(own_tasks, ["release", "--version=1.0.0", "--check"]) is None
    assert fault(own_tasks, ["release", "--version=1.0.0", "--dry-run"])
    assert fault(own_tasks, ["releases"])


def test_commands_are_found_in_pipes_and_after_assignments() -> None:
    script = "A=b x --c \\\n  d | y >z && w '#' # u\nexport B=c\n"
    assert list(commands(script)) == [["x", "--c", "d"], ["y"], ["w", "#"], ["export", "B=c"]]


# What the recipes about the template add, in a copy of it.


READ = (
    "cookiecutter.json",
    "backstage-template.yaml",
    "examples",
    "hooks",
    "tasks",
    "templates",
    "tools/src",
    "{{cookiecutter.project_slug}}",
)


def copy_of_the_template(into: Path) -> Path:
    """Return a copy of what a render and the tasks read."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", *READ],
        cwd=ROOT,
        capture_output=True,
        check=True,
        text=True,
    ).stdout
    for name in filter(None, listed.split("\0")):
        (into / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, into / name)
    return into


def runs(folder: Path, *words: str | Path) -> str:
    variables = os.environ | {"PYTHONPATH": str(folder)}
    done = subprocess.run(words, cwd=folder, env=variables, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_question_is_asked_refused_and_used(tmp_path: Path) -> None:
    recipe = read(HOW_TO / "add-a-question.md")
    copy = copy_of_the_template(tmp_path)
    write(recipe, copy)
    runs(copy, PROGRAMS / "invoke", "backstage")
    assert "chat:" in (copy / "backstage-template.yaml").read_text("utf-8")
    words = ["-m", "pytest", "-q", "-p", "no:cacheprovider", "--noconftest", "-c", "/dev/null"]
    runs(copy, sys.executable, *words, f"--rootdir={copy}", *recipe.files)
    with pytest.raises(FailedHookException):
        render(tmp_path / "refused", {"chat": "#ads"}, template=copy)


def test_a_kind_is_rendered(tmp_path: Path) -> None:
    recipe = read(HOW_TO / "add-a-kind.md")
    copy = copy_of_the_template(tmp_path)
    runs(copy, "sh", "-ec", recipe.scripts[0])
    write(recipe, copy)
    answers = yaml.safe_load((copy / "examples" / "ledger-backend.yaml").read_text("utf-8"))
    service = render(tmp_path / "rendered", answers, template=copy)
    assert (service / "ledger_backend" / "thoughts" / "routes.py").is_file()
    assert "8086" in (service / "infra" / "uwsgi.yaml").read_text("utf-8")
    for path in service.rglob("*.py"):
        compile(path.read_text("utf-8"), path, "exec")
