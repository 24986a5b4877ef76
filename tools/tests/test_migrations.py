"""Test `migrations.lint` on a rendered service with planted migrations."""

import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from flask_chassis import project
from flask_chassis.project import Project

from .conftest import Run

Plant = Callable[..., None]

PERSON = ("-c", "user.name=Ada", "-c", "user.email=ada@acme.example")


def git(folder: Path, *words: str) -> None:
    subprocess.run(["git", "-C", folder, *PERSON, *words], check=True, capture_output=True)


@pytest.fixture
def copy(service: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the service, released as v1.0.0."""
    folder = tmp_path / "copy"
    origin = service.folder.parent
    shutil.copytree(origin, folder, ignore=shutil.ignore_patterns(".git", "vendor"))
    monkeypatch.setattr(project, "_current", Project(service.package, folder / service.package))
    git(folder, "init", "--quiet")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message=first")
    git(folder, "tag", "v1.0.0")
    return folder


@pytest.fixture
def plant(copy: Path) -> Plant:
    """Add a migration with these lines, after the last one."""

    def plants(*lines: str) -> None:
        versions = copy / "migrations" / "versions"
        number = len(list(versions.glob("*.py"))) + 1
        (versions / f"{number:04}_planted.py").write_text(
            "import sqlalchemy as sa\nfrom alembic import op\n"
            f'revision, down_revision = "{number:04}", "{number - 1:04}"\n'
            "def upgrade():\n    " + "\n    ".join(lines) + "\n"
        )

    return plants


def column(options: str) -> str:
    return f'op.add_column("thoughts", sa.Column("a", sa.BigInteger(), {options}))'


NEW_TABLE = 'op.create_table("bills", sa.Column("id", sa.BigInteger(), primary_key=True))'
IN_BLOCK = "with op.get_context().autocommit_block():"


@pytest.mark.parametrize(
    ("lines", "rule", "advice"),
    [
        ([column("nullable=False")], "adding-required-field", "nullable or with a server_default"),
        (
            [column('server_default=sa.text("random()")')],
            "adding-field-with-default",
            "fill it in portions",
        ),
        (['op.drop_column("thoughts", "text")'], "ban-drop-column", "drop it in the next"),
        (['op.drop_table("thoughts")'], "ban-drop-table", "drop the table in the next"),
        (['op.rename_table("thoughts", "ideas")'], "renaming-table", "leave a view"),
        (
            ['op.alter_column("thoughts", "text", new_column_name="words")'],
            "renaming-column",
            "name the attribute",
        ),
        (
            ['op.alter_column("thoughts", "text", type_=sa.String(80))'],
            "changing-column-type",
            "Add a second column",
        ),
        (
            ['op.alter_column("thoughts", "text", nullable=False)'],
            "adding-not-nullable-field",
            "CHECK (… IS NOT NULL)",
        ),
        (
            ['op.create_index("ix_a", "thoughts", ["text"])'],
            "require-concurrent-index-creation",
            "autocommit_block",
        ),
        (
            ['op.drop_index("ix_thoughts_username_id", "thoughts")'],
            "require-concurrent-index-deletion",
            "autocommit_block",
        ),
        (
            ['op.create_unique_constraint("uq_a", "thoughts", ["text"])'],
            "disallowed-unique-constraint",
            "UNIQUE USING INDEX",
        ),
        (
            ['op.create_check_constraint("ck_a", "thoughts", "id > 0")'],
            "constraint-missing-not-valid",
            "postgresql_not_valid=True",
        ),
        (
            [NEW_TABLE, 'op.create_foreign_key("fk_a", "thoughts", "bills", ["id"], ["id"])'],
            "adding-foreign-key-constraint",
            "VALIDATE CONSTRAINT",
        ),
    ],
)
def test_a_change_that_locks_or_breaks_is_found(
    run: Run, plant: Plant, lines: list[str], rule: str, advice: str
) -> None:
    plant(*lines)
    failed = run("migrations.lint")
    assert failed.code == 1
    assert failed.error.count("0003_planted.py: ") == 1, failed.error
    assert f"  {rule}: " in failed.error
    assert advice in failed.error


def test_safe_ways_are_no_finding(run: Run, plant: Plant) -> None:
    plant(
        NEW_TABLE,
        'op.create_index("ix_b", "bills", ["id"])',
        column("nullable=True"),
        'op.create_check_constraint("ck_a", "thoughts", "id > 0", postgresql_not_valid=True)',
        IN_BLOCK,
        '    op.create_index("ix_a", "thoughts", ["text"], postgresql_concurrently=True)',
    )
    plant(
        'op.execute("ALTER TABLE thoughts VALIDATE CONSTRAINT ck_a")',
        'op.add_column("bills", sa.Column("a", sa.BigInteger(), nullable=False))',
        'op.drop_column("bills", "a")',
    )
    passed = run("migrations.lint")
    assert passed.code == 0, passed.error


def test_what_is_released_is_no_finding_unless_it_is_asked_for(
    run: Run, copy: Path, plant: Plant
) -> None:
    plant('op.drop_column("thoughts", "text")')
    git(copy, "add", "--all")
    git(copy, "commit", "--message=second")
    assert run("migrations.lint").code == 1
    git(copy, "tag", "v1.1.0")
    assert run("migrations.lint").code == 0
    assert run("migrations.lint", "--since=v1.0.0").code == 1
    failed = run("migrations.lint", "--since=nowhere")
    assert failed.code == 1
    assert "nowhere is not in this repository: fetch it, or set --since." in failed.error


@pytest.mark.parametrize("kind", ["resource", "issuer"])
def test_a_service_that_was_never_released_has_no_finding(run: Run, copy: Path) -> None:
    git(copy, "tag", "--delete", "v1.0.0")
    passed = run("migrations.lint")
    assert passed.code == 0, passed.error


def test_a_finding_can_be_switched_off_with_a_reason(run: Run, plant: Plant) -> None:
    plant("# squawk-ignore ban-drop-column:", 'op.drop_column("thoughts", "text")')
    assert run("migrations.lint").code == 1
    plant("# squawk-ignore ban-drop-column: nothing reads it", 'op.drop_column("thoughts", "id")')
    assert run("migrations.lint").error.count("ban-drop-column") == 1


def test_a_new_value_of_an_enum_in_a_small_table_takes_one_migration(
    run: Run, plant: Plant
) -> None:
    """As docs/how-to/migrations.md says."""
    lines = (
        'op.drop_constraint("ck_thoughts_status", "thoughts")',
        "# squawk-ignore constraint-missing-not-valid: the table has few rows",
        'op.create_check_constraint("ck_thoughts_status", "thoughts", "status IN (\'a\', \'b\')")',
    )
    plant(*lines)
    passed = run("migrations.lint")
    assert passed.code == 0, passed.error
    plant(lines[0], lines[2])
    assert "constraint-missing-not-valid" in run("migrations.lint").error


def test_a_migration_that_reads_the_database_says_how_to_skip_that(run: Run, plant: Plant) -> None:
    plant('op.get_bind().scalar(sa.text("SELECT 1"))')
    failed = run("migrations.lint")
    assert failed.code == 1
    assert "skip that with `if op.get_context().as_sql:`" in failed.error


ADDS = column("nullable=True")


def commit(copy: Path, message: str) -> None:
    git(copy, "add", "--all")
    git(copy, "commit", "--quiet", f"--message={message}")


def other(copy: Path, revision: str, comment: str = "") -> None:
    """Add a migration that follows the second one, as the template renders it."""
    text = (
        '"""Note what others say."""\n\nimport sqlalchemy as sa\nfrom alembic import op\n'
        f"{comment}\n"
        f'revision: str = "{revision}"\ndown_revision: str | None = "0002"\n\n\n'
        'def upgrade():\n    op.add_column("thoughts", sa.Column("note", sa.Text()))\n'
    )
    (copy / "migrations" / "versions" / f"{revision}_note.py").write_text(text)


@pytest.mark.parametrize("revision", ["0003", "0004"])
def test_a_migration_in_the_place_of_a_reverted_one_would_never_run(
    run: Run, copy: Path, plant: Plant, revision: str
) -> None:
    """`db.migrate` takes a revision that it does not know for that of a later version."""
    plant(ADDS)
    commit(copy, "Add a")
    git(copy, "revert", "--no-edit", "HEAD")
    assert run("migrations.lint").code == 0  # the tables stay as they are
    other(copy, revision)
    failed = run("migrations.lint")
    assert failed.code == 1
    finding, advice = failed.error.splitlines()[:2]
    planted = "migrations/versions/0003_planted.py"
    assert finding == f"{revision}_note.py: takes the place of {planted}, which was deleted."
    [command] = re.findall(r"\((git checkout \S+ -- \S+)\)", advice)
    # Who does as it says is done.
    (copy / "migrations" / "versions" / f"{revision}_note.py").unlink()
    git(copy, *command.split()[1:])
    plant("# squawk-ignore ban-drop-column: reverted", 'op.drop_column("thoughts", "a")')
    done = run("migrations.lint")
    assert (done.code, done.error) == (0, "")


def test_one_change_may_replace_what_main_never_had(run: Run, copy: Path, plant: Plant) -> None:
    git(copy, "update-ref", "refs/remotes/origin/main", "HEAD")
    plant(ADDS)
    commit(copy, "Try a")
    (copy / "migrations" / "versions" / "0003_planted.py").unlink()
    other(copy, "0004")
    commit(copy, "Do it otherwise")
    assert run("migrations.lint").code == 0
    # What main has, may have run.
    git(copy, "update-ref", "refs/remotes/origin/main", "HEAD~1")
    assert "takes the place of" in run("migrations.lint").error


def test_a_deleted_migration_that_has_run_nowhere_is_no_finding(
    run: Run, copy: Path, plant: Plant
) -> None:
    plant(ADDS)
    commit(copy, "Add a")
    git(copy, "revert", "--no-edit", "HEAD")
    other(copy, "0004", "# squawk-ignore deleted-migration: it was not deployed")
    assert run("migrations.lint").code == 0


def test_a_migration_that_is_renamed_is_the_same_one(run: Run, copy: Path, plant: Plant) -> None:
    plant(ADDS)
    commit(copy, "Add a")
    versions = copy / "migrations" / "versions"
    (versions / "0003_planted.py").rename(versions / "0003_add_a.py")
    commit(copy, "Say what it does")
    done = run("migrations.lint")
    assert (done.code, done.error) == (0, "")


def test_check_lints_migrations_with_all(run: Run, plant: Plant) -> None:
    plant('op.drop_column("thoughts", "text")')
    failed = run("check", "--all")
    assert failed.code == 1
    assert "0003_planted.py: ALTER TABLE thoughts DROP COLUMN text" in failed.out
    assert "migrations" in failed.error
