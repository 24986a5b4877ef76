"""The command as it is installed: it lists its tasks, and its errors are sentences."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from flask_chassis.settings import environment_variable, required_in, variable_for

from .conftest import Run, program

TASKS = sorted(program().namespace.task_names)

SETTINGS_NEEDED_BY = ["db.create", "db.migrate", "run"]

CONSOLE_SCRIPT = """
from flask_chassis.tasks import command
command.entry_points = lambda group: []
command.main()
"""
"""What the console script of a service does, without the tasks of installed packages."""

COMMAND = [sys.executable, "-c", CONSOLE_SCRIPT]


def test_every_task_is_listed_with_a_sentence(run: Run) -> None:
    listed = run("--list")
    assert listed.code == 0
    described = [line.split(maxsplit=1) for line in listed.out.splitlines()]
    sentences = {line[0]: line[1] for line in described if len(line) == 2}
    for task in TASKS:
        assert len(sentences[task]) > 20, task


def test_an_error_of_the_installed_command_is_a_sentence() -> None:
    variables = os.environ | {environment_variable(): "nowhere"}
    failed = subprocess.run(
        [*COMMAND, "run"],
        env=variables,
        capture_output=True,
        text=True,
        timeout=30,
    )
    assert failed.returncode == 1
    assert failed.stderr.startswith(f"{environment_variable()} is 'nowhere', which settings.yaml")
    assert "Traceback" not in failed.stderr
    assert failed.stdout == ""


def python(program: str, *folders: Path) -> subprocess.CompletedProcess[str]:
    """Run a program, with some folders in front of the path of its modules."""
    path = os.pathsep.join([*map(str, folders), os.environ["PYTHONPATH"]])
    return subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ | {"PYTHONPATH": path},
        capture_output=True,
        text=True,
        timeout=30,
    )


LIST = """
import sys
from importlib.metadata import entry_points
from pathlib import Path
from flask_chassis import project
from flask_chassis.tasks import command
project.use("planted", Path("{folder}"))
command.entry_points = lambda group: [e for e in entry_points(group=group) if e.name == "extra"]
sys.argv = ["tasks", "--list"]
command.main()
"""


@pytest.fixture
def planted(tmp_path: Path) -> Path:
    """A package of a service, which a test gives a module with tasks."""
    folder = tmp_path / "planted"
    folder.mkdir()
    (folder / "__init__.py").touch()
    (tmp_path / "pyproject.toml").touch()
    (tmp_path / "settings.yaml").write_text("default: {}\n")
    return folder


def test_the_services_own_tasks_are_listed(planted: Path) -> None:
    (planted / "tasks.py").write_text(
        "from invoke import Collection, task\n\n\n"
        '@task\ndef greet(context):\n    """Greet everybody."""\n\n\n'
        "def add_to(namespace):\n    namespace.add_task(greet)\n"
    )
    listed = python(LIST.format(folder=planted), planted.parent)
    assert listed.returncode == 0, listed.stderr
    assert "Greet everybody." in listed.stdout
    assert "wait-for-tcp" in listed.stdout


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("import nowhere", "ModuleNotFoundError: "),
        ("import sys; sys.exit('left')", "SystemExit: left"),
    ],
)
def test_the_other_tasks_are_listed_if_the_services_own_cannot_be_loaded(
    planted: Path, code: str, error: str
) -> None:
    (planted / "tasks.py").write_text(f"{code}\n")
    listed = python(LIST.format(folder=planted), planted.parent)
    assert listed.returncode == 0
    assert "wait-for-tcp" in listed.stdout
    assert listed.stderr.startswith(f"Cannot load tasks from planted.tasks: {error}")


@pytest.mark.parametrize("text", [None, "default: [\n"])
def test_without_settings_that_can_be_read_a_task_says_so(planted: Path, text: str | None) -> None:
    """And none is missing from the list, which would hide the cause."""
    settings = planted.parent / "settings.yaml"
    settings.unlink()
    if text is not None:
        settings.write_text(text)
    listed = python(LIST.format(folder=planted), planted.parent)
    assert listed.returncode == 0, listed.stderr
    assert "db.migrate" in listed.stdout
    script = LIST.replace("--list", "db.migrate")
    migrated = python(script.format(folder=planted), planted.parent)
    assert migrated.returncode == 1
    assert re.search(r"settings\.yaml (cannot be read: No such|is not valid YAML)", migrated.stderr)
    assert "Traceback" not in migrated.stderr


def test_the_tasks_of_an_installed_package_are_listed(planted: Path) -> None:
    root = planted.parent
    (root / "extra-1.dist-info").mkdir()
    (root / "extra-1.dist-info" / "METADATA").write_text("Name: extra\nVersion: 1\n")
    entries = "[flask_chassis.tasks]\nextra = extra:add_to\n"
    (root / "extra-1.dist-info" / "entry_points.txt").write_text(entries)
    (root / "extra.py").write_text(
        "from invoke import task\n\n\n"
        '@task\ndef tidy(context):\n    """Tidy up."""\n\n\n'
        "def add_to(namespace):\n    namespace.add_task(tidy)\n"
    )
    listed = python(LIST.format(folder=planted), root)
    assert listed.returncode == 0, listed.stderr
    assert "Tidy up." in listed.stdout


def test_tasks_call_this_machine_without_a_proxy(
    planted: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As on machines with `http_proxy` and no `no_proxy`; what is there already stays."""
    for name in ("HTTP_PROXY", "http_proxy"):
        monkeypatch.setenv(name, "http://192.0.2.1:9")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "db.acme.example")
    (planted / "tasks.py").write_text(
        "import os\nfrom urllib.request import proxy_bypass\nfrom invoke import task\n\n\n"
        '@task\ndef call(context):\n    """Ask whom a request would go to."""\n'
        '    for host in ("127.0.0.1", "localhost", "db.acme.example", "acme.example"):\n'
        "        print(host, bool(proxy_bypass(host)))\n\n\n"
        "def add_to(namespace):\n    namespace.add_task(call)\n"
    )
    asked = python(LIST.replace("--list", "call").format(folder=planted), planted.parent)
    assert asked.stdout.splitlines() == [
        "127.0.0.1 True",
        "localhost True",
        "db.acme.example True",
        "acme.example False",
    ], asked.stderr


def test_a_missing_git_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("VERSION_NAME", raising=False)
    failed = python(f"import sys\nsys.argv = ['tasks', 'version']\n{CONSOLE_SCRIPT}")
    assert failed.returncode == 1
    assert failed.stderr == "git is not installed, or not on the PATH: install it.\n"


def test_a_missing_package_is_reported_with_what_to_do() -> None:
    failed = python(f"import sys\nsys.modules['dynaconf'] = None\n{COMMAND[-1]}")
    assert failed.returncode == 1
    assert failed.stderr.startswith("The tasks cannot be loaded: ")
    assert "dynaconf" in failed.stderr.splitlines()[0]
    assert "run ./bootstrap" in failed.stderr
    assert "Traceback" not in failed.stderr


def test_no_command_waits_for_libraries_that_another_needs() -> None:
    """A pod that starts with `run`, for example, does not import Alembic."""
    done = python(
        "import sys\n"
        "from flask_chassis.tasks import command\n"
        "command.entry_points = lambda group: []\n"
        "command.namespace()\n"
        "print(*{'alembic', 'psycopg2', 'sqlalchemy'} & sys.modules.keys())"
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == []


@pytest.mark.parametrize("task", TASKS)
def test_every_task_tells_what_it_takes(run: Run, task: str) -> None:
    told = run("--help", task)
    assert told.code == 0
    assert "Docstring:" in told.out


def test_the_help_names_what_is_required(planted: Path) -> None:
    (planted / "tasks.py").write_text(
        "from invoke import task\n\n\n"
        '@task(help={"whom": "Somebody"})\n'
        'def greet(context, whom, loud=False):\n    """Greet somebody."""\n\n\n'
        "def add_to(namespace):\n    namespace.add_task(greet)\n"
    )
    script = LIST.replace('"--list"', '"--help", "greet"').format(folder=planted)
    told = python(script, planted.parent)
    assert "  --whom=STRING   Somebody (required)\n" in told.stdout, told.stderr
    assert told.stdout.count("(required)") == 1


def test_the_tasks_of_the_chassis_name_it_too(run: Run) -> None:
    assert run("--help", "db.revision").out.count("(required)") == 1
    assert "(required)" not in run("--help", "db.serve").out


def test_no_task_has_a_short_option(run: Run) -> None:
    """Invoke would make them up, and `-t` would mean something else in each task."""
    assert [name for name in TASKS if re.search(r"^ +-\w", run("--help", name).out, re.M)] == []
    assert run("db.wait", "-t", "1").code == 1


def test_an_unknown_task_is_refused(run: Run) -> None:
    refused = run("no-such-task")
    assert refused.code == 1
    assert "no-such-task" in refused.error


@pytest.mark.parametrize("task", SETTINGS_NEEDED_BY)
def test_all_that_is_missing_is_told(
    run: Run, production: str, task: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    missing = required_in(production)
    assert missing
    for key in missing:
        monkeypatch.delenv(variable_for(key), raising=False)
    failed = run(task)
    assert failed.code == 1
    assert failed.error.startswith(f"Settings of {production}:\n")
    for key in missing:
        assert f"{key} is missing: set " in failed.error


def test_the_tasks_of_the_chassis_are_there() -> None:
    assert set(TASKS) == {
        *("run", "version", "wait-for-tcp"),
        *("config.required", "config.validate"),
        *("db.create", "db.downgrade", "db.forget-idempotency-keys", "db.migrate", "db.revision"),
        *("db.serve", "db.wait"),
        *("keys.generate", "keys.rotate"),
    }


@pytest.mark.parametrize(
    ("parts", "groups"),
    [
        ("", set()),
        ("  database:\n", {"db"}),
        ("  tokens:\n", {"keys"}),
        ("  upstream:\n", {"dependencies"}),
    ],
)
def test_groups_of_tasks_follow_the_parts_of_the_settings(
    checkout: Path, parts: str, groups: set[str]
) -> None:
    (checkout / "settings.yaml").write_text(f"default:\n{parts}development.local:\n")
    assert set(program().namespace.collections) == {"config"} | groups
