"""What happens to a service in a year: what its developers add and edit."""

import subprocess
from pathlib import Path

from tasks.folders import PROGRAMS
from tests.updates.history import edit

INIT = '"""Notes, which are this service\'s own."""\n'

ROUTES = '''\
"""Serves a note."""

from flask import Blueprint, Flask
from flask_chassis.auth.access import public
from flask_chassis.settings import Settings

blueprint = Blueprint("notes", __name__)


def init_app(app: Flask, settings: Settings) -> None:
    """Serve the note that the settings have."""
    app.extensions["note"] = settings["notes.greeting"]
    app.register_blueprint(blueprint)


@blueprint.get("/notes/")
@public
def note() -> dict[str, str]:
    """Say hello."""
    return {"note": "hello"}
'''

MODEL = '''\
"""How a note is stored."""

from flask_chassis.db.database import Base
from sqlalchemy import BigInteger, Identity, Text
from sqlalchemy.orm import Mapped, mapped_column


class Note(Base):
    """A note."""

    __tablename__ = "notes"

    id: Mapped[int] = mapped_column(BigInteger, Identity(), primary_key=True)
    text: Mapped[str] = mapped_column(Text)
'''

MIGRATION = '''\
"""Create the table of notes."""

import sqlalchemy as sa
from alembic import op

revision = "NEW"
down_revision = "LAST"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Apply the migration."""
    op.create_table(
        "notes",
        sa.Column("id", sa.BigInteger(), sa.Identity(), primary_key=True),
        sa.Column("text", sa.Text(), nullable=False),
    )


def downgrade() -> None:
    """Take it back."""
    op.drop_table("notes")
'''

TEST = '''\
"""The note."""

from flask import Flask


def test_it_says_hello(service: Flask) -> None:
    assert service.test_client().get("/notes/").json == {"note": "hello"}
'''


def live(service: Path) -> None:
    """Do all of it; on a service that has had an update just as on one that has not."""
    package = next(service.glob("*/wsgi.py")).parent
    add_an_endpoint(service, package)
    if (package / "models.py").exists():
        add_a_model(service, package)
    deploy_it_otherwise(service)
    edit_shared_files(service)
    edit_the_templates_files(service)
    subprocess.run(
        [PROGRAMS / "ruff", "format", "--quiet", "--no-cache", "."], cwd=service, check=True
    )


def add_an_endpoint(service: Path, package: Path) -> None:
    """Serve something of the service's own, with a setting and a test."""
    write(package / "notes" / "__init__.py", INIT)
    write(package / "notes" / "routes.py", ROUTES)
    write(service / "tests" / "notes" / "__init__.py", '"""Tests of the notes."""\n')
    write(service / "tests" / "notes" / "test_notes.py", TEST)
    domain = package / "domain.py"
    edit(domain, "# isort: split\n", "# isort: split\nfrom .notes import routes as notes\n")
    domain.write_text(f"{domain.read_text('utf-8')}    notes.init_app(app, settings)\n", "utf-8")
    edit(service / "settings.yaml", "  logs:\n    level: INFO\n", SETTING)


SETTING = "  notes:\n    greeting: hello\n  logs:\n    level: INFO\n"


def add_a_model(service: Path, package: Path) -> None:
    """Store something of the service's own."""
    write(package / "notes" / "model.py", MODEL)
    versions = service / "migrations" / "versions"
    last = max(path.name for path in versions.glob("[0-9]*.py"))[:4]
    new = f"{int(last) + 1:04}"
    text = MIGRATION.replace("NEW", new).replace("LAST", last)
    write(versions / f"{new}_create_notes.py", text)
    imported = (
        "from .notes import model as notes_model  # noqa: F401  (importing it registers it)\n"
    )
    edit(package / "models.py", "# isort: split\n", f"# isort: split\n{imported}")


def deploy_it_otherwise(service: Path) -> None:
    """Let the endpoint be reached from outside, and patch an overlay."""
    kubernetes = service / "infra" / "kubernetes"
    edit(kubernetes / "base" / "ingress.yaml", "        paths:\n", PATHS.format(name=service.name))
    overlay = kubernetes / "overlays" / "staging" / "kustomization.yaml"
    overlay.write_text(f"{overlay.read_text('utf-8')}{PATCH.format(name=service.name)}", "utf-8")


PATHS = """\
        paths:
          - path: /notes
            pathType: Prefix
            backend:
              service:
                name: {name}
                port:
                  name: http
"""

PATCH = """\
  - target:
      kind: Deployment
      name: {name}
    patch: |-
      - op: replace
        path: /spec/revisionHistoryLimit
        value: 3
"""


def edit_shared_files(service: Path) -> None:
    """Write about the service, where both write, and add a task's name to what git ignores."""
    readme = service / "README.md"
    edit(readme, "Owner: ", "Ours since 2026.\n\nOwner: ")
    readme.write_text(f"{readme.read_text('utf-8')}\n## Notes\n\nThere are notes.\n", "utf-8")
    edit(service / "pyproject.toml", 'version = "0.1.0"', 'version = "7.3.1"')
    write(service / "docker-compose.override.yaml", "services:\n  service:\n    hostname: ours\n")


def edit_the_templates_files(service: Path) -> None:
    """Edit what an update replaces, too: people do."""
    for name in ("changing-a-contract.md", "contracts.md"):
        page = service / "docs" / name
        if page.exists():
            page.write_text(f"{page.read_text('utf-8')}\nOurs: ask ada first.\n", "utf-8")
    uwsgi = service / "infra" / "uwsgi.yaml"
    uwsgi.write_text(f"{uwsgi.read_text('utf-8')}\n# Ours: nothing yet.\n", "utf-8")


def write(file: Path, text: str) -> None:
    """Write a new file."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, "utf-8")
