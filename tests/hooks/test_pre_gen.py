"""The hook that runs first refuses what cannot be rendered, and tells all of it at once."""

import ast
import json
import re
import shlex
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
import yaml
from cookiecutter.exceptions import FailedHookException, OutputDirExistsException
from cookiecutter.generate import generate_context
from cookiecutter.prompt import prompt_for_config

from tasks import reserved_names
from tasks.render import render as render_service

ROOT = Path(__file__).parents[2]
QUESTIONS = json.loads((ROOT / "cookiecutter.json").read_text(encoding="utf-8"))

# Answers that must pass, beside those that the validators' docstrings name.
GOOD = {
    "project_name": ["3D Printer", "null", "🚀", "x" * 200],
    "project_slug": ["a" * 40, "a--b"],
    "package_name": ["a" * 40, "thoughts", "app", "a1_b2", "acme_thoughts"],
    "description": ["x" * 250, "''' or \"\"\"", "👨‍👩‍👧‍👦 no\u00a0break"],
    "organisation": ["ab", "a" * 20, "a-b"],
    "domain": ["a.b", "acme.co.uk", "xn--mnchen-3ya.example", "1.a"],
    "team": ["<b>Team</b> & 'Söhne'"],
    "email": ["Team@Acme.example", "team@localhost", "a_b%c@d.e"],
    "resource_name": [
        "post",
        "comment",
        "item",
        "product",
        "category",
        "message",
        "token",
        "a" * 30,
    ],
    "resource_plural": ["data", "orders", "users", "categories", "a" * 32],
    "database_name": ["a" * 63, "user", "postgres_1"],
    "port": ["1024", "5432", "65535"],
    "internal_index": ["https://packages.acme.example/simple/", "https://a"],
    "public_index": [
        "https://a.b/artifactory/api/pypi/pypi-remote/simple",
        "https://a.b:65535/%7Ec",
    ],
    "image_registry": ["localhost:5000", "a.b:65535/c", "registry", "a.b/c_d/e-f/g.h"],
    "docs_url": ["https://docs.acme.example", "http://localhost:8090/a/b", "https://a.b:65535/c_d"],
}

# Answers that must not, each with a part of the advice.
BAD = {
    "project_name": {
        "": "1 to 200 characters; this has 0",
        "   ": "1 to 200",
        "x" * 201: "this has 201",
        "two\nlines": "U+000A",
        "a\ttab": "U+0009",
        "a\0nul": "U+0000",
        "a\x7fdelete": "U+007F",
        "a\x85next line": "U+0085",
        "a\u2028line": "U+2028",
        "a\u202ebackwards": "U+202E",
        "trailing ": "without the space",
        "\ud800": "U+D800",
        "@format x": "settings take @",
    },
    "project_slug": {
        "Thoughts": "lower-case",
        "my thoughts": "lower-case",
        "2thoughts": "first a letter",
        "-thoughts": "first a letter",
        "thoughts-": "no hyphen last",
        "a" * 41: "up to 40",
        "a_b": "hyphens",
        "a.b": "hyphens",
        "thöughts": "lower-case",
        "a\n": "lower-case",
        "flask-restx": "flask-restx-api",
        "psycopg2-binary": "installs a package",
    },
    "package_name": {
        "": "lower-case",
        "Thoughts": "lower-case",
        "2a": "first a letter",
        "_a": "first a letter",
        "a-b": "underscores",
        "a.b": "underscores",
        "a" * 41: "at most 40",
        "ñ": "lower-case",
        "class": "Python reserves",
        "match": "Python reserves",
        "type": "Python reserves",
        "json": "standard library",
        "test": "standard library",
        "this": "standard library",
        "flask": "flask_service",
        "flask_restx": "installs a package",
        "jwt": "installs a package",
        "uwsgi": "installs a package",
        "yaml": "installs a package",
        "pythonjsonlogger": "installs a package",
        "tests": "folder",
        "migrations": "folder",
        "infra": "folder",
        "tasks": "folder",
        "vendor": "folder",
        "flask_chassis": "installs a package",
        "flask_chassis_tools": "installs a package",
        "pip": "installs a package",
        "build": "folder",
        "acme": "organisation",
    },
    "description": {
        "": "1 to 250",
        "x" * 251: "this has 251",
        "a\nb": "U+000A",
        "@none": "settings",
    },
    "organisation": {
        "": "2 to 20",
        "a": "2 to 20",
        "a" * 21: "2 to 20",
        "Acme": "lower-case",
        "acme inc": "hyphens",
        "acme-": "no hyphen last",
        "1a": "first a letter",
        "a_b": "hyphens",
    },
    "domain": {
        "": "acme.example",
        "acme": "one dot",
        "Acme.example": "lower case",
        "acme..example": "DNS name",
        "acme.example.": "DNS name",
        "-a.b": "DNS name",
        "a-.b": "DNS name",
        "127.0.0.1": "DNS name",
        "https://a.b": "DNS name",
        "a b.c": "DNS name",
        "a.b/c": "DNS name",
        "a" * 64 + ".b": "DNS name",
    },
    "team": {"": "1 to 250", "a\nb": "U+000A"},
    "email": {
        "": "team@acme.example",
        "team": "team@acme.example",
        "@acme.example": "e-mail",
        "team@": "e-mail",
        "a@b@c": "e-mail",
        "a b@c.d": "e-mail",
        "a@b .c": "e-mail",
        '"a"@b.c': "e-mail",
        "Team <a@b.c>": "e-mail",
        "a@b.c\n": "e-mail",
    },
    "resource_name": {
        "": "at most 30",
        "Thought": "lower-case",
        "2a": "first a letter",
        "a-b": "underscores",
        "a b": "underscores",
        "a__b": "single underscores",
        "a_": "single underscores",
        "_a": "first a letter",
        "a" * 31: "at most 30",
        "class": "Python uses",
        "match": "Python uses",
        "none": "Python uses",
        "true": "Python uses",
        "list": "Python uses",
        "exception": "Python uses",
        "value_error": "Python uses",
        "user": "user_item",
        "order": "SQL reserves",
        "group": "SQL reserves",
        "table": "SQL reserves",
        "select": "SQL reserves",
        "end": "SQL reserves",
        "insert": "SQL reserves",
        "base": "service's code",
        "text": "service's code",
        "date_time": "service's code",
        "big_integer": "service's code",
        "error": "service's code",
    },
    "resource_plural": {
        "": "at most 32",
        "thought": "different names",
        "Thoughts": "lower-case",
        "a" * 33: "at most 32",
        "values": "SQL reserves",
        "conftest": "module or route",
        "infra": "module or route",
        "domain": "module or route",
        "tasks": "module or route",
        "tests": "module or route",
        "wsgi": "module or route",
        "models": "module or route",
        "migrations": "module or route",
        "health": "module or route",
        "metrics": "module or route",
        "admin": "module or route",
        "me": "module or route",
    },
    "database_name": {
        "": "at most 63",
        "Thoughts": "lower-case",
        "a-b": "underscores",
        "1a": "first a letter",
        "a" * 64: "at most 63",
        "postgres": "my_postgres",
        "template0": "PostgreSQL",
        "template1": "PostgreSQL",
        "pg_thoughts": "PostgreSQL",
    },
    "port": {
        "": "whole number",
        "80": "1024 to 65535",
        "1023": "1024 to 65535",
        "65536": "1024 to 65535",
        "99999999999999999999": "1024 to 65535",
        "+8080": "whole number",
        "-8080": "whole number",
        " 8080": "whole number",
        "8080\n": "whole number",
        "08080": "whole number",
        "8_080": "whole number",
        "8080.0": "whole number",
        "0x1f90": "whole number",
        "http": "whole number",
        "８０８０": "whole number",  # noqa: RUF001 - digits, but not ours
    },
    "internal_index": {
        "packages.acme.example": "https://",
        "http://packages.acme.example/simple/": "https://",
        "HTTPS://packages.acme.example": "https://",
        "https://": "https://",
        "https:///simple/": "https://",
        "https://a.b:0/": "https://",
        "https://a.b:65536/": "https://",
        "https://a.b/?page=1": "https://",
        "https://a.b/#top": "https://",
        "https://a.b/c d": "https://",
        'https://a.b/"': "https://",
        "https://a.b/'": "https://",
        "https://a.b/\n": "https://",
        "https://reader@a.b/": "environment",
        "https://reader:secret@a.b/": "environment",
    },
    "public_index": {
        "ftp://a.b/": "https://",
        "https://reader:secret@a.b/": "environment",
    },
    "image_registry": {
        "": "host[:port][/path]",
        "https://registry.acme.example": "without https://",
        "Registry.acme.example": "lower case",
        "registry.acme.example/": "host[:port][/path]",
        "registry.acme.example//a": "host[:port][/path]",
        "registry:0": "host[:port][/path]",
        "registry:65536": "host[:port][/path]",
        "registry:http": "host[:port][/path]",
        "a b": "host[:port][/path]",
        "user@registry": "host[:port][/path]",
    },
    "docs_url": {
        "": "https://docs.acme.example",
        "docs.acme.example": "such as https://",
        "ftp://docs.acme.example": "such as https://",
        "https://docs.acme.example/": "without a slash",
        "https://docs.acme.example/a//b": "such as https://",
        "https://docs.acme.example/?a": "such as https://",
        "https://docs.acme.example/a#b": "such as https://",
        "https://reader:secret@a.b/c": "such as https://",
        "https://a.b:65536": "such as https://",
        "https://a.b/) [x](https://c.d": "such as https://",
    },
}

Refusal = Callable[..., list[str]]


@pytest.fixture(scope="module")
def answers() -> dict[str, str]:
    """Give the answers of someone who takes every default."""
    answers = prompt_for_config(generate_context(str(ROOT / "cookiecutter.json")), no_input=True)
    return {question: str(answer) for question, answer in answers.items()}


def test_every_question_that_takes_text_has_a_validator(pre_gen: ModuleType) -> None:
    """A new question cannot go in without a decision on what it takes."""
    texts = [q for q, default in QUESTIONS.items() if q[0] != "_" and isinstance(default, str)]
    assert [validator.__name__ for validator in pre_gen.VALIDATORS] == texts
    assert set(GOOD) == set(BAD) == set(texts)


def test_docstrings_of_validators_tell_the_truth(
    pre_gen: ModuleType, answers: dict[str, str]
) -> None:
    """What a docstring accepts passes, and what it refuses does not."""
    for validator in pre_gen.VALIDATORS:
        accepted, refused = validator.__doc__.split("Refuse")
        for example in re.findall("`(.+?)`", accepted):
            assert validator({**answers, validator.__name__: example}) is None, example
        for example in re.findall("`(.+?)`", refused):
            assert validator({**answers, validator.__name__: example}), example


@pytest.mark.parametrize(
    ("question", "answer"), [(question, answer) for question in GOOD for answer in GOOD[question]]
)
def test_good_answers_pass(
    pre_gen: ModuleType, answers: dict[str, str], question: str, answer: str
) -> None:
    """Nothing that could be rendered is refused."""
    assert pre_gen.find_faults({**answers, question: answer}) == []


def test_a_kind_without_a_database_takes_any_name_of_one(
    pre_gen: ModuleType, answers: dict[str, str]
) -> None:
    """It comes from the name of the package, and is not used."""
    odd = {**answers, "database_name": "public"}
    assert pre_gen.find_faults(odd) != []
    assert pre_gen.find_faults({**odd, "kind": "frontend"}) == []


@pytest.mark.parametrize(
    ("question", "answer", "advice"),
    [(question, *case) for question in BAD for case in BAD[question].items()],
)
def test_bad_answers_are_refused(
    refusal: Refusal, pre_gen: ModuleType, question: str, answer: str, advice: str
) -> None:
    """One line names the question, what was given and what would do; nothing is written."""
    (line,) = (line for line in refusal(**{question: answer}) if line.startswith(f"{question}: "))
    given, _, told = line.partition(" will not do. ")
    assert line.isprintable()
    assert given == f"{question}: {pre_gen.shown(question, answer)}"
    assert advice in told


def test_all_faults_are_told_at_once(refusal: Refusal) -> None:
    """One run is enough to learn everything there is to mend."""
    given = {question: next(iter(answers)) for question, answers in BAD.items()}
    assert [line.partition(":")[0] for line in refusal(**given)] == list(given)


def test_a_bad_answer_spoils_no_default(refusal: Refusal) -> None:
    """Defaults that follow from a bad answer are good, so that only what was given is refused."""
    lines = refusal(project_slug="My Thoughts", organisation="Acme Inc", team="\u2028")
    assert [line.partition(":")[0] for line in lines] == ["project_slug", "organisation", "team"]


def test_the_two_indexes_must_differ(refusal: Refusal) -> None:
    """One index cannot be the internal and the public one, with or without a last slash."""
    (line,) = refusal(internal_index="https://a.b/simple/", public_index="https://a.b/simple")
    assert line.startswith("public_index: 'https://a.b/simple' will not do. ")
    assert "internal_index" in line


@pytest.mark.parametrize(
    ("address", "told"),
    [
        ("https://reader:s3cret@a.b/simple/", "'https://***@a.b/simple/'"),
        ("https://reader:s3c/r@t@a.b/simple/", "'https://***@a.b/simple/'"),
        ("reader:s3cret@a.b", "'***@a.b'"),
        ("https://a.b/simple/?token=s3cret", "'https://a.b/simple/?***'"),
    ],
)
def test_no_password_is_printed(refusal: Refusal, address: str, told: str) -> None:
    """The refusal of an address may land in a log, so what is secret in it is left out."""
    (line,) = refusal(internal_index=address)
    assert line.startswith(f"internal_index: {told} will not do. ")


def test_a_long_answer_is_shortened(refusal: Refusal) -> None:
    """A line stays one that can be read."""
    (line,) = refusal(description="x" * 5000)
    assert "has 5000" in line
    assert len(line) < 160


@pytest.mark.parametrize("code", ["'''); import os; os._exit(0) #", '"""); exit(0) #', "\\", '\\"'])
def test_an_answer_cannot_become_code(refusal: Refusal, code: str) -> None:
    """Whatever the answers hold, they are read as data, and the fault beside them is found."""
    (line,) = refusal(project_name=code, description=code, team=code, port="80")
    assert line.startswith("port: '80' ")


def test_a_folder_that_was_there_keeps_its_files(
    render: Callable[..., Path], output: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    """Rendering over a service with a bad answer touches nothing in it."""
    kept = output / "thoughts" / "mine.txt"
    kept.parent.mkdir()
    kept.write_text("mine")
    with pytest.raises(FailedHookException):
        render(overwrite=True, project_slug="thoughts", port="80")
    said = capfd.readouterr().err
    assert "port: '80' will not do." in said
    assert "Nothing was rendered. If Cookiecutter prints a traceback below" in said
    assert list(kept.parent.iterdir()) == [kept]
    assert kept.read_text() == "mine"


def test_an_empty_slug_stops_before_the_hooks(render: Callable[..., Path], output: Path) -> None:
    """It names the output folder itself, which Cookiecutter does not render into."""
    with pytest.raises(OutputDirExistsException):
        render(project_slug="")
    assert list(output.iterdir()) == []


def test_the_command_prints_the_lines_first_and_fails(
    command: Callable[..., subprocess.CompletedProcess[str]], template: Path, output: Path
) -> None:
    """A person at a terminal sees what to mend, and a pipeline sees the status."""
    done = command("cookiecutter", str(template), "--no-input", "port=80", "team=")
    assert done.returncode == 1
    assert [line.partition(" ")[0] for line in done.stderr.splitlines()[:2]] == ["team:", "port:"]
    assert list(output.iterdir()) == []


def test_a_command_renders_again_with_the_same_answers(
    command: Callable[..., subprocess.CompletedProcess[str]], template: Path, output: Path
) -> None:
    """Only what is wrong has to be typed again: it is at the end."""
    given = ("project_name=It's {x}", "description={{ '{{' }} {% raw %}{{ y }}{% endraw %}")
    words = ("cookiecutter", str(template), "--no-input", f"--output-dir={output}")
    done = command(*words, *given, "port=80", "internal_index=https://u:secret@a.b/")
    [line] = [each for each in done.stderr.splitlines() if each.startswith("cookiecutter ")]
    again = shlex.split(line)
    assert again[-2:] == ["internal_index=", "port=80"]
    assert "secret" not in line
    corrected = command(*again[:-1], "port=8090")
    assert corrected.returncode == 0, corrected.stderr
    [service] = output.iterdir()
    texts = tomllib.loads((service / "texts.toml").read_text("utf-8"))
    assert (texts["project_name"], texts["description"]) == ("It's {x}", "{{ {{ y }}")


def test_an_old_python_is_named(pre_gen: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """A Python that the template does not run on gets one line and no traceback."""
    monkeypatch.setattr(sys, "version_info", (3, 10, 13))
    monkeypatch.setattr(sys, "version", "3.10.13 (main)")
    with pytest.raises(SystemExit, match=r"needs Python 3\.11 or newer; this is 3\.10\.13\."):
        pre_gen.main()


@pytest.mark.parametrize(("version", "is_refused"), [("2.3.1", True), ("2.4.0", False)])
def test_an_old_cookiecutter_is_named(
    pre_gen: ModuleType,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    version: str,
    is_refused: bool,
) -> None:
    """It would render, but record no release; an even older one ends with a traceback."""
    metadata = tmp_path / f"cookiecutter-{version}.dist-info" / "METADATA"
    metadata.parent.mkdir()
    metadata.write_text(f"Metadata-Version: 2.1\nName: cookiecutter\nVersion: {version}\n")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(pre_gen, "find_faults", lambda answers: [])
    monkeypatch.setattr(pre_gen, "read_answers", dict)
    if not is_refused:
        pre_gen.main()
        return
    with pytest.raises(SystemExit, match=r"needs Cookiecutter 2\.4 or newer; this is 2\.3\.1\."):
        pre_gen.main()


def test_an_old_python_can_read_the_hook() -> None:
    """The hook keeps to old syntax, for otherwise that line could not be printed."""
    ast.parse((ROOT / "hooks/pre_gen_project.py").read_text("utf-8"), feature_version=(3, 9))


def test_every_installed_package_is_refused_as_a_name(pre_gen: ModuleType) -> None:
    """The names in the hook are those that the locks of the services give: ./invoke lock."""
    hook = reserved_names.HOOK.read_text("utf-8")
    locks = reserved_names.locks()
    assert len(locks) == len(QUESTIONS["kind"])
    names = reserved_names.names(locks)
    assert reserved_names.with_names(hook, names) == hook
    assert set(names) == pre_gen.LOCKED <= pre_gen.DEPENDENCIES
    assert {"flask_chassis", "flask_chassis_tools", "flask", "jwt", "zope"} <= pre_gen.LOCKED


@pytest.mark.parametrize("changed", ["more", "fewer"])
def test_names_that_are_not_those_of_the_locks_are_seen(changed: str) -> None:
    hook = reserved_names.HOOK.read_text("utf-8")
    planted = '[[package]]\nname = "Planted.Package-x"\n'
    locks = [*reserved_names.locks(), planted] if changed == "more" else reserved_names.locks()[:1]
    names = reserved_names.names(locks)
    assert ("planted_package_x" in names) is (changed == "more")
    assert reserved_names.with_names(hook, names) != hook


def test_a_hook_without_its_marks_is_refused() -> None:
    with pytest.raises(ValueError, match="has lost the marks"):
        reserved_names.with_names("LOCKED = ()\n", ["flask"])


# The names that are reserved are those that a rendered service uses. `zq` is in no name of ours.

SENTINEL = {"resource_name": "zq", "resource_plural": "zqs", "project_name": "Service"}


@pytest.fixture(scope="module")
def rendered(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A service of each kind, with names of its own that can be told from all others."""
    folder = tmp_path_factory.mktemp("reserved")
    return {
        kind: render_service(folder / kind, SENTINEL | {"kind": kind}) for kind in QUESTIONS["kind"]
    }


def test_every_folder_of_a_service_is_refused_as_a_package(
    pre_gen: ModuleType, rendered: dict[str, Path]
) -> None:
    folders = {
        path.name for service in rendered.values() for path in service.iterdir() if path.is_dir()
    }
    used = {name for name in folders if name[0] != "."} - {"service"}
    assert {"vendor", "tests", "infra"} <= used
    assert used - pre_gen.FOLDERS == set()


def test_every_module_beside_the_resource_is_refused_as_its_name(
    pre_gen: ModuleType, rendered: dict[str, Path]
) -> None:
    service = rendered["resource"]
    used = {
        path.stem
        for folder in (service / "service", service / "tests")
        for path in folder.iterdir()
        if path.stem.isidentifier()
    }
    pyproject = tomllib.loads((service / "pyproject.toml").read_text("utf-8"))
    packed = pyproject["tool"]["poetry"]["packages"]
    used |= {Path(each["include"]).parts[0] for each in packed if "to" in each}
    used -= {"__init__", "__pycache__", "zqs", "settings.yaml"}
    assert {"domain", "wsgi", "migrations", "infra"} <= used
    missing = {
        name
        for name in used
        if pre_gen.resource_plural(SENTINEL | {"resource_plural": name}) is None
    }
    # No route and no table is called test_something, or what begins like it.
    assert {name for name in missing if not name.startswith("test_")} == set()


def test_every_page_and_service_beside_the_resources_is_refused_in_a_frontend(
    pre_gen: ModuleType, rendered: dict[str, Path]
) -> None:
    service = rendered["frontend"]
    settings = yaml.safe_load((service / "settings.yaml").read_text("utf-8"))
    ingress = (service / "infra/kubernetes/base/ingress.yaml").read_text("utf-8")
    used = {*settings["default"]["upstream"], *re.findall(r"path: /(\w+)", ingress)} - {"zqs"}
    assert {"login", "users"} <= used
    for name in used:
        answers = SENTINEL | {"resource_plural": name, "kind": "frontend"}
        assert pre_gen.resource_plural(answers), name
    others = SENTINEL | {"resource_plural": "users", "kind": "resource"}
    assert pre_gen.resource_plural(others) is None


def identifiers(path: Path) -> set[str]:
    """Return the names that a file of Python binds or uses."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Name):
            found.add(node.id)
        elif isinstance(node, ast.alias):
            found.add((node.asname or node.name).split(".")[0])
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.arg):
            found.add(node.arg)
    return found


def test_every_name_beside_the_resources_class_is_refused(
    pre_gen: ModuleType, rendered: dict[str, Path]
) -> None:
    """A class Text would take the place of the Text that the model imports."""
    beside = {}
    for path in rendered["resource"].rglob("*.py"):
        names = identifiers(path)
        assert "zq" not in names, f"{path} has a variable of the resource's name: look at it too"
        if "Zq" in names:
            for name in (each for each in names if "Zq" not in each):
                word = re.sub("(?<=[a-z])(?=[A-Z])", "_", name).lower()
                # Such a name gives such a class: a constant or a function has another form.
                if "".join(part.capitalize() for part in word.split("_")) == name:
                    beside[name] = word
    assert {"BigInteger", "Base", "Text"} <= beside.keys()
    refused = {word for word in beside.values() if pre_gen.resource_name({"resource_name": word})}
    assert set(beside.values()) - refused == set()


@pytest.mark.parametrize("name", ["error", "invalid"])
def test_a_resource_is_not_called_what_the_api_calls_its_errors(
    pre_gen: ModuleType, name: str
) -> None:
    """The OpenAPI document has one schema of a name."""
    schemas = ROOT / "chassis" / "src" / "flask_chassis" / "http" / "openapi_routes.py"
    assert f"class {name.capitalize()}(" in schemas.read_text("utf-8")
    assert pre_gen.resource_name({"resource_name": name})


@pytest.mark.parametrize("organisation", ["flask", "pypi", "types"])
def test_with_an_index_of_its_own_an_organisation_is_no_prefix_of_public_packages(
    refusal: Callable[..., list[str]], organisation: str
) -> None:
    index = "https://packages.acme.example/simple"
    [line] = refusal(organisation=organisation, domain="acme.example", internal_index=index)
    assert line.startswith(f"organisation: '{organisation}' will not do. Names of public packages")
    assert line.endswith(f"such as {organisation}-inc.")
