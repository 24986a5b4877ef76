"""Writes what the template has of APIs: each kind's openapi.json, and the frontend's clients.

They come from services that are rendered with placeholders, which become Jinja afterwards.
"""

import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

from invoke import Context, Exit, task

from .folders import ROOT, TEMPLATE
from .packages import environment
from .render import example, render, render_anew

DOCUMENT = "openapi.json"

KINDS = ("resource", "issuer")
"""The kinds that have an API."""

CLIENTS = TEMPLATE / "parts" / "frontend" / "{{cookiecutter.package_name}}" / "clients"
"""The clients in the template of the frontend."""

CACHE = ROOT / ".cache" / "clients"
"""The services that the clients are generated from, and the frontend that they are generated in."""

PLACEHOLDERS = {
    "project_name": "Placeholder Project",
    "description": "Placeholder description",
    "email": "placeholder@placeholder.example",
    "resource_name": "placeholder_name",
    "resource_plural": "placeholder_names",
}

EXPRESSIONS = {
    '"Placeholder Project"': "{{ cookiecutter.project_name|tojson }}",
    '"Placeholder description"': "{{ cookiecutter.description|tojson }}",
    "placeholder@placeholder.example": "{{ cookiecutter.email }}",
    "placeholder_names": "{{ cookiecutter.resource_plural }}",
    "PlaceholderName": "{{ cookiecutter.__resource_class }}",
    "placeholder names": "{{ cookiecutter.resource_plural|replace('_', ' ') }}",
    "A placeholder name": (
        "{{ cookiecutter.__resource_article|capitalize }} "
        "{{ cookiecutter.resource_name|replace('_', ' ') }}"
    ),
    "a placeholder name": (
        "{{ cookiecutter.__resource_article }} {{ cookiecutter.resource_name|replace('_', ' ') }}"
    ),
    "Placeholder name": "{{ cookiecutter.resource_name|replace('_', ' ')|capitalize }}",
    "placeholder name": "{{ cookiecutter.resource_name|replace('_', ' ') }}",
    "placeholder_name": "{{ operation_name }}",
}
"""What becomes of the placeholders. A longer one comes before one that it begins with."""

EXPRESSIONS_OF_CLIENTS = {
    **EXPRESSIONS,
    '"Placeholder Project"': (
        "\"{{ cookiecutter.resource_plural|replace('_', ' ')|title }} Backend\""
    ),
    '"Placeholder description"': (
        "\"Keeps the {{ cookiecutter.resource_plural|replace('_', ' ') }}\""
    ),
}
"""The same in a client: the frontend is not asked what the service is called that it calls."""

OPERATION_NAME = """\
{%- set name = cookiecutter.__resource_class -%}
{%- set capitals = "ABCDEFGHIJKLMNOPQRSTUVWXYZ" -%}
{%- set operation_name -%}
{%- for letter in name -%}
{%- set follows_word = not loop.first and loop.previtem not in capitals -%}
{%- set begins_word = not loop.first and not loop.last and loop.nextitem in capitals|lower -%}
{{ "_" if letter in capitals and (follows_word or begins_word) }}{{ letter|lower }}
{%- endfor -%}
{%- endset -%}
"""
"""The class's name as the ids of operations have it, see flask_chassis.http.openapi_document."""

PRINT = """\
import sys
from pathlib import Path
from flask_chassis import project
from flask_chassis_tools.contract import documents
package = Path(sys.argv[1])
sys.path.insert(0, str(package.parent))
project.use(package.name, package)
print(documents.text_of_code(), end="")
"""

GENERATE = """\
import sys
from pathlib import Path
from flask_chassis import project
from flask_chassis_tools.contract import client
from invoke import Context
package = Path(sys.argv[1])
project.use(package.name, package)
client.generate(Context(), name=sys.argv[2], from_=sys.argv[3])
"""


@task(name="api-documents")
def api_documents(context: Context) -> None:
    """Write each kind's openapi.json and the frontend's clients, after a change of an API."""
    python = environment("{}.{}".format(*sys.version_info), Path(sys.executable)) / "bin" / "python"
    texts = {template_of(kind): written(kind, python) for kind in KINDS}
    for file, text in texts.items():
        file.write_text(text, "utf-8")
    # What is called is rendered with the documents above.
    generated = as_templates(clients(documents(PLACEHOLDERS), python))
    shutil.rmtree(CLIENTS, ignore_errors=True)
    for name, text in generated.items():
        (CLIENTS / name).parent.mkdir(parents=True, exist_ok=True)
        (CLIENTS / name).write_text(text, "utf-8")
    print("Written. Look at `git diff`.")


def template_of(kind: str) -> Path:
    """Return the template of a kind's document."""
    return TEMPLATE / "parts" / kind / DOCUMENT


def written(kind: str, python: Path) -> str:
    """Return what the template of a kind's document has to be."""
    with tempfile.TemporaryDirectory() as folder:
        text = of_code(render(Path(folder), PLACEHOLDERS | {"kind": kind}), python)
    return as_template(text)


def of_code(service: Path, python: Path) -> str:
    """Return the document of a rendered service's code. `python` has chassis and tools."""
    [app] = service.glob("*/app.py")
    words: list[str | Path] = [python, "-c", PRINT, app.parent]
    done = subprocess.run(words, cwd=service, capture_output=True, text=True)
    if done.returncode:
        raise Exit(f"{service.name} gives no document: {done.stderr}{done.stdout}", 1)
    return done.stdout


def documents(answers: Mapping[str, str]) -> dict[str, Path]:
    """Return the documents of what a frontend with these answers calls, by the clients' names."""
    plural = answers.get("resource_plural", "thoughts")
    called = {**example("thoughts-backend"), **answers, "kind": "resource"}
    return {
        plural: render_anew(CACHE, called) / DOCUMENT,
        "users": render_anew(CACHE, example("users-backend")) / DOCUMENT,
    }


def clients(documents: Mapping[str, Path], python: Path) -> dict[str, str]:
    """Return the files of the frontend's clients, as its task client.generate writes them.

    `python` has chassis and tools. The frontend stays in the cache, because its environment with
    the generator takes long to make.
    """
    frontend = render_anew(CACHE, example("frontend"))
    [app] = frontend.glob("*/app.py")
    folder = app.parent / "clients"
    shutil.rmtree(folder, ignore_errors=True)
    for name, document in documents.items():
        words: list[str | Path] = [python, "-c", GENERATE, app.parent, name, document]
        done = subprocess.run(words, cwd=frontend, capture_output=True, text=True)
        if done.returncode:
            raise Exit(f"No client {name} is generated: {done.stderr}{done.stdout}", 1)
    found = files_in(folder)
    for text in found.values():
        refuse_jinja(text)
    return found


def as_templates(clients: Mapping[str, str]) -> dict[str, str]:
    """Return the files of clients as the template has them, by their paths in it."""
    return {
        name.replace(
            PLACEHOLDERS["resource_plural"], "{{cookiecutter.resource_plural}}"
        ): as_template(text, EXPRESSIONS_OF_CLIENTS)
        for name, text in clients.items()
    }


def files_in(folder: Path) -> dict[str, str]:
    """Return the texts of all files below a folder by their paths."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_text("utf-8") for path in files}


def refuse_jinja(text: str) -> None:
    """Raise Exit if Jinja would read a part of a text, which Cookiecutter renders."""
    if found := re.search(r"\{\{|\{%|\{#", text):
        raise Exit(f"A document has {found[0]!r}, which Jinja reads: write the text otherwise.", 1)


def as_template(text: str, expressions: Mapping[str, str] = EXPRESSIONS) -> str:
    """Replace the placeholders by the expressions of Cookiecutter."""
    refuse_jinja(text)
    for placeholder, expression in expressions.items():
        text = text.replace(placeholder, expression)
    if found := re.search("placeholder", text, re.IGNORECASE):
        start = max(found.start() - 30, 0)
        raise Exit(f"A placeholder is left: {text[start : found.end() + 30]!r}.", 1)
    needs_name = "operation_name" in text
    return (OPERATION_NAME if needs_name else "") + text
