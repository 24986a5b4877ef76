"""The PostgreSQL that comes in a wheel does for a service, and the machine's own does better."""

import json
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.full.programs import succeeds
from tests.services import InstalledService

INDEX = "ix_thoughts_text_trgm"

MACHINES_OWN = """
from flask_chassis.tasks import postgres_programs
print(postgres_programs.on_this_machine() or "")
"""

# Runs where the service is installed: migrates on the server whose programs are in a folder,
# writes rows in bulk, searches over HTTP, and says as JSON what it found.
SEARCH = """
import json
import os
import sys
from pathlib import Path

from invoke import Context
from flask_chassis import settings
from flask_chassis.db import database
from flask_chassis.tasks import database as tasks, embedded_postgres, keys, postgres_programs
from flask_chassis.http.filters import contains
from sqlalchemy import select, text

from thoughts_backend.app import create_app
from thoughts_backend.thoughts.model import Thought

# What is searched for: a part of MD5's digest of 12345, in upper case.
SEARCHED = "CCB0EEA8A706C4C34"

folder, programs = sys.argv[1:]
os.environ["THOUGHTS_BACKEND_ENVIRONMENT"] = "tests.local"
keys.write_pair(Path(folder), "tests", bits=2048)
os.environ["THOUGHTS_BACKEND_TOKENS__PUBLIC_KEYS_FOLDER"] = f"{folder}/public"
programs = Path(programs) if programs else postgres_programs.in_the_wheel()
data = Path(folder) / "data"
with embedded_postgres.EmbeddedPostgres(data, durable=False, programs=programs) as server:
    os.environ["THOUGHTS_BACKEND_DATABASE__HOST"] = server.host
    os.environ["THOUGHTS_BACKEND_DATABASE__PORT"] = str(server.port)
    tasks.create(Context())
    tasks.migrate(Context())
    tasks.downgrade(Context(), "base")
    tasks.migrate(Context())
    engine = database.engine(settings.load())
    with engine.begin() as connection:
        connection.execute(text(
            "INSERT INTO thoughts (username, text) "
            "SELECT 'ada', md5(n::text) || n || '%' FROM generate_series(1, 20000) n"
        ))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        # As the server does by itself in time: until then, new rows are in no order in the index.
        connection.execute(text("VACUUM ANALYZE thoughts"))
    with engine.connect() as connection:
        indexes = connection.execute(text(
            "SELECT indexname FROM pg_indexes WHERE tablename = 'thoughts'"
        )).scalars().all()
        version = connection.scalar(text("SHOW server_version_num"))
        searched = select(Thought.id).where(contains(Thought.text).condition(SEARCHED))
        statement = searched.order_by(Thought.id.desc()).limit(21).compile(engine)
        values = statement.construct_params()
        plan = connection.exec_driver_sql(f"EXPLAIN {statement}", values).scalars().all()
    client = create_app(settings.load()).test_client()
    found = client.get("/api/thoughts/", query_string={"search": SEARCHED})
    said = {
        "indexes": indexes,
        "version": int(version),
        "plan": plan,
        "found": [one["text"][32:] for one in found.get_json()],
        "wildcards": client.get("/api/thoughts/", query_string={"search": "1%4"}).get_json(),
        "ready": client.get("/health/ready").status_code,
    }
    engine.dispose()
Path(folder, "said.json").write_text(json.dumps(said))
"""


@dataclass(frozen=True)
class Said:
    """What a service on one of the servers says."""

    indexes: list[str]
    version: int
    plan: list[str]
    found: list[str]
    wildcards: list[Any]
    ready: int


def serve_and_search(service: InstalledService, programs: str) -> Said:
    """Run the service's own code on a server with these programs; none means the wheel's."""
    with tempfile.TemporaryDirectory(prefix="postgres-") as folder:
        Path(folder).chmod(0o755)  # root's server runs as another user
        succeeds([service.bin / "python", "-c", SEARCH, folder, programs], service.path)
        return Said(**json.loads(Path(folder, "said.json").read_text("utf-8")))


@pytest.fixture(scope="module")
def with_the_wheels(rendered_service: InstalledService) -> Said:
    """The service on the server of the wheel."""
    return serve_and_search(rendered_service, "")


@pytest.fixture(scope="module")
def with_the_machines(rendered_service: InstalledService) -> Said:
    """The service on the machine's own server, where its contrib modules are there too."""
    words: list[str | Path] = [rendered_service.bin / "python", "-c", MACHINES_OWN]
    programs = succeeds(words, rendered_service.path).strip()
    if not programs:
        pytest.skip("no PostgreSQL is installed on this machine")
    said = serve_and_search(rendered_service, programs)
    if INDEX not in said.indexes:
        pytest.skip("the PostgreSQL of this machine is without contrib (pg_trgm)")
    return said


def test_the_wheels_server_needs_no_index_to_search(with_the_wheels: Said) -> None:
    assert with_the_wheels.version >= 180000
    assert INDEX not in with_the_wheels.indexes
    assert with_the_wheels.found == ["12345%"]
    assert with_the_wheels.wildcards == []
    assert with_the_wheels.ready == 200


def test_the_machines_server_searches_by_the_index(with_the_machines: Said) -> None:
    assert INDEX in "\n".join(with_the_machines.plan), with_the_machines.plan
    assert with_the_machines.found == ["12345%"]
    assert with_the_machines.wildcards == []
    assert with_the_machines.ready == 200
