"""Checks the SQL of new migrations with squawk, a linter for PostgreSQL migrations.

Alembic writes the SQL without a database. squawk reads it twice: as it runs, and as if all were one
transaction. A finding counts if both have it: the first knows that a constraint was added by an
earlier migration, the second that a table is new, and so empty.
"""

import json
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import Script, ScriptDirectory
from invoke import Exit

from flask_chassis_tools import deleted_migrations
from flask_chassis_tools.migration_rules import IMPLIED, RULES
from flask_chassis_tools.updates import git

RUNNING = re.compile(r"-- Running upgrade \S* -> (\S+)")
IGNORE = re.compile(r"#[ \t]*squawk-ignore[ \t]+([a-z-]+):[ \t]*\S")
CREATED = re.compile(r"CREATE TABLE (\S+)")
CHANGED = re.compile(r"(?:ALTER|DROP) TABLE ([^\s;]+)")
BOUNDARY = re.compile(r"(BEGIN|COMMIT);")


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """A rule that a line of the SQL violates; lines count from 0."""

    line: int
    rule: str


def findings(folder: Path, since: str = "") -> list[str]:
    """Return a message for each finding in the migrations that a git reference does not have.

    Without `since`, that is the last tag; without a tag or without git, all migrations are new.
    Raises Exit if git does not know the reference, or if a migration cannot be written as SQL.
    """
    config = Config()
    config.set_main_option("script_location", str(folder / "migrations"))
    directory = ScriptDirectory.from_config(config)
    scripts = new_scripts(directory, folder, since)
    if not scripts:
        return []
    sql = sql_of(config, f"{scripts[0].down_revision or 'base'}:head").splitlines()
    as_one = ["BEGIN;", *(BOUNDARY.sub("", line) for line in sql[1:]), "COMMIT;"]
    found = sorted(squawk(sql) & squawk(as_one))
    by_revision = {script.revision: script for script in scripts}
    messages: list[str] = []
    if shutil.which("git"):  # which images have not
        accepted = {_name(each) for each in scripts if deleted_migrations.RULE in _ignored(each)}
        messages += deleted_migrations.messages(scripts, directory, folder, accepted)
    for finding in found:
        script = by_revision[RUNNING.findall("\n".join(sql[: finding.line + 1]))[-1]]
        rules = {each.rule for each in found if each.line == finding.line}
        is_said = bool(IMPLIED.get(finding.rule, set()) & rules)
        if not (is_said or _is_new(finding, sql) or finding.rule in _ignored(script)):
            statement = " ".join(sql[finding.line].split())
            advice = RULES[finding.rule]
            messages.append(f"{_name(script)}: {statement}\n  {finding.rule}: {advice}")
    return messages


def new_scripts(directory: ScriptDirectory, folder: Path, since: str) -> list[Script]:
    """Return the migrations that a reference does not have, in the order in which they run."""
    if not since and shutil.which("git"):  # which images have not
        described = git.tries(folder, "describe", "--tags", "--abbrev=0")
        since = described.stdout.decode().strip()
    released: set[str] = set()
    if since:
        listed = git.tries(folder, "ls-tree", "-r", "--name-only", since, "--", "migrations")
        if listed.returncode != 0:
            raise Exit(f"{since} is not in this repository: fetch it, or set --since.", 1)
        released = {Path(name).name for name in listed.stdout.decode().splitlines()}
    scripts = [script for script in directory.walk_revisions() if _name(script) not in released]
    return scripts[::-1]


def sql_of(config: Config, revisions: str) -> str:
    """Return the SQL of migrations, e.g. of `0003:head`."""
    written = config.output_buffer = StringIO()
    try:
        command.upgrade(config, revisions, sql=True)
    except Exception as error:  # a migration can raise anything
        raise Exit(
            f"A migration cannot be written as SQL: {type(error).__name__}: {error}. If it reads "
            "the database, skip that with `if op.get_context().as_sql:`.",
            1,
        ) from error
    return written.getvalue()


def squawk(lines: list[str]) -> set[Finding]:
    """Return the findings of squawk in some SQL, of the rules that are looked at."""
    own = shutil.which("squawk", path=str(Path(sys.executable).parent))
    program = own or shutil.which("squawk")
    if program is None:
        raise Exit("squawk not found: run ./bootstrap, which installs squawk-cli.", 1)
    done = subprocess.run(
        [program, "--reporter=json", "--pg-version=15"],
        input="\n".join(lines),
        capture_output=True,
        text=True,
    )
    try:
        reported = json.loads(done.stdout or "[]")
    except ValueError:
        raise Exit(f"squawk failed: {done.stdout}{done.stderr}", 1) from None
    return {
        Finding(each["line"], each["rule_name"]) for each in reported if each["rule_name"] in RULES
    }


def _is_new(finding: Finding, sql: list[str]) -> bool:
    """Return whether the line changes a table that a line before it creates."""
    changed = CHANGED.search(sql[finding.line])
    return changed is not None and changed[1] in CREATED.findall("\n".join(sql[: finding.line]))


def _ignored(script: Script) -> list[str]:
    return IGNORE.findall(Path(script.path).read_text(encoding="utf-8"))


def _name(script: Script) -> str:
    return Path(script.path).name
