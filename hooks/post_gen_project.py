"""Finish a rendered service: drop what its answers leave out, and stamp its lock file.

This runs twice in every update, in temporary folders, and the results are compared: it depends on
the answers and the rendered files alone, and asks neither git nor the network for anything.
"""

import hashlib
import json
import re
import shutil
import sys
import tomllib
from pathlib import Path
from typing import Any

# The folders that belong to one answer of a question and go when another is given. Everything else
# belongs to every service.
FOLDERS_OF_ANSWERS = {
    ("ci_system", "teamcity"): (".teamcity",),
    ("ci_system", "github"): (".github",),
}

# The parts of [project] and [tool.poetry] that Poetry's hash of the dependencies covers.
HASHED_PROJECT_KEYS = ("requires-python", "dependencies", "optional-dependencies")
HASHED_POETRY_KEYS = ("dependencies", "source", "extras", "dev-dependencies", "group")


def read_answers() -> dict[str, Any]:
    """Take the answers as JSON, in which three quotes never follow each other."""
    answers: dict[str, Any] = json.loads(r"""{{ cookiecutter|jsonify }}""")
    return answers


# Cruft records the answers once this file has been rendered, and renders what it recorded at each
# update. So that a brace in a text stays one, it is recorded as the expression for a brace:
# {% for text in ("project_name", "description", "team") %}
# {% set _ = cookiecutter.update({text: cookiecutter[text]|replace("{", "{{ '{' }}")}) %}
# {% endfor %}


def prune(folder: Path, answers: dict[str, Any]) -> None:
    """Remove the folders of answers that were not given; one that is not there is a fault."""
    for (question, answer), names in FOLDERS_OF_ANSWERS.items():
        for name in names:
            if not (folder / name).is_dir():
                sys.exit(f"hooks/post_gen_project.py names {name}, which was not rendered.")
            if answers[question] != answer:
                shutil.rmtree(folder / name)


def content_hash(pyproject: dict[str, Any]) -> str:
    """Hash what Poetry hashes (Locker._get_content_hash of Poetry 2.5) to see if a lock is current.

    Poetry's rules for files without a [project] table are left out, as a service always has one.
    """
    project = pyproject["project"]
    poetry = pyproject.get("tool", {}).get("poetry", {})
    content = {
        "project": {key: project[key] for key in HASHED_PROJECT_KEYS if key in project},
        "tool": {"poetry": {key: poetry[key] for key in HASHED_POETRY_KEYS if key in poetry}},
    }
    if pyproject.get("dependency-groups"):
        content["dependency-groups"] = pyproject["dependency-groups"]
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def stamp_lock(folder: Path) -> None:
    """Write the hash into the lock, because it covers the index addresses, which are answers."""
    lock = folder / "poetry.lock"
    if not lock.is_file():
        sys.exit("poetry.lock was not rendered, so its content-hash cannot be written.")
    pyproject = tomllib.loads((folder / "pyproject.toml").read_text(encoding="utf-8"))
    line = f'content-hash = "{content_hash(pyproject)}"'.encode()
    text, count = re.subn(
        rb'^content-hash = "[^"\n]*"', line, lock.read_bytes(), flags=re.MULTILINE
    )
    if count != 1:
        sys.exit(f"poetry.lock has {count} lines that begin with content-hash; it must have one.")
    lock.write_bytes(text)


def main() -> None:
    """Work in the current folder, which is the rendered service."""
    prune(Path.cwd(), read_answers())
    stamp_lock(Path.cwd())


if __name__ == "__main__":
    main()
