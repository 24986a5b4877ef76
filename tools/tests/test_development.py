"""Test the prompts and `db.reset`, with the command of a rendered service and a real PostgreSQL."""

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from flask_chassis import settings
from flask_chassis.project import Project
from flask_chassis.tasks import keys
from flask_chassis.tasks.embedded_postgres import EmbeddedPostgres

from .conftest import Run

COMMAND = """
import sys
from pathlib import Path
from flask_chassis import project
project.use(sys.argv[1], Path(sys.argv[2]))
del sys.argv[1:3]
from flask_chassis.tasks import command
command.main()
"""

Call = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def server() -> Iterator[EmbeddedPostgres]:
    """A PostgreSQL for development."""
    with (
        tempfile.TemporaryDirectory(prefix="postgres-") as folder,
        EmbeddedPostgres(Path(folder), durable=False) as started,
    ):
        yield started


@pytest.fixture
def call(service: Project, server: EmbeddedPostgres, tmp_path: Path) -> Call:
    """Call the command in a process of its own, with what it reads from standard input."""
    keys.write_pair(tmp_path, "first", bits=2048)
    supplied = {
        "database.port": str(server.port),
        "tokens.public_keys_folder": str(tmp_path / "public"),
    }
    variables = {settings.variable_for(key): value for key, value in supplied.items()}

    def calls(*words: str, given: str = "", **others: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-c", COMMAND, service.package, str(service.folder), *words],
            cwd=service.folder.parent,
            env=os.environ | {"PYTHONPATH": str(service.folder.parent)} | variables | others,
            input=given,
            capture_output=True,
            text=True,
        )

    return calls


@pytest.fixture
def migrated(call: Call) -> None:
    """The database, empty."""
    done = call("db.reset")
    assert done.returncode == 0, done.stderr
    assert done.stdout.endswith("is empty, and at head.\n")


ADD = """
session.add(Thought(username="ada", text="from the shell"))
session.commit()
session.add(Thought(username="ada", text="not stored"))
print(app.name, settings.environment, len(session.scalars(select(Thought)).all()))
"""


@pytest.mark.usefixtures("migrated")
def test_the_prompts_have_the_service_and_its_database(call: Call) -> None:
    done = call("shell", given=ADD)
    assert done.returncode == 0, done.stderr
    assert "planted_resource development.local 2\n" in done.stdout
    assert "Thought" in done.stderr.partition("There are: ")[2]
    # What was not committed is not stored.
    asked = call("db.shell", given="SELECT text || '!' FROM thoughts;\n")
    assert asked.returncode == 0, asked.stderr
    assert "from the shell!" in asked.stdout
    assert "not stored" not in asked.stdout


@pytest.mark.usefixtures("migrated")
def test_a_reset_deletes_everything_also_while_somebody_is_connected(call: Call) -> None:
    assert call("shell", given=ADD).returncode == 0
    done = call("shell", given="import os\nos.system('true')\nsession.connection()\n" + RESET)
    assert "is empty, and at head." in done.stdout
    asked = call("db.shell", given="SELECT 'rows: ' || count(*) FROM thoughts;\n")
    assert "rows: 0" in asked.stdout


RESET = f"""
import subprocess, sys
words = [app.import_name, app.root_path, "db.reset"]
done = subprocess.run([sys.executable, "-c", {COMMAND!r}, *words])
"""


def test_the_database_of_another_machine_must_be_named(call: Call) -> None:
    variable = settings.variable_for("database.host")
    refused = call("db.reset", **{variable: "db.acme.example"})
    assert refused.returncode == 1
    assert refused.stderr == (
        "db.reset deletes all data, and database.host is 'db.acme.example', not this machine. "
        "If you mean it: db.reset --host=db.acme.example\n"
    )


@pytest.mark.parametrize("name", ["shell", "db.shell", "db.reset"])
def test_they_are_refused_in_production(
    run: Run, production: str, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    for key in settings.required_in(production):
        monkeypatch.setenv(settings.variable_for(key), "supplied")
    refused = run(name)
    assert refused.code == 1
    assert refused.error.strip() == f"{name} is for development; this is {production}."


@pytest.mark.parametrize("kind", ["frontend"])
def test_a_service_without_a_database_has_a_prompt_too(call: Call) -> None:
    done = call("shell", given="print(app.name, 'session' in globals())\n")
    assert done.returncode == 0, done.stderr
    assert "planted_frontend False\n" in done.stdout
    assert call("db.shell").returncode != 0
