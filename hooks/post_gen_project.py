"""Finish a rendered service: put its parts into place, drop the rest, and write what follows.

What follows from the other files is the hash in poetry.lock, and who owns which file.

This runs twice in every update, in temporary folders, and the results are compared: it depends on
the answers and the rendered files alone, and asks neither git nor the network for anything. Only
for the record of the first render, which no update makes, are the files of the clone read.
"""

import hashlib
import importlib
import json
import re
import shutil
import sys
import tomllib
from pathlib import Path
from types import ModuleType
from typing import Any

# What the kinds differ by stands below parts/, in folders that are laid out as the service is. A
# kind consists of these, on top of what all have; no two of a kind have a file in common.
# `backend` is a database, and an API that takes tokens.
PARTS_OF_KINDS = {
    "resource": ("backend", "resource"),
    "issuer": ("backend", "issuer"),
    "frontend": ("frontend",),
}
PARTS = "parts"

# The folders and files that belong to one answer of a question and go when another is given.
# Everything else belongs to every service.
PATHS_OF_ANSWERS = {
    ("ci_system", "teamcity"): (".teamcity",),
    ("ci_system", "github"): (".github",),
    ("ci_system", "gitlab"): (".gitlab", ".gitlab-ci.yml"),
}

CHECKSUMS = ".template-files.sha256"
CODEOWNERS = "CODEOWNERS"
RECORD = ".cruft.json"
WHEELS = "vendor"
DOCUMENT = "openapi.json"

# What is there when a service is rendered over: it is not part of the render.
NOT_RENDERED = (CHECKSUMS, RECORD, ".git/", ".venv/")


def read_answers() -> dict[str, Any]:
    """Take the answers as JSON, in which three quotes never follow each other."""
    answers: dict[str, Any] = json.loads(r"""{{ cookiecutter|jsonify }}""")
    return answers


# Cruft records the answers once this file has been rendered, and renders what it recorded at each
# update. So that a brace in an answer stays one, it is recorded as the expression for a brace:
# {% for question in cookiecutter|list if question[0] != "_" and cookiecutter[question] is string %}
# {% set _ = cookiecutter.update({question: cookiecutter[question]|replace("{", "{{ '{' }}")}) %}
# {% endfor %}


def read_recorded_answers() -> dict[str, Any]:
    """Take the answers once more, as they are recorded and in the questions' order."""
    names: list[str] = json.loads(r"""{{ cookiecutter.keys()|list|tojson }}""")
    answers: dict[str, Any] = json.loads(r"""{{ cookiecutter|jsonify }}""")
    return {name: answers[name] for name in names}


def assemble(folder: Path, kind: str) -> None:
    """Move the files of a kind's parts to where they belong, and remove what no part of it is."""
    if kind not in PARTS_OF_KINDS:
        sys.exit(f"hooks/post_gen_project.py does not know the kind {kind}.")
    placed: set[str] = set()
    for part in PARTS_OF_KINDS[kind]:
        move_in(folder, folder / PARTS / part, placed)
    shutil.rmtree(folder / PARTS)


def move_in(folder: Path, part: Path, placed: set[str]) -> None:
    """Move the files of a part; one that another part has placed would be lost, and is a fault.

    What is there otherwise may be an earlier render, which this one is made over.
    """
    if not part.is_dir():
        sys.exit(f"hooks/post_gen_project.py names {PARTS}/{part.name}, which was not rendered.")
    for source in sorted(path for path in part.rglob("*") if not path.is_dir()):
        name = source.relative_to(part).as_posix()
        if name in placed:
            sys.exit(f"{name} of {PARTS}/{part.name} is another part's as well.")
        placed.add(name)
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        source.replace(folder / name)


def prune(folder: Path, answers: dict[str, Any]) -> None:
    """Remove what belongs to answers that were not given; what is not there is a fault."""
    for (question, answer), names in PATHS_OF_ANSWERS.items():
        for path in (folder / name for name in names):
            if not path.exists():
                sys.exit(f"hooks/post_gen_project.py names {path.name}, which was not rendered.")
            if answers[question] != answer:
                shutil.rmtree(path) if path.is_dir() else path.unlink()


def stamp_lock(folder: Path) -> None:
    """Write the hash into the lock, because it covers the index addresses, which are answers."""
    lock = folder / "poetry.lock"
    if not lock.is_file():
        sys.exit("poetry.lock was not rendered, so its content-hash cannot be written.")
    pyproject = (folder / "pyproject.toml").read_text(encoding="utf-8")
    line = f'content-hash = "{module_of(folder, "content_hash").of(pyproject)}"'.encode()
    text, count = re.subn(
        rb'^content-hash = "[^"\n]*"', line, lock.read_bytes(), flags=re.MULTILINE
    )
    if count != 1:
        sys.exit(f"poetry.lock has {count} lines that begin with content-hash; it must have one.")
    lock.write_bytes(text)


def write_documents(folder: Path, answers: dict[str, Any]) -> None:
    """Write what the tasks api.document and client.generate sort, as answers are names in it."""
    package = folder / str(answers["package_name"])
    for file in (folder / DOCUMENT, *package.glob(f"clients/*/{DOCUMENT}")):
        if file.is_file():  # a frontend has no API
            document = json.loads(file.read_text(encoding="utf-8"))
            text = json.dumps(document, indent=2, sort_keys=True, ensure_ascii=False)
            file.write_text(f"{text}\n", encoding="utf-8")
    models = package / "clients" / str(answers["resource_plural"]) / "models.py"
    if models.is_file():
        # They are independent of each other, and stand in the order of their names.
        head, *classes = models.read_text(encoding="utf-8").rstrip("\n").split("\n\n\nclass ")
        text = "\n\n\nclass ".join([head, *sorted(classes)])
        models.write_text(f"{text}\n", encoding="utf-8")


def module_of(folder: Path, name: str) -> ModuleType:
    """Load a module of the updates from the wheel of the tools, whose rules this hook goes by."""
    module = f"flask_chassis_tools.updates.{name}"
    if module in sys.modules:
        return sys.modules[module]
    wheels = sorted((folder / WHEELS).glob("flask_chassis_tools-*.whl"))
    if len(wheels) != 1:
        sys.exit(f"{WHEELS}/ must have one wheel of flask-chassis-tools; it has {len(wheels)}.")
    sys.path.insert(0, str(wheels[0]))
    return importlib.import_module(module)


def drop_old_wheels(folder: Path) -> None:
    """Remove the wheels of an earlier render that this one is made over."""
    pyproject = (folder / "pyproject.toml").read_text(encoding="utf-8")
    named = re.findall(rf'"{WHEELS}/([^"]+\.whl)"', pyproject)
    for wheel in (folder / WHEELS).glob("flask_chassis*.whl"):
        if named and wheel.name not in named:
            wheel.unlink()


def drop_wheels(folder: Path, index: str) -> None:
    """Remove the wheels of the chassis if an index has them, once this hook has read its rules."""
    if index:
        for name in ("checksums", "origin", "ownership"):
            module_of(folder, name)
        shutil.rmtree(folder / WHEELS)


def owners(folder: Path) -> dict[str, str]:
    """Return whose each file is: template, seeded or shared."""
    ownership = module_of(folder, "ownership")
    lists = ownership.read((folder / ownership.FILE).read_bytes())
    names = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    rendered = (name for name in names if not name.startswith(NOT_RENDERED))
    found = {name: ownership.owner(lists, name) for name in sorted(rendered)}
    if nobodys := [name for name, owner in found.items() if owner is None]:
        sys.exit(f"{ownership.FILE} does not say whose these are: {', '.join(nobodys)}.")
    return found


def write_skip(folder: Path) -> None:
    """Have `cruft update`, too, leave alone what belongs to the service."""
    lists = tomllib.loads((folder / "template-ownership.toml").read_text(encoding="utf-8"))
    lines = "".join(f'    "{name}",\n' for name in lists["seeded"])
    file = folder / "pyproject.toml"
    text = file.read_text(encoding="utf-8")
    if text.count("\nskip = []\n") != 1:
        sys.exit("pyproject.toml must have one line `skip = []`, for what cruft leaves alone.")
    file.write_text(text.replace("\nskip = []\n", f"\nskip = [\n{lines}]\n"), encoding="utf-8")


def write_codeowners(folder: Path, classes: dict[str, str], team: str, template: str) -> None:
    """Say who reviews a change of what: the last line that means a file decides."""
    lines = [
        "# Who reviews a change of what; from template-ownership.toml.",
        f"* {team}",
        *(f"/{name} {template}" for name in whole_folders(classes)),
        *(f"/{name} {team} {template}" for name, owner in classes.items() if owner == "shared"),
    ]
    (folder / CODEOWNERS).write_text("\n".join([*lines, ""]), encoding="utf-8")


def whole_folders(classes: dict[str, str]) -> list[str]:
    """Return the template's files, and instead of them the folders that have no others."""
    mixed = {""}
    for name, owner in classes.items():
        if owner != "template":
            mixed |= {"/".join(name.split("/")[:depth]) for depth in range(1, name.count("/") + 1)}
    found = []
    for name, owner in classes.items():
        folders = ["/".join(name.split("/")[:depth]) for depth in range(1, name.count("/") + 1)]
        outermost = next((f"{folder}/" for folder in folders if folder not in mixed), name)
        if owner == "template" and outermost not in found:
            found.append(outermost)
    return found


def write_checksums(folder: Path, classes: dict[str, str]) -> None:
    """List what the template's files are, so that later edits can be recognised."""
    names = [name for name, owner in classes.items() if owner == "template"]
    lines = [
        f"{hashlib.sha256((folder / name).read_bytes()).hexdigest()}  {name}\n" for name in names
    ]
    checksums = module_of(folder, "checksums")
    executable = (name for name in names if checksums.is_executable(folder / name))
    text = "".join(lines) + checksums.comments(executable)
    (folder / CHECKSUMS).write_text(text, encoding="utf-8")


def write_record(folder: Path, answers: dict[str, Any]) -> None:
    """Remember the template as cruft does, if this renders from a clone or an archive of it."""
    origin = module_of(folder, "origin")
    if complaint := origin.complaint(answers):
        print(
            f"The template's address, as cruft records it, {complaint}. Before you commit "
            f'{RECORD}, write the public address there, under "template" and "_template".'
        )
    if not (origin.is_clone(answers) or origin.is_archive(answers)):
        return
    if text := origin.recorded(answers):
        (folder / RECORD).write_text(text, encoding="utf-8")
    else:
        print(
            f"No {RECORD} was written, as the template's public address is not known here. For "
            f"updates: {answers['organisation']}-tasks template.adopt --template=https://..."
        )


def print_next_steps(folder: Path, answers: dict[str, Any]) -> None:
    """Say how to go on, if somebody renders from an address: not in updates, nor in tests."""
    if module_of(folder, "origin").is_clone(answers):
        print(
            f"""
Rendered {folder.name}. Next:

    cd {folder.name}
    git init && git add --all && git commit --message="Render the service"
    ./bootstrap
    . .venv/bin/activate
    {answers["organisation"]}-tasks --list

README.md says how to run it, under "Run it", and what to change."""
        )


def main() -> None:
    """Work in the current folder, which is the rendered service."""
    answers, folder = read_answers(), Path.cwd()
    assemble(folder, answers["kind"])
    prune(folder, answers)
    drop_old_wheels(folder)
    write_skip(folder)
    stamp_lock(folder)
    write_documents(folder, answers)
    drop_wheels(folder, answers["internal_index"])
    (folder / CODEOWNERS).touch()  # it has an owner, too
    classes = owners(folder)
    write_codeowners(folder, classes, answers["email"], answers["__template_owner"])
    write_checksums(folder, classes)
    write_record(folder, read_recorded_answers())
    print_next_steps(folder, answers)


if __name__ == "__main__":
    main()
