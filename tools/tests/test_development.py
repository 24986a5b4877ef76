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
    if "tokens.private_keys_folder" in settings.declared_in("development.local"):
        supplied["tokens.private_keys_folder"] = str(tmp_path / "private")
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


READ = """
from sqlalchemy import func
client = app.test_client()
print("listed:", len(client.get("/api/thoughts/?limit=100").json))
print("authors:", session.scalar(select(func.count(Thought.username.distinct()))) > 3)
days = func.count(func.date(Thought.timestamp).distinct())
print("days:", session.scalar(select(days)) > 10)
"""


@pytest.mark.usefixtures("migrated")
def test_seeds_are_rows_of_several_people_and_days(call: Call) -> None:
    done = call("db.seed", "--rows=40")
    assert (done.returncode, done.stdout) == (0, "Added to thoughts: 40.\n"), done.stderr
    read = call("shell", given=READ).stdout
    assert "listed: 40\n" in read
    assert "authors: True\n" in read
    assert "days: True\n" in read
    assert call("db.seed", "--rows=2").returncode == 0
    assert "listed: 42\n" in call("shell", given=READ).stdout


FACTORY = """
from {package}.thoughts.model import Thought

FACTORIES = {{Thought: lambda number, random, settings: Thought(username="own", text={text})}}
"""


@pytest.mark.usefixtures("migrated")
def test_a_factory_of_the_services_own_makes_its_rows(call: Call, service: Project) -> None:
    seeds = service.folder / "seeds.py"
    try:
        seeds.write_text(FACTORY.format(package=service.package, text="f'the {number}th'"))
        assert call("db.seed", "--rows=3").returncode == 0
        asked = call("db.shell", given="SELECT username || ' ' || text FROM thoughts;\n")
        assert "own the 3th" in asked.stdout
        seeds.write_text(FACTORY.format(package=service.package, text="None"))
        failed = call("db.seed")
        assert failed.returncode == 1
        assert "No rows for Thought: null value in column" in failed.stderr
        assert f"Write a factory in {service.package}/seeds.py" in failed.stderr
    finally:
        seeds.unlink(missing_ok=True)


LOG_IN = """
body = {"username": "grace", "password": "correct horse"}
print("signed in:", app.test_client().post("/api/login/", json=body).status_code)
"""


@pytest.mark.parametrize("kind", ["issuer"])
@pytest.mark.usefixtures("migrated")
def test_seeded_users_can_sign_in(call: Call) -> None:
    done = call("db.seed", "--rows=9")
    assert (done.returncode, done.stdout) == (0, "Added to users: 9.\n"), done.stderr
    assert "signed in: 200\n" in call("shell", given=LOG_IN).stdout


def test_seeds_are_for_this_machine(call: Call) -> None:
    variable = settings.variable_for("database.host")
    refused = call("db.seed", **{variable: "db.acme.example"})
    assert refused.returncode == 1
    assert refused.stderr == (
        "db.seed adds rows, and database.host is 'db.acme.example', not this machine. "
        "If you mean it: db.seed --host=db.acme.example\n"
    )


@pytest.mark.parametrize("name", ["shell", "db.shell", "db.reset", "db.seed"])
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
